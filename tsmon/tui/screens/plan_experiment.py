"""The dialog that plans an experiment and says first what will happen."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from tsmon.load.experiment.plan import (
    DEFAULT_WARM_UP,
    WALKTHROUGH_BATCHES,
    WALKTHROUGH_WORKERS,
    ExperimentPlan,
    Load,
)
from tsmon.load.run.plan import DEFAULT_DURATION_S
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.field import Field, FieldColumns
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.payloads.payload import Payload
    from tsmon.telemetry.snapshot import ModelStatus
    from tsmon.tui.state.asking import Asking

_WORDS = "Sends the same images at every setting and compares times, throughput and memory."


class PlanExperiment(Dialog[ExperimentPlan]):
    """Gives what to vary and what to send; as it opens, what the walkthrough did."""

    HEADING: ClassVar[str] = "Experiment"
    ACCEPT: ClassVar[str] = "Start"
    AUTO_FOCUS = "#workers Input"

    def __init__(self, model: ModelStatus, payloads: tuple[Payload, ...], asking: Asking) -> None:
        super().__init__()
        self._asking = asking
        self._model = model
        self._payloads = payloads

    @property
    def heading(self) -> str:
        """Which version it is about."""
        return f"Experiment with {self._model.key}"

    def body(self) -> ComposeResult:
        """The plan and what it means."""
        yield Static(_WORDS, classes="explanation")
        with FieldColumns():
            with Vertical():
                yield Static("Settings to compare", classes="fields-title")
                yield Field("workers", _list(WALKTHROUGH_WORKERS), id="workers")
                yield Field("batch sizes", id="sizes", placeholder="as registered")
                yield Field("batch delays, ms", id="delays", placeholder="as registered")
            with Vertical():
                yield Static("Load at each setting", classes="fields-title")
                yield Field("in batches of", _list(WALKTHROUGH_BATCHES), id="batches")
                yield Field("or for seconds", id="seconds", placeholder="batches")
                yield Field("at a rate, per s", id="rate", placeholder="no rate")
                yield Field("in flight", id="concurrency", number=True, placeholder="1")
                yield Field("warm-up / worker", str(DEFAULT_WARM_UP), id="warm-up", number=True)
        yield Static(id="outlook")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what will happen while the plan is typed."""
        event.stop()
        try:
            words = line(*_outlook(self._plan(), self._model))
        except InvalidArgument as error:
            words = line((f"✗ {error.message}", Tone.WARNING))
        self.query_one("#outlook", Static).update(words)

    def accept(self) -> None:
        """Take the plan."""
        try:
            self.dismiss(self._plan())
        except InvalidArgument as error:
            self.show_note(Note.of(error))

    def _plan(self) -> ExperimentPlan:
        """What was typed.

        Raises:
            InvalidArgument: it is no plan.
        """
        rate, seconds = self._decimal("rate"), self._decimal("seconds")
        if rate is not None and seconds is None:
            seconds = DEFAULT_DURATION_S
        warm_up = self.query_one("#warm-up", Field).number
        return ExperimentPlan(
            model=self._model.key.name,
            version=None if self._model.is_default else self._model.key.version,
            payloads=self._payloads,
            form=self._asking.form,
            answer_path=self._asking.answer_path,
            worker_counts=self._numbers("workers"),
            load=Load(
                self._numbers("batches"),
                self.query_one("#concurrency", Field).number,
                rate,
                seconds,
            ),
            batch_sizes=self._numbers("sizes"),
            batch_delays_ms=self._numbers("delays"),
            warm_up=warm_up or 0,
            seed=secrets.randbelow(2**32),
        )

    def _numbers(self, name: str) -> tuple[int, ...]:
        text = self.query_one(f"#{name}", Field).text
        try:
            return tuple(int(part) for part in text.split(",")) if text else ()
        except ValueError:
            raise InvalidArgument(
                f"{name}: {text!r} is not a list of whole numbers", "use the form 1,2,4"
            ) from None

    def _decimal(self, name: str) -> float | None:
        text = self.query_one(f"#{name}", Field).text
        try:
            return float(text) if text else None
        except ValueError:
            raise InvalidArgument(f"{name}: {text!r} is no number") from None


def _list(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


def _outlook(plan: ExperimentPlan, model: ModelStatus) -> list[Span]:
    now = len(model.workers)
    way = " → ".join(map(str, (now, *plan.worker_counts, now)))
    spans: list[Span] = [
        (f"{way} workers", Tone.ACCENT),
        (f", each time {plan.load}", Tone.PLAIN),
    ]
    if plan.requests is not None:
        total = plan.requests * len(plan.settings)
        spans.append((f": {plural(total, 'request')} measured", Tone.PLAIN))
    ending = "\nWhatever happens, the current workers are restored at the end."
    spans.append((ending, Tone.MUTED))
    if plan.registers:
        spans.append(
            ("\n! It is unregistered and registered again; you will be asked first.", Tone.WARNING)
        )
    return spans
