"""advise: the table, the reasons, and what it says where it does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon
from tsmon.cli.commands import advise as command
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.snapshot import Snapshot

SHORT = ("--seconds", "1")


@pytest.fixture
def traffic(server: FakeTorchServe, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred requests of 10 ms, 2 of them in the queue, before each tick."""
    server.load("mnist")

    class Busy(Monitor):
        async def tick(self) -> Snapshot:
            server.serve("mnist", n=100, inference_ms=12.0, queue_ms=2.0)
            return await super().tick()

    monkeypatch.setattr(command, "Monitor", Busy)


@pytest.mark.usefixtures("traffic")
def test_the_advice_as_a_table_with_reasons_and_commands(tsmon: Tsmon) -> None:
    ended = tsmon("advise", "mnist", "--rate", "90", "--queue-ms", "5", *SHORT)

    assert ended.code == 0
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("mnist 1.0: 1 ready now, ")
    assert "10.0 ms service time (counters), 2.0 ms queue time" in lines[0]
    assert lines[1].startswith("2 workers for 90 requests/s (extrapolated)")
    marked = [line.split() for line in lines if line.startswith(("→", "now"))]
    assert [row[:3] for row in marked] == [["now", "1", "90%"], ["→", "2", "45%"]]
    assert "  tsmon scale mnist 2 --model-version 1.0" in lines
    assert "  tsmon experiment mnist --workers 2 --rate 90 --model-version 1.0" in lines
    assert "assumed exponential" in ended.stdout
    assert "the server's CPU cores are not known" in ended.stdout


@pytest.mark.usefixtures("traffic")
def test_the_advice_as_json(tsmon: Tsmon) -> None:
    advice = tsmon("advise", "mnist", "--rate", "90", "--p95-ms", "60", "--json", *SHORT).json

    assert (advice["workers"], advice["confidence"]) == (2, "extrapolated")
    assert advice["target"] == {"queue_ms": None, "p95_ms": 60.0}
    assert advice["seen"]["service"]["service_ms"] == pytest.approx(10.0)
    assert advice["seen"]["service_from"] == "counters"
    assert advice["predictions"][0]["queue_ms"] == pytest.approx(90.0)
    assert {"variability", "cores"} <= {doubt["kind"] for doubt in advice["unknown"]}


@pytest.mark.usefixtures("traffic")
def test_a_measured_curve_is_read_from_a_file(tsmon: Tsmon, tmp_path: Path) -> None:
    path = tmp_path / "curve.json"
    path.write_text(json.dumps([{"workers": n, "service_ms": 20.0, "scv": 0.5} for n in (1, 2)]))

    advice = tsmon("advise", "mnist", "--rate", "60", "--curve", str(path), "--json", *SHORT).json

    assert (advice["workers"], advice["confidence"]) == (2, "measured")
    missing = tsmon("advise", "mnist", "--curve", str(tmp_path / "no.json"), *SHORT)
    assert missing.code == 2
    assert "cannot read" in missing.stderr


def test_without_traffic_it_does_not_know_and_says_what_to_do(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.load("mnist")

    ended = tsmon("advise", "mnist", *SHORT)

    assert ended.code == 1
    assert "no worker count can be recommended" in ended.stdout
    assert "no traffic was seen" in ended.stdout
    assert "tsmon load" in ended.stdout
    assert ended.stdout.count("no traffic was seen") == 1


def test_requests_of_before_count_and_none_is_waited_for_long(
    tsmon: Tsmon, server: FakeTorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "QUIET_S", 0.5)
    server.load("mnist")
    server.serve("mnist", n=260, inference_ms=12.0, queue_ms=2.0)

    seen = tsmon("advise", "mnist", "--seconds", "300")
    asked = tsmon("advise", "mnist", "--seconds", "300", "--rate", "90", "--json").json

    assert "though the 260 requests since the server's start were answered" in seen.stdout
    assert "as no request was answered" not in seen.stdout
    assert asked["workers"] == 2
    assert asked["seen"]["service"]["service_ms"] == pytest.approx(10.0)
    assert "earlier requests" in {doubt["kind"] for doubt in asked["unknown"]}


@pytest.fixture
def gone(server: FakeTorchServe, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that dies while its traffic is watched."""
    server.load("mnist")

    class Dying(Monitor):
        async def tick(self) -> Snapshot:
            snapshot = await super().tick()
            server.kill()
            return snapshot

    monkeypatch.setattr(command, "Monitor", Dying)
    yield


@pytest.mark.usefixtures("gone")
def test_a_server_that_goes_away_meanwhile_ends_it(tsmon: Tsmon) -> None:
    ended = tsmon("advise", "mnist", *SHORT)

    assert (ended.code, ended.stdout) == (3, "")
    assert "connection refused" in ended.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--queue-ms", "1", "--p95-ms", "2"), "one target at a time"),
        (("--queue-ms", "0"), "a target of 0 ms is out of range"),
        (("--rate", "-1"), "-1.0 is not above 0"),
        (("--seconds", "900"), "900.0 is not between"),
    ],
)
def test_values_that_make_no_question_are_wrong_usage(
    tsmon: Tsmon, options: tuple[str, ...], words: str
) -> None:
    ended = tsmon("advise", "mnist", *options)

    assert ended.code == 2
    assert words in ended.stderr


def test_a_model_that_is_not_there_is_an_error(tsmon: Tsmon) -> None:
    ended = tsmon("advise", "nothing", *SHORT)

    assert ended.code == 1
    assert "Model not found: nothing" in ended.stderr
