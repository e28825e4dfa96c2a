"""What is known of the server and of the selected version, put onto the screen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.playhead import View
from tsmon.telemetry.staleness import as_of
from tsmon.torchserve.waiting import longest_wait
from tsmon.tui.widgets.banner import Banner
from tsmon.tui.widgets.headline import Headline
from tsmon.tui.widgets.server_bar import BarFacts, ServerBar
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot
    from tsmon.torchserve.waiting import Wait
    from tsmon.tui.monitor.looking_back import LookingBack
    from tsmon.tui.monitor.panes import Panes
    from tsmon.tui.state.rollouts import Rollout
    from tsmon.tui.state.session import Session


LEAD_S = 60.0
"""Seconds of the past before what charts show: the first sample there is of the time since one."""


def show_server(
    screen: Panes,
    session: Session,
    shown: Snapshot | None,
    past: LookingBack,
    note: str,
    *,
    catching_up: bool,
) -> None:
    """Render the first lines, which also change with time alone; in the past, as they were."""
    held, monitor = session.playhead.held, session.monitor
    now = Instant.now()
    snapshot = shown if held and shown else as_of(monitor.latest, now, session.patience_s)
    wait = None if held or session.replays else longest_wait()
    facts = BarFacts(
        monitor.period_s,
        session.token_expires,
        session.renews_tokens,
        session.read_only,
        past.looking,
        session.word,
        ", ".join(filter(None, (note.partition("; ")[0], session.warning))),
        session.tag,
        _waiting(wait, catching_up=catching_up and not held),
    )
    screen.query_one(ServerBar).show(snapshot, facts, snapshot.at if held else now)
    screen.query_one(Banner).show(
        snapshot,
        None if held else now,
        event=past.event,
        can_start=session.is_local and not session.read_only,
        read_only=session.read_only,
        can_renew=session.can_renew_tokens,
        renews=session.renews_tokens,
    )


def _waiting(wait: Wait | None, *, catching_up: bool) -> str:
    """What has been waited for so long that it is worth a word."""
    if wait is not None:
        return f"waiting for {wait.what}, {duration(wait.seconds)}"
    return "catching up" if catching_up else ""


def show_model(
    screen: Panes,
    session: Session,
    snapshot: Snapshot,
    model: ModelStatus | None,
    rollout: Rollout | None,
) -> None:
    """Render the panes that are about one version."""
    playhead, monitor = session.playhead, session.monitor
    view = playhead.view or View(snapshot, snapshot.at, held=False)
    span_s, edge = playhead.span_s, view.edge
    points = session.history.points(model.key, span_s + LEAD_S, edge) if model else []
    events = monitor.events.about(model.key, span_s, edge) if model else []
    screen.workers_pane.show(snapshot, model, rollout)
    screen.metrics_pane.show(snapshot, model, points, view, span_s, events)
    if screen.in_depth and not screen.zoomed:
        screen.query_one(Headline).show(snapshot, model)
    if screen.story.display:
        happened = monitor.events.about(model.key, math.inf, snapshot.at) if model else []
        screen.story.show(snapshot, model, happened)
