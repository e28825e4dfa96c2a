"""What is asked before many versions change, and how far that is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import AboveInPart
from tsmon.tui.screens.confirm import Confirm, Question
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.screens.questions import NEWEST_FIRST
from tsmon.tui.screens.scale import typed_workers
from tsmon.tui.state import risk as weighing
from tsmon.tui.state.bulk import Bulk, BulkPart, BulkRemoval, Stand
from tsmon.tui.state.risk import Risk, WorkerChange, gravest, weigh
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.field import Field
from tsmon.tui.widgets.words import Words
from tsmon.units import byte_size, plural

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus

_SIGNS = {
    Stand.WAITING: ("○", Tone.MUTED),
    Stand.RUNNING: ("◌", Tone.WARNING),
    Stand.DONE: ("✓", Tone.GOOD),
    Stand.SKIPPED: ("–", Tone.MUTED),
    Stand.FAILED: ("✗", Tone.BAD),
}


class Many(VerticalScroll):
    """Lines of which there may be more than fit; has the focus only where it can be scrolled."""

    def allow_focus(self) -> bool:
        """Whether the keys that scroll would do anything."""
        return super().allow_focus() and self.max_scroll_y > 0


class ConfirmMany(Confirm):
    """A question with a line for each version."""

    def __init__(self, question: Question, spans: Sequence[Span]) -> None:
        super().__init__(question)
        self._spans = spans

    def body(self) -> ComposeResult:
        """The versions, then what will happen."""
        with Many():
            yield Static(line(*self._spans))
        yield from super().body()


def about_removals(removals: Sequence[BulkRemoval]) -> Question:
    """Versions are to go; where some of them serve, their number has to be typed."""
    words = (
        "Requests to them get a 404. The archives stay in the model store, unless they were "
        "registered from a URL."
    )
    return Question(
        f"Unregister {plural(len(removals), 'version')}?",
        line((words, Tone.PLAIN)),
        gravest(map(_weigh, removals)) or Risk.CHANGE,
        "Unregister",
        typed=str(len(removals)),
    )


class Losing(Struct, frozen=True):
    """A version that may lose something as its workers are changed."""

    model: ModelStatus
    change: WorkerChange
    severity: Risk


def about_fewer_each(losing: Sequence[Losing]) -> Question:
    """Versions are to have fewer workers; where some stop serving, their number has to be typed."""
    emptied = [each for each in losing if each.change.then == 0]
    words = [NEWEST_FIRST] if len(emptied) < len(losing) else []
    if emptied:
        words.append(
            f"{plural(len(emptied), 'version')} will have no workers: every request gets a 503 "
            "until there is one."
        )
    severity = gravest(each.severity for each in losing) or Risk.CHANGE
    heading = "No" if len(emptied) == len(losing) else "Fewer"
    return Question(
        f"{heading} workers for {plural(len(losing), 'version')}?",
        line((" ".join(words), Tone.PLAIN)),
        severity,
        "Remove",
        typed=str(len(losing)),
    )


def format_fewer_each(losing: Sequence[Losing]) -> list[Span]:
    """How the workers of each change."""
    width = max((len(str(each.model.key)) for each in losing), default=0)
    return in_lines(
        [
            (f"  {each.model.key!s:<{width}}  ", Tone.PLAIN),
            _change(each.change.now, each.change.then),
        ]
        for each in losing
    )


def _weigh(removal: BulkRemoval) -> Risk | None:
    if removal.obstacle or removal.model.gone:
        return None
    return weigh(removal.model, weighing.Removal(removal.staying))


def format_removals(removals: Sequence[BulkRemoval]) -> list[Span]:
    """What is lost with each version, in the order in which they go."""
    width = max(len(str(removal.model.key)) for removal in removals)
    return in_lines(_format_removal(removal, width) for removal in removals)


def _format_removal(removal: BulkRemoval, width: int) -> list[Span]:
    model = removal.model
    name = f"{model.key!s:<{width}}{' ★' if model.is_default else '  '}  "
    if removal.obstacle:
        return [(f"✗ {name}", Tone.BAD), (f"stays: {removal.obstacle}", Tone.PLAIN)]
    if model.gone:
        return [(f"  {name}", Tone.PLAIN), ("already gone; removed from the list", Tone.MUTED)]
    queue = model.described.queue
    waiting = f", {queue.pending} requests are queued" if queue and queue.pending else ""
    lost = f"{plural(len(model.workers), 'worker')} will stop{waiting}"
    return [(f"  {name}", Tone.PLAIN), (lost, Tone.MUTED)]


def in_lines(lines: Iterable[Sequence[Span]]) -> list[Span]:
    """Lines as one text."""
    spans = [span for each in lines for span in (("\n", Tone.PLAIN), *each)]
    return spans[1:]


def _change(now: int, target: int | None) -> Span:
    """How a number of workers changes."""
    if target is None:
        return plural(now, "worker"), Tone.MUTED
    if target == now:
        return f"{plural(now, 'worker')}, as now", Tone.MUTED
    return f"{now} → {plural(target, 'worker')}", Tone.ACCENT


class ScaleMany(Dialog[int]):
    """Gives the number of workers that each of several versions shall have."""

    HEADING: ClassVar[str] = "Scale"
    ACCEPT: ClassVar[str] = "Scale"

    def __init__(
        self,
        models: Sequence[tuple[ModelStatus, int]],
        start: int | None = None,
        *,
        local: bool,
    ) -> None:
        """`models` come with the workers that each has, or will have; not empty.

        `start` is filled in, else the number that they have in common.
        """
        super().__init__()
        counts = {now for _, now in models} if start is None else {start}
        self._start = str(counts.pop()) if len(counts) == 1 else ""
        self._models = models
        self._cpus = os.cpu_count() if local else None

    @property
    def heading(self) -> str:
        """How many are scaled."""
        return f"Workers of {plural(len(self._models), 'version')}"

    def body(self) -> ComposeResult:
        """The number, and what it means for each."""
        yield Field("workers each", self._start, id="workers", number=True)
        with Many():
            yield Static(id="now-and-then")
        yield Static(id="consequences", classes="explanation")

    def on_mount(self) -> None:
        """Show the current state."""
        self._show(self._target())

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say the consequences while the number is typed."""
        event.stop()
        self._show(self._target())

    def _target(self) -> int | None:
        try:
            return typed_workers(self.query_one("#workers", Field))
        except InvalidArgument:
            return None

    def _show(self, target: int | None) -> None:
        self.query_one("#now-and-then", Static).update(line(*self._now_and_then(target)))
        spans = [] if target is None else self._consequences(target)
        self.query_one("#consequences", Static).update(line(*spans))

    def _now_and_then(self, target: int | None) -> list[Span]:
        width = max(len(str(model.key)) for model, _ in self._models)
        return in_lines(
            [(f"{model.key!s:<{width}}  ", Tone.PLAIN), _change(now, target)]
            for model, now in self._models
        )

    def _consequences(self, target: int) -> list[Span]:
        before = sum(now for _, now in self._models)
        after = target * len(self._models)
        spans: list[Span] = [(f"{before} → {plural(after, 'worker')} in total", Tone.ACCENT)]
        if (more := self._more_memory(target)) is not None and more:
            sign = "+" if more > 0 else "-"
            spans.append((f", about {sign}{byte_size(abs(more))} of memory", Tone.PLAIN))
        if target == 0:
            spans.append(("\n! Without workers every request to them gets a 503.", Tone.WARNING))
        if self._cpus and after > max(self._cpus, before):
            words = f"\n! This machine has {plural(self._cpus, 'CPU')}"
            spans.append((f"{words}; more workers than that compete for them.", Tone.WARNING))
        return spans

    def _more_memory(self, target: int) -> int | None:
        """Bytes by which all their memory grows; None where that of a version is not known."""
        total = 0
        for model, now in self._models:
            sizes = [size for each in model.workers if (size := each.memory_bytes) is not None]
            if not sizes and target != now:
                return None
            total += (target - now) * (sum(sizes) // len(sizes)) if sizes else 0
        return total

    def accept(self) -> None:
        """Take the number."""
        try:
            self.dismiss(typed_workers(self.query_one("#workers", Field)))
        except InvalidArgument as error:
            self.show_note(Note.of(error))


class BulkProgress(AboveInPart[None]):
    """How far the work on each version is; it goes on when this is closed."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.DIALOG_KEYS)

    def __init__(self, bulk: Bulk) -> None:
        super().__init__()
        self.bulk = bulk

    def compose(self) -> ComposeResult:
        """A line for each version, and how it ended below them."""
        with VerticalScroll(id="dialog") as box:
            box.border_title = self.bulk.title
            yield Words(id="bulk-parts")
            yield Words(id="bulk-end")

    def on_mount(self) -> None:
        """Follow the bulk change until it ends."""
        self.bulk.changed = self.show
        self.show()

    def show(self) -> None:
        """Show how it stands."""
        if self.was_left:
            return
        box = self.query_one("#dialog")
        words = (
            "{dialog.cancel} closes" if self.bulk.ended else "{dialog.cancel} closes, it continues"
        )
        box.border_subtitle = keys_of(self).expand(words)
        width = max(len(str(key)) for key in self.bulk.parts)
        parts = self.bulk.parts.items()
        lines = in_lines(_format_part(f"{key!s:<{width}}", part) for key, part in parts)
        self.query_one("#bulk-parts", Words).say(line(*lines))
        note = self.bulk.summary()
        tone = Tone.BAD if self.bulk.failed else Tone.GOOD
        sign = "✗" if self.bulk.failed else "✓"
        end = line((f"{sign} {note.message}", tone)) if self.bulk.ended else None
        self.query_one("#bulk-end", Words).say(end)

    def on_unmount(self) -> None:
        """Follow it no longer."""
        self.bulk.changed = lambda: None

    def action_cancel(self) -> None:
        """Close the dialog; the change continues."""
        self.dismiss(None)


def _format_part(name: str, part: BulkPart) -> list[Span]:
    sign, tone = _SIGNS[part.stand]
    return [(f"{sign} {name}  ", tone), (part.words or part.stand, Tone.PLAIN)]
