"""doctor."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon
from tests.unit.doctor.made import installation, remote
from tsmon.doctor.catalogue import CHECKS

Findings = dict[str, Any]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine of the tests has does not matter to them."""
    monkeypatch.setattr("tsmon.doctor.examination.look_at_machine", lambda _: remote())
    monkeypatch.setattr("tsmon.doctor.examination.look_at_installation", installation)


def by_id(stdout: str) -> Findings:
    return {finding["id"]: finding for finding in json.loads(stdout)["findings"]}


def test_a_healthy_server_ends_with_zero(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")

    ended = tsmon("doctor")

    assert ended.code == 0
    assert "✓ ok" in ended.stdout
    assert "metrics_mode is prometheus" in ended.stdout
    assert "0 errors, 0 warnings" in ended.stderr


def test_a_warning_counts_only_when_strict(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")
    server.metrics_mode = "log"

    assert tsmon("doctor").code == 0
    ended = tsmon("doctor", "--strict")

    assert ended.code == 1
    assert "→ set metrics_mode=prometheus in its config.properties" in ended.stdout


def test_an_error_ends_with_one(tsmon: Tsmon, server: FakeTorchServe) -> None:
    ended = tsmon("doctor", "--json", keys=False)

    assert ended.code == 1
    assert by_id(ended.stdout)["token-file"]["severity"] == "error"
    assert by_id(ended.stdout)["workers"]["checked"] is False


def test_a_stopped_server_ends_with_three_and_the_rest_is_checked(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.kill()

    ended = tsmon("doctor", "--json")

    assert ended.code == 3
    assert ended.json["reachable"] is False
    assert by_id(ended.stdout)["packages"]["severity"] == "ok"
    assert tsmon("doctor").stdout.count("not checked") < len(CHECKS)


def test_only_some_checks_can_be_made_without_asking_the_server(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.kill()

    ended = tsmon("doctor", "--only", "java", "--only", "packages", "--json")

    assert ended.code == 0
    assert [finding["id"] for finding in ended.json["findings"]] == ["packages", "java"]
    assert server.requests == []


def test_a_config_file_can_be_looked_at_alone(tsmon: Tsmon, tmp_path: Any) -> None:
    file = tmp_path / "config.properties"
    file.write_text("metric_mode=prometheus\n")

    ended = tsmon("doctor", "--config", str(file), "--only", "config-keys")

    assert ended.code == 0
    assert "did you mean metrics_mode?" in ended.stdout


def test_the_checks_are_listed(tsmon: Tsmon, server: FakeTorchServe) -> None:
    ended = tsmon("doctor", "--list")

    assert all(check.id in ended.stdout for check in CHECKS)
    assert server.requests == []
    assert len(tsmon("doctor", "--list", "--json").json) == len(CHECKS)


def test_an_unknown_check_is_wrong_usage(tsmon: Tsmon) -> None:
    assert tsmon("doctor", "--only", "everything").code == 2


def test_keys_are_never_shown(tsmon: Tsmon, server: FakeTorchServe) -> None:
    assert server.keys.path is not None
    keys = [entry["key"] for entry in json.loads(server.keys.path.read_text()).values()]

    shown = tsmon("doctor").stdout + tsmon("doctor", "--json").stdout

    assert not [key for key in keys if key in shown]
