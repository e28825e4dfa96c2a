"""The line above a model that is seen in depth: how it is and where its time goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.telemetry.activity import activity_of
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.traffic import Usage
from tsmon.tui.text.activity import format_model, format_split
from tsmon.tui.text.model_state import old_words, state_of
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.words import Words
from tsmon.units import byte_size, milliseconds, per_second

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot

HEADLINE_GAP = "  "
LEAST_HEADLINE = 20
"""Characters of a text that is cut."""
WAY_BACK = "esc all models "


class Headline(Words):
    """One line; what matters least is left out first when it does not fit."""

    _last: tuple[Snapshot, ModelStatus | None] | None = None

    def on_resize(self) -> None:
        """Say as much as fits now."""
        if self._last is not None:
            self.show(*self._last)

    def show(self, snapshot: Snapshot, model: ModelStatus | None) -> None:
        """Render a tick."""
        self._last = snapshot, model
        if model is None:
            self.say(line((" no model is selected", Tone.MUTED)))
            return
        spans: list[Span] = [(" ", Tone.PLAIN)]
        room = self.size.width - 1 - len(WAY_BACK)
        for part in _parts(snapshot, model):
            part = _cut(part, room - len(HEADLINE_GAP))
            width = sum(len(text) for text, _ in part) + len(HEADLINE_GAP)
            if width > room:
                break
            spans += [*part, (HEADLINE_GAP, Tone.PLAIN)]
            room -= width
        back = Content.styled(WAY_BACK, "$foreground-muted @click=screen.do('view.models')")
        self.say(Content("").join([line(*spans), Content(" " * max(room, 0)), back]))


def _cut(part: list[Span], room: int) -> list[Span]:
    """A long text on its own, such as a cause, cut to the room there is."""
    (text, tone), *more = part
    return (
        [(f"{text[: room - 1]}…", tone)] if not more and LEAST_HEADLINE < room < len(text) else part
    )


def _parts(snapshot: Snapshot, model: ModelStatus) -> list[list[Span]]:
    """What can be said, the most important first."""
    glyph, word, tone = state_of(model)
    star = " ★" if model.is_default else ""
    workers = f" {model.ready}/{model.wanted}" if model.workers_known else ""
    parts: list[list[Span]] = [
        [(f"{model.key}{star}", Tone.ACCENT)],
        [(f"{glyph} {word}{workers}", tone)],
    ]
    if old := old_words(snapshot):
        parts[1] = [(f"? {model.ready}/{model.wanted} {old}", Tone.WARNING)]
    elif model.cause and model.verdict.health is ModelHealth.FAILING:
        parts.append([(model.cause.message, Tone.BAD)])
    usage = model.traffic.interval
    if isinstance(usage, Usage):
        parts.append([format_model(activity_of(model))])
        parts.append([(per_second(usage.per_second), Tone.PLAIN)])
        if split := format_split(usage):
            parts.append(split)
    if minute := model.percentiles(RequestPhase.INFERENCE):
        parts.append([("p95 ", Tone.MUTED), (milliseconds(minute.p95), Tone.PLAIN)])
    errors = snapshot.errors_per_second(model)
    if errors is not None:
        label, tone = ("! errors ", Tone.BAD) if errors else ("errors ", Tone.PLAIN)
        parts.append([(label, tone if errors else Tone.MUTED), (per_second(errors), tone)])
    elif not snapshot.stale and not model.gone:
        unread = "log files not read" if snapshot.metrics.log_problem else "no log files"
        parts.append([(f"errors not known: {unread}", Tone.MUTED)])
    if model.memory_bytes is not None:
        parts.append([("memory ", Tone.MUTED), (byte_size(model.memory_bytes), Tone.PLAIN)])
    return parts
