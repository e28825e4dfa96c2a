from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.scrape import MetricsMode
from tsmon.telemetry.snapshot import MetricsStatus, ServerState, ServerStatus, Snapshot
from tsmon.torchserve.errors import Unreachable
from tsmon.tui.session import Tag
from tsmon.tui.widgets.banner import explain
from tsmon.tui.widgets.server_bar import BarFacts, Looking, compose_bar

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOMENT = Instant(1000.0, NOW)


def snapshot(state: ServerState = ServerState.UP, *, answered: float | None = 0.2) -> Snapshot:
    last = None if answered is None else Instant(MOMENT.monotonic - answered, NOW)
    server = ServerStatus("127.0.0.1:8081", state, version="0.12.0", last_answer=last)
    return Snapshot(MOMENT, server, MetricsStatus(MetricsMode.PROMETHEUS))


def bar(shown: Snapshot, facts: BarFacts, width: int = 120) -> str:
    return compose_bar(shown, facts, width, MOMENT).plain


def test_the_bar_of_a_healthy_server() -> None:
    facts = BarFacts(1.0, NOW + timedelta(minutes=54), read_only=True, note="stops when you leave")
    text = bar(snapshot(), facts)
    assert text.startswith(
        " ● up  127.0.0.1:8081  0.2s ago  token 54m  metrics prometheus  TorchServe 0.12.0"
    )
    assert text.rstrip().endswith("READ-ONLY")
    assert len(text) == 120


@pytest.mark.parametrize("width", [40, 60, 80, 100, 220])
def test_the_bar_fits_and_keeps_what_matters(width: int) -> None:
    text = bar(snapshot(), BarFacts(1.0, read_only=True, looking=Looking(NOW, 34)), width)
    assert "● up" in text
    assert "127.0.0.1:8081" in text
    time = f"{NOW.astimezone():%H:%M:%S}"
    assert text.rstrip().endswith(f"PAUSED {time} −34s READ-ONLY")
    assert len(text) <= max(width, 60)


def test_an_old_sample_is_called_stale() -> None:
    assert "stale 12s" in bar(snapshot(ServerState.AWAY, answered=12), BarFacts(1.0))
    assert "stale 20s" in bar(snapshot(answered=20), BarFacts(1.0))
    assert "no sample yet" in bar(snapshot(ServerState.AWAY, answered=None), BarFacts(1.0))


def test_an_expired_token_is_told() -> None:
    assert "token expired" in bar(snapshot(), BarFacts(1.0, NOW - timedelta(seconds=1)))


@pytest.mark.parametrize("state", ServerState)
def test_every_state_has_a_glyph_and_its_word(state: ServerState) -> None:
    assert str(state) in bar(snapshot(state), BarFacts(1.0))


def test_the_banner_offers_a_start_only_where_it_can() -> None:
    away = snapshot(ServerState.AWAY)
    problem = Unreachable("no TorchServe answers", "start one")
    status = ServerStatus("x", ServerState.AWAY, problem)
    away = Snapshot(away.at, status, next_poll_s=5)
    here = explain(away, MOMENT, can_start=True, read_only=False)
    there = explain(away, MOMENT, can_start=False, read_only=False)
    assert here is not None
    assert there is not None
    assert "S starts one here" in here.plain
    assert "S starts one here" not in there.plain
    assert "next try in 5 s" in there.plain
    assert "start one" in there.plain


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_named_server_has_its_name_first_and_the_line_still_fits(width: int) -> None:
    text = bar(snapshot(), BarFacts(1.0, read_only=True, tag=Tag("prod", "red")), width)

    assert text.startswith(" prod  ● up")
    assert text.rstrip().endswith("READ-ONLY")
    assert len(text) <= max(width, 52)
