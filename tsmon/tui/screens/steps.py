"""A change of several steps as it goes on."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from tsmon.torchserve.procedure import Procedure, ProcedureStep, StepState
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import AboveInPart
from tsmon.tui.state.jobs import ProcedureJob
from tsmon.tui.state.messages import JobBegun
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.words import Words
from tsmon.units import duration

STEPS_RUNNING = "{steps.stop} stops safely"
STEPS_ENDED = "{steps.stop} closes"

_LOOKS = {
    StepState.TO_DO: ("·", Tone.MUTED),
    StepState.UNDER_WAY: ("◌", Tone.WARNING),
    StepState.DONE: ("✓", Tone.GOOD),
    StepState.SKIPPED: ("–", Tone.MUTED),
    StepState.FAILED: ("✗", Tone.BAD),
    StepState.STOPPED: ("■", Tone.WARNING),
}


class StepsScreen(AboveInPart[Procedure]):
    """Shows one procedure; its result is the procedure, ended."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.STEPS_KEYS)

    def __init__(self, heading: str, procedure: Procedure) -> None:
        super().__init__()
        self._heading = heading
        self._procedure = procedure
        self._job: ProcedureJob | None = None

    @property
    def job(self) -> ProcedureJob:
        """What goes on; it began as the screen was shown."""
        assert self._job is not None  # noqa: S101 (made in on_mount)
        return self._job

    def compose(self) -> ComposeResult:
        """The steps and how it ended."""
        with VerticalScroll(id="dialog") as box:
            box.border_title = self._heading
            yield Words(id="steps")
            yield Words(id="steps-ending")

    def on_mount(self) -> None:
        """Start to follow the procedure."""
        self._job = ProcedureJob(self._procedure, self._changed)
        self.post_message(JobBegun(self._job))
        self._changed()

    def action_stop(self) -> None:
        """Stop it, or close the screen once it has ended."""
        if self.job.running:
            self.job.stop()
            self._changed()
        else:
            self.dismiss(self._procedure)

    def _changed(self) -> None:
        if self._job is None or not self.app.is_running or self.was_left:
            return  # the widgets go before the job ends
        steps = [line(*step_spans(step)) for step in self._procedure.steps]
        self.query_one("#steps", Words).say(Content("\n").join(steps))
        ending = self._ending()
        self.query_one("#steps-ending", Words).say(line(*ending) if ending else None)
        box = self.query_one("#dialog", VerticalScroll)
        words = STEPS_RUNNING if self.job.running else STEPS_ENDED
        box.border_subtitle = keys_of(self).expand(words)

    def _ending(self) -> list[Span]:
        job, ending = self.job, self._procedure.ending
        if job.problem is not None:
            return [(f"✗ {job.problem}", Tone.BAD)]
        if ending is None:
            return [("◌ stopping …", Tone.WARNING)] if job.stopped else []
        glyph, tone = ("✓", Tone.GOOD) if ending.done else ("✗", Tone.BAD)
        if job.stopped:
            glyph, tone = "■", Tone.WARNING
        hint = f"\n  → {ending.hint}" if ending.hint else ""
        return [(f"{glyph} {ending.message}", tone), (hint, Tone.PLAIN)]


def step_spans(step: ProcedureStep) -> list[Span]:
    """The line of a step, and below it how far it is."""
    glyph, tone = _LOOKS[step.mark]
    over = step.mark in {StepState.DONE, StepState.FAILED, StepState.STOPPED}
    title = Tone.MUTED if step.mark in {StepState.TO_DO, StepState.SKIPPED} else Tone.PLAIN
    seconds = f"  {duration(step.seconds)}" if over else ""
    spans: list[Span] = [(f"{glyph} ", tone), (step.title, title), (seconds, Tone.MUTED)]
    if step.detail:
        spans.append((f"\n  {step.detail}", Tone.MUTED))
    return spans
