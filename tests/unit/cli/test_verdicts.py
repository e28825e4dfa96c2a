"""What models and describe find out about the workers, with logs and without."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon

EXCERPTS = Path(__file__).parents[1] / "telemetry" / "logs" / "excerpts"


@pytest.fixture
def logs(tmp_path: Path) -> str:
    """The logs of a server whose model `absent` has no handler in its archive."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for name in ("ts_log", "model_log"):
        shutil.copy(EXCERPTS / f"crash_loop.{name}", folder / f"{name}.log")
    return str(folder)


@pytest.fixture
def dying(server: FakeTorchServe) -> FakeTorchServe:
    """A server with that model down, and one that is well."""
    server.load("absent")
    server.load("mnist")
    server.crash("absent")
    return server


def test_models_show_the_verdict_and_of_a_model_that_is_down_the_cause(
    tsmon: Tsmon, dying: FakeTorchServe, logs: str
) -> None:
    absent, mnist = tsmon("models", "--json", "--logs", logs).json

    assert absent["verdict"] == "retrying"
    assert absent["evidence"].startswith("died ")
    assert absent["inferred"] is False
    assert absent["cause"]["kind"] == "handler not usable"
    assert absent["cause"]["worker"] == "9000"
    assert "There is no " in absent["cause"]["hint"]
    assert any("Traceback" in line for line in absent["cause"]["detail"])
    assert (mnist["verdict"], mnist["evidence"], mnist["cause"]) == ("ready", "1 of 1 ready", None)
    assert "retrying" in tsmon("models", "--logs", logs).stdout


def test_describe_has_it_beside_the_servers_own_answer_with_each_worker(
    tsmon: Tsmon, dying: FakeTorchServe, logs: str
) -> None:
    (answer,) = tsmon("describe", "absent", "--json", "--logs", logs).json

    assert answer["modelName"] == "absent"
    assert answer["tsmon"]["verdict"] == "retrying"
    assert answer["tsmon"]["cause"]["kind"] == "handler not usable"
    assert [(w["id"], w["verdict"]) for w in answer["tsmon"]["workers"]] == [("9000", "retrying")]


def test_describe_says_what_is_wrong_why_and_what_to_do(
    tsmon: Tsmon, dying: FakeTorchServe, logs: str
) -> None:
    lines = tsmon("describe", "absent", "--logs", logs).stdout.splitlines()

    (state,) = [line for line in lines if line.startswith("state ")]
    assert "retrying: died " in state
    assert any(line.startswith("handler not usable: ModuleNotFoundError") for line in lines)
    assert any("→ There is no " in line for line in lines)


def test_without_logs_the_verdict_says_that_it_is_inferred(
    tsmon: Tsmon, dying: FakeTorchServe, tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()

    absent, _ = tsmon("models", "--json", "--logs", str(nothing)).json

    assert (absent["verdict"], absent["inferred"], absent["cause"]) == ("starting", True, None)


def test_a_model_that_is_dead_for_long_is_given_up_to_anyone_who_looks_late(
    tsmon: Tsmon, dying: FakeTorchServe, tmp_path: Path
) -> None:
    nothing = str(tmp_path)
    dying.ping = "Unhealthy"

    absent, mnist = tsmon("models", "--json", "--logs", nothing).json
    (answer,) = tsmon("describe", "absent", "--json", "--logs", nothing).json

    assert (absent["verdict"], absent["inferred"]) == ("given up", True)
    assert "/ping says Unhealthy" in absent["evidence"]
    assert answer["tsmon"]["verdict"] == "given up"
    assert mnist["verdict"] == "ready"


def test_ready_of_an_old_server_is_told_with_what_it_means(
    tsmon: Tsmon, server: FakeTorchServe, tmp_path: Path
) -> None:
    server.load("mnist")
    server.software = "0.5.3"
    early = "before TorchServe 0.6 READY shows a running process, not a loaded model"

    (mnist,) = tsmon("models", "--json", "--logs", str(tmp_path)).json
    scaled = tsmon("scale", "mnist", "2")

    assert (mnist["verdict"], mnist["inferred"]) == ("ready", True)
    assert early in mnist["evidence"]
    assert early in scaled.stdout + scaled.stderr
