"""What a run's server says of the same requests, beside what the client saw."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tsmon.digits.images import DigitImage
from tsmon.load.readings import Cost
from tsmon.load.refusals import Cause, Failure
from tsmon.load.run.increment import Increment
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.report import RunReport, Tally
from tsmon.load.run.server_side import ServerSide
from tsmon.telemetry.logs.duration_stats import DurationStats
from tsmon.telemetry.traffic import Usage

PLAN = RunPlan(model="mnist", payloads=(DigitImage(Path("7.png"), "7"),))
REFUSED = Cause(Failure.UNREACHABLE, None, "connection refused")
FULL = Cause(Failure.QUEUE_FULL, 503, "no room")
LOGGED = DurationStats.of([7.0, 9.0])


def report(answered: int, causes: dict[Cause, int] | None = None) -> RunReport:
    """A run whose answers took 12 ms each."""
    tally, failed = Tally(PLAN), Counter(causes or {})
    sent = answered + failed.total()
    times = [12_000] * answered
    tally.add(Increment(at_s=2.0, times_us=times, failed=failed, sent=sent, planned=sent))
    return tally.report()


def side(counted: int, of: RunReport) -> ServerSide:
    """A server that counted so many, of 10 ms each, 2 of them in the queue."""
    usage = Usage(1.0, counted, counted, counted * 10_000.0, counted * 2_000.0)
    return ServerSide.of(Cost(usage, "", LOGGED), of)


def test_what_the_server_does_not_know_of_a_response_is_outside() -> None:
    run = report(100)
    server = side(100, run)
    assert (server.queue_ms, server.service_ms, server.mean_ms) == (2.0, 8.0, 10.0)
    assert server.outside_ms(run) == pytest.approx(2.0)
    assert server.difference(run) == ""


def test_means_of_the_counters_are_none_where_requests_failed() -> None:
    run = report(60, {FULL: 40})
    server = side(100, run)
    assert (server.queue_ms, server.mean_ms, server.outside_ms(run)) == (None, None, None)
    assert server.service_ms == 8.0  # of the log


def test_requests_of_others_are_named_and_no_time_is_outside() -> None:
    run = report(100)
    server = side(130, run)
    words = "the server counted 30 more than were sent: those of other clients"
    assert server.difference(run) == words
    assert server.outside_ms(run) is None


@pytest.mark.parametrize(
    ("counted", "causes", "words"),
    [
        (100, {REFUSED: 4}, "4 of 104 sent were not counted by the server: connection refused"),
        (
            98,
            {REFUSED: 4},
            "6 of 104 sent were not counted by the server: 4 of them connection refused, "
            "the others for an unknown reason",
        ),
        (
            99,
            {FULL: 4},
            "5 of 104 sent were not counted by the server, for an unknown reason",
        ),
    ],
)
def test_what_was_not_counted_is_explained_as_far_as_it_is_known(
    counted: int, causes: dict[Cause, int], words: str
) -> None:
    run = report(100, causes)
    assert side(counted, run).difference(run) == words


def test_without_counters_it_says_why() -> None:
    run = report(3)
    server = ServerSide.of(Cost(None, "metrics cannot be read"), run)
    assert (server.counted, server.difference(run)) == (None, "")
    assert server.missing == "metrics cannot be read"
