"""The question how fast and how long to send many images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.widgets import Static

from tsmon.load.refusals import Failure
from tsmon.load.run.plan import MAX_CONCURRENCY, MAX_COUNT, RunPlan
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.screens.ask import read_number
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.text.notes import Note
from tsmon.tui.widgets.field import Field

if TYPE_CHECKING:
    from tsmon.payloads.payload import Payload
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.tui.state.asking import Asking

MAX_SECONDS = 3600
MOST_RATE = 10_000
_CAPACITY = {Failure.NO_CAPACITY, Failure.NO_WORKER, Failure.QUEUE_FULL}


class LoadSettings(Struct, frozen=True):
    """What was typed last."""

    concurrency: int = 10
    rate: int | None = None
    seconds: int = 10
    requests: int = 10_000


class LoadDialog(Dialog[LoadSettings]):
    """Asks how fast and how long to send."""

    ACCEPT: ClassVar[str] = "Send"

    def __init__(self, key: ModelKey, last: LoadSettings, noun: str = "image") -> None:
        """`noun` is what a payload is called."""
        super().__init__()
        self._key = key
        self._last = last
        self._noun = noun

    @property
    def heading(self) -> str:
        """Which version gets it."""
        return f"Load {self._key}"

    def body(self) -> ComposeResult:
        """The fields of the plan."""
        words = (
            f"Without a rate, each connection sends its next {self._noun} as soon as it has an "
            f"answer (closed loop). With one, {self._noun}s are sent at planned times, from which "
            "response times count (open loop)."
        )
        yield Static(words, classes="explanation")
        last = self._last
        yield Field("in flight", str(last.concurrency), id="concurrency", number=True)
        rate = "" if last.rate is None else str(last.rate)
        yield Field("requests/s", rate, id="rate", number=True, placeholder="closed loop")
        yield Field("seconds", str(last.seconds), id="seconds", number=True)
        yield Field("max requests", str(last.requests), id="requests", number=True)

    def accept(self) -> None:
        """Check the numbers."""
        try:
            settings = LoadSettings(
                self._number("concurrency", "in flight", MAX_CONCURRENCY),
                self._rate(),
                self._number("seconds", "seconds", MAX_SECONDS),
                self._number("requests", "max requests", MAX_COUNT),
            )
        except InvalidArgument as error:
            self.show_note(Note.of(error))
            return
        self.dismiss(settings)

    def _rate(self) -> int | None:
        field = self.query_one("#rate", Field)
        return read_number(field, "requests/s", MOST_RATE) if field.text else None

    def _number(self, id_: str, what: str, most: int) -> int:
        return read_number(self.query_one(f"#{id_}", Field), what, most)


def plan_of(
    key: ModelKey, payloads: Sequence[Payload], settings: LoadSettings, asking: Asking
) -> RunPlan:
    """The run that the settings mean."""
    return RunPlan(
        model=key.name,
        version=key.version,
        payloads=tuple(payloads),
        concurrency=settings.concurrency,
        rate=settings.rate,
        duration_s=settings.seconds,
        count=settings.requests,
        form=asking.form,
        answer_path=asking.answer_path,
    )
