"""The first line: which server this is, how it is and how old what one sees is."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from textual.content import Content

from tsmon.telemetry.events import TOKEN_SOON
from tsmon.telemetry.scrape import MetricsMode
from tsmon.telemetry.snapshot import ServerState, Snapshot
from tsmon.telemetry.status_signs import SERVER_SIGNS
from tsmon.tui.state.session import Tag
from tsmon.tui.text.badges import badge
from tsmon.tui.text.overall import Overall
from tsmon.tui.text.tones import Span, Tone, line, tone_of
from tsmon.tui.widgets.words import Words
from tsmon.units import duration, period, plural
from tsmon.untrusted.text import one_line

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant

TICKS = 6
"""So many show how often samples come."""
LATELY_S = 5
"""The age of the data is shown from here on; a smaller one would only be a moving number."""
LONGEST_REASON = 30
"""Characters of why nothing is recorded."""
TOKEN_SOON_S = TOKEN_SOON.total_seconds()
"""A token that ends sooner than this is worth a colour."""


class Looking(Struct, frozen=True):
    """Where in the past one looks, and how it goes on."""

    at: datetime
    behind_s: float = 0.0
    """Seconds between that and the newest tick."""
    replays: bool = False
    playing: bool = False
    speed: float = 1.0
    searched: float = 1.0
    """How much of a recording was searched for events, 0 to 1."""


class BarFacts(Struct, frozen=True):
    """What the bar shows besides the snapshot."""

    period_s: float
    token_expires: datetime | None = None
    renews_tokens: bool = False
    """Whether tokens are renewed before they end, so that a near end is no reason to worry."""
    read_only: bool = False
    looking: Looking | None = None
    """None where one sees the present."""
    source: str = ""
    """What this is, where it is not a server itself."""
    note: str = ""
    tag: Tag = Tag()
    waiting: str = ""
    """The request that has been waited for long enough to say so."""
    reached_s: float | None = None
    """Seconds between samples, where those are longer than the period."""


class ServerBar(Words):
    """One line; what matters least is left out first when it does not fit."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._last: tuple[Snapshot, BarFacts, Instant] | None = None
        self._words: Sequence[Span] = ()
        """Of the last snapshot, since it takes a look at all models."""
        self._overall = Overall()
        self._ticks: deque[float] = deque(maxlen=TICKS)
        """When the last ones were, as long as the server answers."""

    def on_mount(self) -> None:
        """Say something before anything is known."""
        sign = SERVER_SIGNS[ServerState.CONNECTING]
        self.say(line((f" {sign} …", tone_of(sign.grade))))

    def on_resize(self) -> None:
        """Say as much as fits now."""
        if self._last is not None:
            self.show(*self._last)

    def show(self, snapshot: Snapshot, facts: BarFacts, now: Instant) -> None:
        """Render a tick, or the passing of time since the last one."""
        if self._last is None or self._last[0] is not snapshot:
            self._words = self._overall.words(snapshot)
            self._note_tick(snapshot, facts)
        self._last = snapshot, facts, now
        reached = replace(facts, reached_s=slower(self._ticks, facts.period_s))
        self.say(compose_bar(snapshot, reached, self.size.width, now, self._words))

    def _note_tick(self, snapshot: Snapshot, facts: BarFacts) -> None:
        changed = self._last is not None and self._last[1].period_s != facts.period_s
        if changed or facts.looking or snapshot.server.state is not ServerState.UP:
            self._ticks.clear()
        self._ticks.append(snapshot.at.monotonic)


def slower(ticks: Sequence[float], period_s: float) -> float | None:
    """Seconds between ticks where they come clearly later than asked for; else None."""
    if len(ticks) < TICKS:
        return None
    reached = median(later - earlier for earlier, later in pairwise(ticks))
    return reached if reached > max(1.5 * period_s, period_s + 0.3) else None


def compose_bar(
    snapshot: Snapshot, facts: BarFacts, width: int, now: Instant, overall: Sequence[Span]
) -> Content:
    """The line for a width; `overall` is what `format_overall` says of the snapshot."""
    left = _left(snapshot, facts, now, overall)
    right = _badges(facts, snapshot.not_recorded)
    name = badge(facts.tag.name, facts.tag.color) + " " if facts.tag.name else Content()
    room = width - 2 - name.cell_length - sum(len(text) + 1 for text, _ in right)
    least = (2 if facts.looking else 3) + bool(facts.waiting)
    while len(left) > least and _length(left) > room:
        left.pop()
    if len(left) > 2 and (excess := _length(left) - room) > 0:
        text, tone = left[-1]
        left[-1] = f"{text[: -excess - 1]}…", tone
    spans: list[Span] = []
    for text, tone in left:
        spans += [(text, tone), ("  ", Tone.PLAIN)]
    used = (not name) + name.cell_length + sum(len(text) for text, _ in spans)
    badges = sum(len(text) + 1 for text, _ in right)
    spans.append((" " * max(width - used - badges, 0), Tone.PLAIN))
    for text, tone in right:
        spans += [(text, tone), (" ", Tone.PLAIN)]
    return (name or Content(" ")) + line(*spans)


def _length(parts: Sequence[Span]) -> int:
    return sum(len(text) + 2 for text, _ in parts)


def _left(snapshot: Snapshot, facts: BarFacts, now: Instant, overall: Sequence[Span]) -> list[Span]:
    """The parts from the left, the most important first."""
    server = snapshot.server
    sign = SERVER_SIGNS[server.state]
    parts: list[Span] = [(str(sign), tone_of(sign.grade)), (server.label, Tone.PLAIN)]
    if not facts.looking or snapshot.stale:
        parts += _freshness(snapshot, now)
    if facts.waiting:
        parts.append((facts.waiting, Tone.WARNING))
    parts += overall
    if facts.reached_s and not facts.source:
        words = f"every {duration(facts.reached_s)}, asked {period(facts.period_s)}"
        parts.append((words, Tone.WARNING))
    if lost := snapshot.metrics.lost_lines:
        parts.append((f"{plural(lost, 'metric line')} unreadable", Tone.WARNING))
    if facts.token_expires:
        parts.append(_token(facts.token_expires, now.wall, facts.renews_tokens))
    if snapshot.metrics.mode not in (None, MetricsMode.PROMETHEUS):
        parts.append((f"metrics {snapshot.metrics.mode}", Tone.MUTED))
    if server.version:
        parts.append((f"TorchServe {server.version}", Tone.MUTED))
    if not facts.source and not facts.reached_s:
        parts.append((f"every {period(facts.period_s)}", Tone.MUTED))
    if facts.note:
        parts.append((facts.note, Tone.MUTED))
    return parts


def _freshness(snapshot: Snapshot, now: Instant) -> list[Span]:
    """How old what one sees is, where that is worth a word."""
    answer = snapshot.server.last_answer
    if answer is None:
        return [("no sample yet", Tone.MUTED)]
    seconds = now.since(answer)
    if snapshot.server.state is ServerState.STALE:
        return [(f"for {duration(seconds)}", Tone.WARNING)]
    if snapshot.stale:
        return [(f"stale {duration(seconds)}", Tone.WARNING)]
    return [(f"{duration(seconds)} ago", Tone.MUTED)] if seconds >= LATELY_S else []


def _token(expires: datetime, now: datetime, renewed: bool) -> Span:
    left = (expires - now).total_seconds()
    if left <= 0:
        return "token expired", Tone.BAD
    soon = left < TOKEN_SOON_S and not renewed
    return f"token {duration(left)}", Tone.WARNING if soon else Tone.MUTED


def _badges(facts: BarFacts, not_recorded: str) -> list[Span]:
    badges: list[Span] = []
    if not_recorded:
        badges.append((f"NOT RECORDED: {one_line(not_recorded, LONGEST_REASON)}", Tone.BAD))
    if facts.looking:
        badges.append((_where(facts.looking), Tone.WARNING))
    if facts.source:
        badges.append((facts.source.upper(), Tone.ACCENT))
    elif facts.read_only:
        badges.append(("READ-ONLY", Tone.ACCENT))
    return badges


def _where(looking: Looking) -> str:
    """Such as `PAUSED 14:03:12 −34s`, or `▶ x2 14:03:12`."""
    time = f"{looking.at.astimezone():%H:%M:%S}"
    if not looking.replays:
        behind = f" −{duration(looking.behind_s)}" if looking.behind_s >= 1 else ""
        return f"PAUSED {time}{behind}"
    state = f"▶ x{looking.speed:g}" if looking.playing else "PAUSED"
    found = f" finding events {looking.searched:.0%}" if looking.searched < 1 else ""
    return f"{state} {time}{found}"
