"""load: the report of a run, in words, JSON and CSV, and how the command ends."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tests.fake.loopback import Loopback, beside
from tests.unit.cli.conftest import Finished, Tsmon


@pytest.fixture
def loopback(tmp_path: Path) -> Iterator[Loopback]:
    """The server of these tests, on sockets that a process of its own can reach."""
    with beside(key_file=tmp_path / "key_file.json") as listening:
        yield listening


@pytest.fixture
def server(loopback: Loopback) -> FakeTorchServe:
    loopback.fake.load("mnist")
    return loopback.fake


@pytest.fixture
def load(tsmon: Tsmon, server: FakeTorchServe, tmp_path: Path) -> Callable[..., Finished]:
    """Runs `tsmon load` on that server with a folder of a seven and a three."""
    folder = tmp_path / "digits"
    folder.mkdir()
    for name in ("a.7.png", "b.3.png"):
        (folder / name).write_bytes(b"image")

    def call(*options: str, model: str = "mnist") -> Finished:
        urls = ["--inference-url", server.addresses.inference]
        urls += ["--management-url", server.addresses.management]
        return tsmon("load", model, str(folder), *options, *urls)

    return call


def test_a_closed_loop_ends_with_a_table_of_percentiles(load: Callable[..., Finished]) -> None:
    ended = load("-n", "20", "-c", "2")

    assert ended.code == 0
    lines = [line.split() for line in ended.stdout.splitlines()]
    assert ended.stdout.startswith("mnist: closed loop, 2 in flight")
    assert ["sent", "20"] in lines
    assert ["correct", "50.0%", "wrong:", "10", "of", "label", "3"] in lines
    named = [line[0] for line in lines if line]
    assert {"p50", "p90", "p95", "p99", "p99.9", "max"} <= set(named)


def test_an_open_loop_says_what_was_planned(load: Callable[..., Finished]) -> None:
    ended = load("-n", "20", "--rate", "200")

    assert "open loop, 200/s planned, at most 100 in flight" in ended.stdout
    assert ["planned", "20"] in [line.split() for line in ended.stdout.splitlines()]


def test_the_report_as_json(load: Callable[..., Finished]) -> None:
    report = load("-n", "20", "--json").json

    assert (report["sent"], report["answered"], report["failed"]) == (20, 20, 0)
    assert report["ending"] == "count reached"
    assert report["latency"]["p50"] <= report["latency"]["p999"] <= report["latency"]["max"]
    assert (report["right"], report["wrong"]) == ({"7": 10}, {"3": 10})


def test_the_report_as_a_row_of_csv(load: Callable[..., Finished]) -> None:
    (row,) = csv.DictReader(load("-n", "20", "--csv").stdout.splitlines())

    assert (row["model"], row["answered"]) == ("mnist", "20")
    assert float(row["p50_ms"]) <= float(row["p999_ms"])


def test_failures_are_told_by_kind_with_the_remedy(
    server: FakeTorchServe, load: Callable[..., Finished]
) -> None:
    server.load("idle", workers=0)

    ended = load("-n", "5", model="idle")

    assert ended.code == 1
    assert '5 503 no worker: Model "idle" has no worker' in ended.stdout
    assert "5 of 5 requests were not answered" in ended.stderr
    assert " scale idle 1` starts one" in ended.stderr


def test_ctrl_c_ends_the_sending_and_reports_what_was_answered(
    server: FakeTorchServe, load: Callable[..., Finished]
) -> None:
    def interrupt(body: bytes) -> int:
        if len(server.requests) == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return 7

    server.load("long", digit=interrupt)
    ended = load("--duration", "60", "--json", model="long")

    assert ended.code == 130
    assert ended.json["ending"] == "stopped"
    assert ended.json["answered"] == ended.json["sent"] >= 5
    assert "stopped by Ctrl-C" in ended.stderr


def test_a_model_that_is_not_there_is_an_error_and_no_report(
    load: Callable[..., Finished],
) -> None:
    ended = load(model="unknown")

    assert (ended.code, ended.stdout) == (1, "")
    assert "Model not found: unknown" in ended.stderr


def test_without_a_server_the_command_says_so(
    loopback: Loopback, tsmon: Tsmon, tmp_path: Path
) -> None:
    ended = tsmon("load", "mnist", "--inference-url", "http://127.0.0.1:1")

    assert (ended.code, ended.stdout) == (3, "")
    assert "connection refused" in ended.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--rate", "0"), "a rate of 0 is out of range"),
        (("--duration", "-1"), "a duration of -1 is out of range"),
        (("--poisson",), "a closed loop has no arrival times"),
        (("--json", "--csv"), "choose --json or --csv"),
        (("-c", "501"), "501 is not between 1 and 500"),
    ],
)
def test_values_that_make_no_run_are_wrong_usage(
    load: Callable[..., Finished], options: tuple[str, ...], words: str
) -> None:
    ended = load(*options)

    assert ended.code == 2
    assert words in ended.stderr


def test_each_request_is_written_where_asked(load: Callable[..., Finished], tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("-n", "20", "-c", "2")

    for suffix in ("csv", "jsonl", "sqlite"):
        assert load(*options, "--out", f"{out}.{suffix}").code == 0

    rows = list(csv.DictReader(Path(f"{out}.csv").read_text().splitlines()))
    lines = [json.loads(line) for line in Path(f"{out}.jsonl").read_text().splitlines()]
    with closing(sqlite3.connect(f"{out}.sqlite")) as database:
        found = database.execute("SELECT payload, label, predicted, status FROM requests")
        kept = found.fetchall()
    assert len(rows) == len(lines) == len(kept) == 20
    assert {(row["payload"], row["label"], row["predicted"]) for row in rows} == {
        ("a.7.png", "7", "7"),
        ("b.3.png", "3", "7"),
    }
    assert {each["status"] for each in lines} == {200}
    assert all(0 < each["response_ms"] < 60_000 and each["bytes"] > 0 for each in lines)
    assert set(kept) == {("a.7.png", "7", "7", 200.0), ("b.3.png", "3", "7", 200.0)}
    assert stat.S_IMODE(Path(f"{out}.csv").stat().st_mode) == 0o600


def test_what_failed_is_written_with_its_kind(
    load: Callable[..., Finished], server: FakeTorchServe, tmp_path: Path
) -> None:
    refused = httpx.Response(500, json={"code": 500, "type": "X", "message": "broken"})
    server.fail("/predictions", refused, times=3)

    load("-n", "10", "--out", str(tmp_path / "out.jsonl"))

    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    failed = [each for each in lines if each["failure"]]
    assert len(lines) == 10
    assert {(each["status"], each["failure"]) for each in failed} == {(500, "refused")}
    assert len(failed) == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [("out", "use .csv, .jsonl, .sqlite"), ("here.csv", "--force"), ("folder.csv", "is a folder")],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_sent(
    load: Callable[..., Finished], server: FakeTorchServe, tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "here.csv").write_text("mine")
    (tmp_path / "folder.csv").mkdir()

    ended = load("--out", str(tmp_path / name))

    assert ended.code == 2
    assert words in ended.stderr
    assert not [each for each in server.requests if "predictions" in each.url.path]
    assert (tmp_path / "here.csv").read_text() == "mine"


def test_force_replaces_a_file(load: Callable[..., Finished], tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("mine")

    assert load("-n", "2", "--out", str(tmp_path / "out.csv"), "--force").code == 0

    assert len((tmp_path / "out.csv").read_text().splitlines()) == 3


def test_a_run_fails_by_its_conditions_and_says_by_which(load: Callable[..., Finished]) -> None:
    ended = load("-n", "20", "--fail-if", "p95 > 0.001ms", "--fail-if", "errors > 50%", "--json")

    assert ended.code == 1
    assert "failed by p95 > 0.001 ms: " in ended.stderr
    judgements = {each["condition"]: each for each in ended.json["judgements"]}
    assert judgements["p95 > 0.001 ms"]["failed"]
    assert judgements["p95 > 0.001 ms"]["value"] == ended.json["latency"]["p95"]
    assert judgements["errors > 50 %"] == {
        "condition": "errors > 50 %",
        "value": 0.0,
        "failed": False,
    }


def test_a_condition_on_errors_alone_decides_on_them(
    load: Callable[..., Finished], server: FakeTorchServe
) -> None:
    refused = httpx.Response(500, json={"code": 500, "type": "X", "message": "broken"})
    server.fail("/predictions", refused, times=3)
    assert load("-n", "10", "--fail-if", "errors > 40%").code == 0

    server.fail("/predictions", refused, times=3)
    ended = load("-n", "10", "--fail-if", "errors > 20%")
    assert ended.code == 1
    assert "failed by errors > 20 %: 30.0 %" in ended.stderr

    server.fail("/predictions", refused, times=3)
    assert load("-n", "10", "--fail-if", "p95 > 60 s").code == 1


def test_what_is_not_known_is_no_pass(
    load: Callable[..., Finished], server: FakeTorchServe
) -> None:
    refused = httpx.Response(500, json={"code": 500, "type": "X", "message": "broken"})
    server.fail("/predictions", refused)

    ended = load("-n", "5", "--fail-if", "errors > 100%", "--fail-if", "p95 > 1 s")

    assert ended.code == 1
    assert "p95 is not known, for p95 > 1 s" in ended.stderr


def test_a_condition_that_is_none_is_wrong_usage(load: Callable[..., Finished]) -> None:
    ended = load("--fail-if", "p77 > 1 ms")

    assert ended.code == 2
    assert "'p77' is not a quantity" in ended.stderr
