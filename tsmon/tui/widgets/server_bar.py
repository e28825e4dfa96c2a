"""The first line: which server this is, how it is and how old what one sees is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from textual.content import Content

from tsmon.telemetry.snapshot import ServerState, Snapshot
from tsmon.tui.format import age, duration
from tsmon.tui.tones import Span, Tone, line
from tsmon.tui.widgets.words import Words

_STATES = {
    ServerState.CONNECTING: ("◌", Tone.MUTED),
    ServerState.UP: ("●", Tone.GOOD),
    ServerState.TOKEN_REFUSED: ("✗", Tone.BAD),
    ServerState.SLOW: ("◐", Tone.WARNING),
    ServerState.AWAY: ("✗", Tone.BAD),
    ServerState.FAILING: ("✗", Tone.BAD),
    ServerState.STRANGE: ("?", Tone.BAD),
}
TOKEN_SOON_S = 300
"""A token that ends sooner than this is worth a colour."""


@dataclass(frozen=True, slots=True)
class BarFacts:
    """What the bar tells besides the snapshot."""

    period_s: float
    token_expires: datetime | None = None
    read_only: bool = False
    paused: bool = False
    note: str = ""


class ServerBar(Words):
    """One line; what matters least is left out first when it does not fit."""

    def show(self, snapshot: Snapshot, facts: BarFacts) -> None:
        """Render a tick, or the passing of time since the last one."""
        self.say(compose_bar(snapshot, facts, self.size.width, datetime.now(UTC)))


def compose_bar(snapshot: Snapshot, facts: BarFacts, width: int, now: datetime) -> Content:
    """The line for a width."""
    left = _left(snapshot, facts, now)
    right = _badges(facts)
    room = width - 2 - sum(len(text) + 1 for text, _ in right)
    while len(left) > 3 and sum(len(text) + 2 for text, _ in left) > room:
        left.pop()
    spans: list[Span] = [(" ", Tone.PLAIN)]
    for text, tone in left:
        spans += [(text, tone), ("  ", Tone.PLAIN)]
    used = sum(len(text) for text, _ in spans)
    badges = sum(len(text) + 1 for text, _ in right)
    spans.append((" " * max(width - used - badges, 0), Tone.PLAIN))
    for text, tone in right:
        spans += [(text, tone), (" ", Tone.PLAIN)]
    return line(*spans)


def _left(snapshot: Snapshot, facts: BarFacts, now: datetime) -> list[Span]:
    """The parts from the left, the most important first."""
    server = snapshot.server
    glyph, tone = _STATES[server.state]
    parts: list[Span] = [(f"{glyph} {server.state}", tone), (server.label, Tone.PLAIN)]
    parts.append(_freshness(snapshot, facts.period_s))
    if facts.token_expires:
        parts.append(_token(facts.token_expires, now))
    if snapshot.metrics.mode:
        parts.append((f"metrics {snapshot.metrics.mode}", Tone.MUTED))
    if server.version:
        parts.append((f"TorchServe {server.version}", Tone.MUTED))
    parts.append((f"every {facts.period_s:g} s", Tone.MUTED))
    if facts.note:
        parts.append((facts.note, Tone.MUTED))
    return parts


def _freshness(snapshot: Snapshot, period_s: float) -> Span:
    answer = snapshot.server.last_answer
    if answer is None:
        return "no sample yet", Tone.MUTED
    seconds = answer.age()
    if snapshot.stale or seconds > 3 * period_s + 1:
        return f"stale {duration(seconds)}", Tone.WARNING
    return f"{age(seconds)} ago", Tone.MUTED


def _token(expires: datetime, now: datetime) -> Span:
    left = (expires - now).total_seconds()
    if left <= 0:
        return "token expired", Tone.BAD
    return f"token {duration(left)}", Tone.WARNING if left < TOKEN_SOON_S else Tone.MUTED


def _badges(facts: BarFacts) -> list[Span]:
    badges: list[Span] = []
    if facts.paused:
        badges.append(("PAUSED", Tone.WARNING))
    if facts.read_only:
        badges.append(("READ-ONLY", Tone.ACCENT))
    return badges
