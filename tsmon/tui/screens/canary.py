"""Two versions of a model: the same requests to both, their live numbers, and the promotion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tsmon.payloads.payload import pick_random
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.full_page import Page
from tsmon.tui.text.canary import beside_each_other, what_was_answered, which_is_better
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets import answer_rows
from tsmon.tui.widgets.live_table import LiveTable
from tsmon.tui.widgets.words import Words

if TYPE_CHECKING:
    from tsmon.load.comparison import Comparison
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot
    from tsmon.tui.keymap import Key
    from tsmon.tui.state.digits import Desk

CANARY_REFRESH_S = 0.25
PROMOTE = "model.set-default"
SEND = "digits.send-many"
_SEND_HINT = "{canary.send} sends the same images to both, one after the other"
_CANNOT_SEND = "nothing can be sent from here: the numbers are those of the monitor"


class Canary(Page):
    """The default version is the first, the one that may take its place the second."""

    KEYS = (*keymap.CANARY_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#canary-pairs"

    def __init__(
        self,
        desk: Desk,
        first: ModelKey,
        candidates: Sequence[ModelKey],
        *,
        offers: Callable[[str], bool],
        promote: Callable[[ModelKey], None],
        stop: Callable[[], None],
    ) -> None:
        """`candidates` are the other versions; the first of them is shown at first."""
        super().__init__(desk.session)
        self._desk = desk
        self._first = first
        self._candidates = candidates
        self._at = 0
        self._offers = offers
        self._promote = promote
        self._stop = stop

    def body(self) -> ComposeResult:
        """The numbers, which is better, and the answers."""
        yield Words(id="canary-numbers")
        yield Words(id="canary-better")
        yield Words(id="canary-answers")
        yield LiveTable(answer_rows.PAIR_COLUMNS, id="canary-pairs")

    def on_mount(self) -> None:
        """Show the current state, and go on."""
        self._refresh()
        self.set_interval(CANARY_REFRESH_S, self._refresh)

    @property
    def _second(self) -> ModelKey:
        return self._candidates[self._at]

    @property
    def _snapshot(self) -> Snapshot:
        view = self.session.playhead.view
        return view.snapshot if view is not None else self.session.monitor.latest

    @property
    def _models(self) -> tuple[ModelStatus | None, ModelStatus | None]:
        snapshot = self._snapshot
        return snapshot.model(self._first), snapshot.model(self._second)

    @property
    def _comparison(self) -> Comparison | None:
        """The last one, if it was of these two."""
        found = self._desk.comparison
        of_these = found and (found.key, found.second) == (self._first, self._second)
        return found if of_these else None

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """Which two versions, and which of the others."""
        left: list[Span] = [("Canary", Tone.ACCENT), (self._first.name, Tone.PLAIN)]
        left.append((f"{self._first.version} beside {self._second.version}", Tone.PLAIN))
        others = len(self._candidates)
        right = f"{self._at + 1} of {others} other versions" if others > 1 else ""
        return left, [(right, Tone.MUTED)]

    @property
    def footer_keys(self) -> list[Key]:
        """Those that have something to act on."""
        useless = set()
        if len(self._candidates) < 2:
            useless.add("canary.other")
        if not self._offers(PROMOTE):
            useless.add("canary.promote")
        if not self._offers(SEND):
            useless.add("canary.send")
        return [key for key in super().footer_keys if key.id not in useless]

    def _refresh(self) -> None:
        first, second = self._models
        numbers = self.query_one("#canary-numbers", Words)
        verdict = self.query_one("#canary-better", Words)
        if first is None or second is None or first.gone or second.gone:
            lost = self._first if first is None or first.gone else self._second
            numbers.say(line((f"{lost} is not registered now", Tone.WARNING)))
            verdict.say(None)
        else:
            numbers.say(line(*beside_each_other(self._snapshot, first, second)))
            verdict.say(line(*which_is_better(first, second)))
        hint = keys_of(self).expand(_SEND_HINT) if self._offers(SEND) else _CANNOT_SEND
        comparison = self._comparison
        self.query_one("#canary-answers", Words).say(line(*what_was_answered(comparison, hint)))
        rows = answer_rows.disagreement_rows(comparison) if comparison else []
        self.query_one(LiveTable).show_rows(rows)

    def action_send(self) -> None:
        """Send random payloads to both, as many as last time."""
        payloads = self._desk.alike
        if not self._offers(SEND):
            self.talk.note(Note(_CANNOT_SEND))
        elif self._desk.under_way:
            self.talk.note(Note("a batch is still being sent", "{page.back} stops it"), bad=False)
        elif not payloads:
            self.talk.note(Note("nothing to send", "{digits.folder} in the monitor opens a folder"))
        else:
            picked = pick_random(payloads, self._desk.amount.images)
            self._desk.compare(picked, self._first, self._second)

    def action_other(self) -> None:
        """Compare with another version."""
        self._at = (self._at + 1) % len(self._candidates)
        self._refresh()
        self.show_title()

    def action_promote(self) -> None:
        """Close the page and ask to make the second version the default one."""
        _, second = self._models
        if not self._offers(PROMOTE):
            self.talk.note(Note("the default version cannot be changed here"))
        elif second is not None and not second.is_default:
            self.dismiss(None)
            self._promote(self._second)
        else:
            self.talk.note(Note(f"{self._second} is the default version already"), bad=False)

    def action_back(self) -> None:
        """Stop what is being sent, or leave."""
        if self._desk.under_way:
            self._stop()
        else:
            super().action_back()
