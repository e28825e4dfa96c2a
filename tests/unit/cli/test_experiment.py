"""experiment: what it prints, keeps, asks and leaves behind."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from tests.fake import FakeTorchServe
from tests.fake.loopback import Loopback, beside
from tests.unit.cli.conftest import Finished, Tsmon
from tsmon.load.experiment import restoring
from tsmon.load.experiment.kept import load_results
from tsmon.torchserve import rollout

Run = Callable[..., Finished]
WORKERS = 3


@pytest.fixture
def loopback(tmp_path: Path) -> Iterator[Loopback]:
    """The server of these tests, on sockets that a process of its own can reach."""
    with beside(key_file=tmp_path / "key_file.json") as listening:
        yield listening


@pytest.fixture
def server(loopback: Loopback) -> FakeTorchServe:
    loopback.fake.load("mnist", workers=WORKERS)
    return loopback.fake


@pytest.fixture
def experiment(
    tsmon: Tsmon, server: FakeTorchServe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Runs `tsmon experiment` on that server with a folder of two images."""
    monkeypatch.setattr(rollout, "ROLLOUT_POLL_S", 0.01)
    monkeypatch.setattr(restoring, "ERRORS_S", 0.1)
    folder = tmp_path / "digits"
    folder.mkdir()
    for name in ("a.7.png", "b.3.png"):
        (folder / name).write_bytes(b"image")

    def call(*options: str, model: str = "mnist") -> Finished:
        urls = ["--inference-url", server.addresses.inference]
        urls += ["--management-url", server.addresses.management]
        urls += ["--metrics-url", server.addresses.metrics]
        return tsmon("experiment", model, str(folder), *options, *urls)

    return call


def test_the_default_is_the_walkthrough_beside_its_figures(
    experiment: Run, server: FakeTorchServe
) -> None:
    ended = experiment("--warm-up", "0")

    assert ended.code == 0, ended.stderr
    lines = [line.split() for line in ended.stdout.splitlines()]
    assert lines[1][:4] == ["WORKERS", "REQUESTS", "INFER_MS", "QUEUE_MS"]
    assert [line[:4] for line in lines[2:5]] == [
        ["1", "80", "5.00", "0.50"],
        ["2", "80", "5.00", "0.50"],
        ["4", "80", "5.00", "0.50"],
    ]
    assert lines[2][-3:] == ["93.57", "+", "9.70"]
    assert lines[4][-3:] == ["88.31", "+", "0.87"]
    assert "█" in ended.stdout
    assert "goes from 3 workers to 1, 2, 4 and back" in ended.stderr
    assert "1 of 3: 1 worker: 80 answered, 5.00 ms inference" in ended.stderr
    assert "mnist 1.0 is back to 3 workers" in ended.stderr
    assert len(server.version("mnist").workers) == WORKERS


def test_a_finished_experiment_is_kept(
    experiment: Run, server: FakeTorchServe, tmp_path: Path
) -> None:
    ended = experiment("--workers", "2", "--batches", "4", "--json", "--seed", "5")

    (kept,) = load_results(server.addresses.label, "mnist", home=tmp_path / "home")
    assert kept.measurements[0].answered == 4
    assert kept.seed == ended.json["seed"] == 5
    assert ended.json["measurements"][0]["workers"] == 2
    assert ended.json["complete"]
    assert f"saved in {tmp_path / 'home' / 'experiments'}" in ended.stderr


def test_csv_and_markdown(experiment: Run) -> None:
    few = ("--workers", "1,2", "--batches", "3", "--warm-up", "0")

    table = list(csv.DictReader(experiment(*few, "--csv").stdout.splitlines()))
    assert [(row["workers"], row["inference_ms"]) for row in table] == [("1", "5.0"), ("2", "5.0")]
    assert "| 2 | 3 | 5.00 | 0.50 |" in experiment(*few, "--markdown").stdout


def test_the_chart_is_drawn_into_a_file(experiment: Run, tmp_path: Path) -> None:
    file = tmp_path / "chart.svg"

    ended = experiment("--workers", "1", "--batches", "3", "--chart", str(file))

    assert ended.code == 0
    assert "inference" in "".join(ElementTree.parse(file).getroot().itertext())


def test_a_run_by_rate(experiment: Run) -> None:
    ended = experiment("--workers", "1", "--rate", "50", "--duration", "0.2", "--json")

    assert ended.json["load"]["rate"] == 50
    assert ended.json["measurements"][0]["answered"] > 0


def test_registering_anew_is_said_beforehand_and_undone(
    experiment: Run, server: FakeTorchServe
) -> None:
    ended = experiment("--workers", "1", "--batches", "3", "--batch-sizes", "1,8", "--yes")

    assert ended.code == 0, ended.stderr
    assert "unregistered and registered again from mnist-1.0.mar each time" in ended.stderr
    assert "BATCH_SIZE" in ended.stdout
    assert len(server.version("mnist").workers) == WORKERS
    assert server.version("mnist").describe(at_startup=False)["batchSize"] == 1


def test_ctrl_c_restores_and_shows_what_was_measured(
    experiment: Run, server: FakeTorchServe
) -> None:
    def interrupt(body: bytes) -> int:
        if len(server.sent("POST", "/predictions")) == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return 7

    server.version("mnist").archive.digit = interrupt
    ended = experiment("--workers", "1,2", "--batches", "3", "--warm-up", "0", "--json")

    assert ended.code == 130
    assert not ended.json["complete"]
    assert [each["workers"] for each in ended.json["measurements"]] == [1]
    assert "mnist 1.0 is back to 3 workers" in ended.stderr
    assert "stopped by Ctrl-C" in ended.stderr
    assert "kept in" not in ended.stderr
    assert len(server.version("mnist").workers) == WORKERS


def test_an_error_restores_and_ends_with_its_own_code(
    experiment: Run, server: FakeTorchServe
) -> None:
    def break_down(body: bytes) -> int:
        server.fail("/models", httpx.Response(500, json={"code": 500, "message": "no"}), times=1)
        return 7

    server.version("mnist").archive.digit = break_down
    ended = experiment("--workers", "1", "--batches", "1", "--warm-up", "0")

    assert (ended.code, ended.stdout) == (1, "")
    assert "mnist 1.0 is back to 3 workers" in ended.stderr
    assert len(server.version("mnist").workers) == WORKERS


def test_what_could_not_be_restored_is_said_with_the_command(
    experiment: Run, server: FakeTorchServe
) -> None:
    def die(body: bytes) -> int:
        server.kill()
        return 7

    server.version("mnist").archive.digit = die
    ended = experiment("--workers", "1", "--batches", "1", "--warm-up", "0")

    assert ended.code == 3
    assert "mnist 1.0 could not be restored to 3 workers" in ended.stderr
    assert "`tsmon scale mnist 3 --model-version 1.0`" in ended.stderr


def test_requests_without_an_answer_are_a_failure(experiment: Run, server: FakeTorchServe) -> None:
    def raises(body: bytes) -> int:
        raise ValueError

    server.version("mnist").archive.digit = raises
    ended = experiment("--workers", "1", "--batches", "3", "--warm-up", "0")

    assert ended.code == 1
    assert "FAILED" in ended.stdout
    assert "1 worker: 3 requests failed: Prediction failed" in ended.stdout
    assert "3 requests were not answered" in ended.stderr


def test_each_setting_is_judged_by_conditions(experiment: Run) -> None:
    conditions = ("--fail-if", "p95 > 0.001 ms", "--fail-if", "errors > 50 %")
    ended = experiment("--workers", "1,3", "--batches", "3", "--warm-up", "0", *conditions)

    assert ended.code == 1
    failed = [line for line in ended.stderr.splitlines() if "failed by" in line]
    assert [line.partition(":")[2].rpartition(":")[0] for line in failed] == [
        " failed by p95 > 0.001 ms at 1 worker",
        " failed by p95 > 0.001 ms at 3 workers",
    ]
    passed = experiment("--workers", "1", "--batches", "3", "--fail-if", "p95 > 60 s")
    assert passed.code == 0, passed.stderr


def test_a_condition_on_errors_alone_decides_on_those_of_an_experiment(
    experiment: Run, server: FakeTorchServe
) -> None:
    answers = iter([True, False, True])

    def raises_once(body: bytes) -> int:
        if not next(answers):
            raise ValueError
        return 7

    server.version("mnist").archive.digit = raises_once
    ended = experiment(
        *("--workers", "1", "--batches", "3", "--warm-up", "0", "--fail-if", "errors > 40 %")
    )
    assert ended.code == 0, ended.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--fail-if", "max > 1 ms"), "'max' is not a quantity"),
        (("--workers", "1,x"), "not a list of whole numbers"),
        (("--workers", "0"), "a worker count of 0 is out of range"),
        (("--batches", "3", "--rate", "5"), "choose --batches, or --rate and --duration"),
        (("--poisson",), "a rate needs a duration"),
        (("--chart", "chart.png"), "chart.png must end in one of .svg"),
        (("--read-only",), "an experiment changes workers"),
    ],
)
def test_what_makes_no_experiment_is_refused_before_anything_changes(
    experiment: Run, server: FakeTorchServe, options: tuple[str, ...], words: str
) -> None:
    ended = experiment(*options)

    assert ended.code in {1, 2}
    assert words in ended.stderr
    assert not server.sent("PUT")
