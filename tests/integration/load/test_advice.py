"""tsmon advise on a real server with real traffic."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.commands import Shell
from tsmon.doctor.machine import usable_cores

pytestmark = pytest.mark.integration

RATE = 30


@pytest.fixture
def served(shell: Shell, archive: Path) -> Iterator[None]:
    """The digit model with one worker."""
    yield from _registered(shell, archive)


@pytest.fixture
def batched(shell: Shell, archive: Path) -> Iterator[None]:
    """The same, registered as `tsmon demo` does it."""
    yield from _registered(shell, archive, "--batch-size", "8", "--max-batch-delay", "0")


def _registered(shell: Shell, archive: Path, *options: str) -> Iterator[None]:
    registered = shell.tsmon("register", archive.name, "--workers", "1", *options)
    assert registered.code == 0, registered.stderr
    yield
    shell.tsmon("unregister", "mnist", "--yes")


@pytest.mark.usefixtures("served")
def test_the_advice_rests_on_what_the_server_did(shell: Shell) -> None:
    with ThreadPoolExecutor() as aside:
        sending = aside.submit(
            shell.tsmon, "load", "mnist", "--rate", f"{RATE}", "--poisson", "--duration", "10"
        )
        ended = shell.tsmon("advise", "mnist", "--seconds", "6", "--up-to", "4", "--json")
        assert sending.result().code == 0, sending.result().stderr

    advice = ended.json
    seen = advice["seen"]
    assert ended.code == (0 if advice["workers"] else 1), ended.stderr
    assert (seen["workers"], seen["cores"]) == (1, usable_cores())
    assert seen["cores_per_worker"] == 1  # the torch thread that `tsmon serve` gives a worker
    assert seen["service_from"] == "logs"
    assert seen["service"]["service_ms"] > 0
    assert seen["service"]["memory_bytes"] > 0
    assert seen["queue_ms"] > 0
    assert 0 < seen["rate"] < 2 * RATE
    assert [row["workers"] for row in advice["predictions"]][:4] == [1, 2, 3, 4]
    assert advice["predictions"][0]["basis"] == "measured"


@pytest.mark.usefixtures("batched")
def test_batches_without_a_delay_are_of_two_and_have_their_time(shell: Shell) -> None:
    with ThreadPoolExecutor() as aside:
        sending = aside.submit(
            shell.tsmon, "load", "mnist", "--concurrency", "8", "--duration", "8"
        )
        ended = shell.tsmon("advise", "mnist", "--seconds", "3", "--rate", "20", "--json")
        assert sending.result().code == 0, sending.result().stderr

    service = ended.json["seen"]["service"]
    assert (service["largest_batch"], ended.code) == (2, 0), ended.stderr
    assert 0 <= service["more_ms"] <= service["service_ms"]
    assert ended.json["predictions"][0]["queue_ms"] > 0


def test_without_traffic_it_says_so(shell: Shell, archive: Path) -> None:
    # The counters of a name go on when it is registered again, so this one has to be new.
    shell.tsmon("register", archive.name, "--name", "unasked", "--workers", "1")
    ended = shell.tsmon("advise", "unasked", "--seconds", "2", "--json")
    shell.tsmon("unregister", "unasked", "--yes")

    assert ended.code == 1
    assert "no traffic" in {doubt["kind"] for doubt in ended.json["unknown"]}
    assert ended.json["workers"] is None
