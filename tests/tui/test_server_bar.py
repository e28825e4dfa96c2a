from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from msgspec.structs import replace

from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.request_report import LastReading, RequestReport
from tsmon.telemetry.scrape import MetricsMode
from tsmon.telemetry.snapshot import (
    Gone,
    MetricsStatus,
    ModelStatus,
    ServerState,
    ServerStatus,
    Snapshot,
)
from tsmon.telemetry.traffic import Traffic, Usage
from tsmon.torchserve.errors import NothingListens, Unreachable
from tsmon.torchserve.records import ModelVersion
from tsmon.tui.state.session import Tag
from tsmon.tui.text.overall import Overall, format_overall
from tsmon.tui.widgets.banner import banner_words
from tsmon.tui.widgets.server_bar import BarFacts, Looking, compose_bar, slower

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOMENT = Instant(1000.0, NOW)


def snapshot(state: ServerState = ServerState.UP, *, answered: float | None = 0.2) -> Snapshot:
    last = None if answered is None else Instant(MOMENT.monotonic - answered, NOW)
    server = ServerStatus("127.0.0.1:8081", state, version="0.12.0", last_answer=last)
    return Snapshot(MOMENT, server, MetricsStatus(MetricsMode.PROMETHEUS))


def bar(shown: Snapshot, facts: BarFacts, width: int = 120) -> str:
    return compose_bar(shown, facts, width, MOMENT, format_overall(shown)).plain


def test_the_bar_of_a_healthy_server() -> None:
    facts = BarFacts(1.0, NOW + timedelta(minutes=54), read_only=True, note="stops when you quit")
    text = bar(snapshot(), facts)
    assert text.startswith(
        " ● up  127.0.0.1:8081  token 54 min  TorchServe 0.12.0  every 1 s  stops when you quit"
    )
    assert text.rstrip().endswith("READ-ONLY")
    assert len(text) == 120


@pytest.mark.parametrize("width", [40, 60, 80, 100, 220])
def test_the_bar_fits_and_keeps_what_matters(width: int) -> None:
    text = bar(snapshot(), BarFacts(1.0, read_only=True, looking=Looking(NOW, 34)), width)
    assert "● up" in text
    assert "127.0.0.1:8081" in text
    time = f"{NOW.astimezone():%H:%M:%S}"
    assert text.rstrip().endswith(f"PAUSED {time} −34 s READ-ONLY")
    assert len(text) <= max(width, 60)


def test_an_old_sample_is_called_stale() -> None:
    assert "stale 12 s" in bar(snapshot(ServerState.AWAY, answered=12), BarFacts(1.0))
    assert "◐ stale" in bar(snapshot(ServerState.STALE, answered=20), BarFacts(1.0))
    assert "for 20 s" in bar(snapshot(ServerState.STALE, answered=20), BarFacts(1.0))
    assert "no sample yet" in bar(snapshot(ServerState.AWAY, answered=None), BarFacts(1.0))


def test_an_expired_token_is_told() -> None:
    assert "token expired" in bar(snapshot(), BarFacts(1.0, NOW - timedelta(seconds=1)))


@pytest.mark.parametrize("state", ServerState)
def test_every_state_has_a_glyph_and_its_word(state: ServerState) -> None:
    assert str(state) in bar(snapshot(state), BarFacts(1.0))


def test_the_banner_offers_a_start_only_where_it_can() -> None:
    away = snapshot(ServerState.AWAY)
    problem = NothingListens("no TorchServe is answering", "start one")
    status = ServerStatus("x", ServerState.AWAY, problem)
    away = Snapshot(away.at, status, next_poll_s=5)
    here = banner_words(away, MOMENT, can_start=True, read_only=False)
    there = banner_words(away, MOMENT, can_start=False, read_only=False)
    assert here is not None
    assert there is not None
    assert "S starts one here" in here.plain
    assert "S starts one here" not in there.plain
    assert "next attempt in 5 s" in there.plain
    assert "start one" in there.plain


def test_no_start_is_offered_where_something_answers_in_another_way() -> None:
    problem = Unreachable("its certificate is not trusted", "pass it with --ca-file")
    status = ServerStatus("x", ServerState.AWAY, problem)
    away = Snapshot(snapshot(ServerState.AWAY).at, status, next_poll_s=5)

    words = banner_words(away, MOMENT, can_start=True, read_only=False)

    assert words is not None
    assert "starts one here" not in words.plain
    assert "--ca-file" in words.plain


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_named_server_has_its_name_first_and_the_line_still_fits(width: int) -> None:
    text = bar(snapshot(), BarFacts(1.0, read_only=True, tag=Tag("prod", "red")), width)

    assert text.startswith(" prod  ● up")
    assert text.rstrip().endswith("READ-ONLY")
    assert len(text) <= max(width, 52)


def test_what_is_seen_has_an_age_only_once_that_is_news() -> None:
    assert "ago" not in bar(snapshot(answered=2), BarFacts(1.0))
    assert "12 s ago" in bar(snapshot(answered=12), BarFacts(10.0))


def model(
    name: str, health: ModelHealth = ModelHealth.READY, traffic: Usage | None = None
) -> ModelStatus:
    seen = traffic or Usage(1.0, 0, 0, 0, 0)
    return ModelStatus(
        ModelVersion(name, "1.0"),
        True,
        Traffic(seen, seen, seen, seen),
        (),
        ModelVerdict(health, "seen"),
    )


def overall(*models: ModelStatus) -> str:
    return "  ".join(text for text, _ in format_overall(replace(snapshot(), models=models)))


WAITS = Usage(1.0, 5, 5, 1_000_000, 800_000)
WORKS = Usage(1.0, 20, 20, 160_000, 1_000)


def test_the_bar_counts_the_models_while_all_are_well() -> None:
    assert overall(model("a"), model("b", traffic=WORKS)) == "2 models ready  20.0/s"
    assert overall(model("a"), model("b", ModelHealth.NO_WORKERS)) == "1 of 2 models ready"


def test_the_bar_names_the_model_that_is_worst_off() -> None:
    retrying, stuck = model("b", ModelHealth.RETRYING), model("c", ModelHealth.STUCK)
    assert overall(model("a"), retrying, stuck) == "✗ c 1.0 stuck + 1 retrying"


def test_a_new_failure_is_named_before_an_older_one_that_is_worse() -> None:
    overall = Overall()
    stuck, fails = model("c", ModelHealth.STUCK), model("b", ModelHealth.FAILING)

    def named(seconds: float, *models: ModelStatus) -> str:
        at = Instant(MOMENT.monotonic + seconds, MOMENT.wall)
        words = overall.words(replace(snapshot(), at=at, models=models))
        return words[0][0]

    assert named(0, stuck, model("b")) == "✗ c 1.0 stuck"
    assert named(1, stuck, fails) == "! b 1.0 <1% fail + 1 stuck"
    assert named(20, stuck, fails) == "! b 1.0 <1% fail + 1 stuck"
    assert named(40, stuck, fails) == "✗ c 1.0 stuck + 1 failing"
    assert named(41, stuck, fails, model("d", ModelHealth.FAILING)).endswith("+ 1 stuck, 1 failing")


def test_failed_requests_are_those_of_the_minute_so_that_they_do_not_come_and_go() -> None:
    def failing(last: LastReading) -> ModelStatus:
        report = RequestReport({}, {}, {}, last=last, minute_statuses={200: 50, 404: 3, 503: 9})
        return replace(model("a"), requests=report)

    some, none = LastReading(1.0, 4, 2), LastReading(1.0, 0, 0)
    assert overall(failing(some)) == overall(failing(none))
    assert "! a 1.0 12 failed in 1 min" in overall(failing(none))


def test_the_bar_says_the_period_that_is_reached() -> None:
    assert "every 1 s" in bar(snapshot(), BarFacts(1.0), 120)
    slow = bar(snapshot(), BarFacts(1.0, reached_s=3.1), 120)
    assert "every 3.1 s, asked 1 s" in slow


@pytest.mark.parametrize(
    ("steps", "period", "reached"),
    [
        ([1.0] * 5, 1.0, None),
        ([3.0, 3.2, 3.1, 3.1, 3.1], 1.0, 3.1),
        ([1.0, 9.0, 1.0, 1.0, 1.0], 1.0, None),
        ([3.1] * 4, 1.0, None),
        ([0.3] * 5, 0.2, None),
    ],
)
def test_a_period_is_not_reached_only_where_most_ticks_come_late(
    steps: list[float], period: float, reached: float | None
) -> None:
    found = slower(list(accumulate(steps, initial=0.0)), period)
    assert found == (reached and pytest.approx(reached))


def test_the_bar_names_the_model_whose_requests_wait_and_how_long() -> None:
    assert overall(model("a", traffic=WORKS), model("b", traffic=WAITS)) == (
        "◇ b 1.0 queueing 160 ms  25.0/s"
    )


def test_the_bar_tells_of_models_that_a_restart_lost() -> None:
    assert overall(replace(model("a"), gone=Gone.FORGOTTEN)) == "✗ 1 model gone"


def test_a_long_name_gives_way_to_what_the_server_may_not() -> None:
    ill = replace(snapshot(), models=(model("a" * 60, ModelHealth.RETRYING),))
    text = bar(ill, BarFacts(1.0, read_only=True), 60)
    assert "✗ aaaa" in text
    assert "…" in text
    assert text.rstrip().endswith("READ-ONLY")
    assert len(text) == 60


def test_a_recording_that_is_broken_is_said_at_any_width() -> None:
    broken = replace(snapshot(), not_recorded="database or disk is full")
    for width in (80, 120):
        assert "NOT RECORDED: database or disk is full" in bar(broken, BarFacts(1.0), width)
    assert "RECORDED" not in bar(snapshot(), BarFacts(1.0))
