"""What all dialogs have in common: a box with a title, a place for problems, and two buttons."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input
from textual.widgets.button import ButtonVariant

from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import AboveInPart, Result
from tsmon.tui.text.notes import EXPECTED, Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.words import Words
from tsmon.untrusted.text import few_lines, one_line


class Dialog(AboveInPart[Result | None]):
    """Asks something; its result is None when it is left without an answer.

    A problem is reported inside the dialog, so that nothing typed is lost.
    """

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.DIALOG_KEYS)

    HEADING: ClassVar[str]
    ACCEPT: ClassVar[str] = "OK"
    CANCEL: ClassVar[str] = "Cancel"
    LEAVES: ClassVar[str] = "cancels"
    """What the key does that leaves it without an answer."""
    VARIANT: ClassVar[ButtonVariant] = "primary"

    news: Note | None = None
    """What it says as it opens: why something is asked again."""

    def body(self) -> ComposeResult:
        """The widgets between the title and the buttons."""
        yield from ()

    def accept(self) -> None:
        """The person wants it: enter, or the first button."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The box with title, body and messages."""
        with Vertical(id="dialog") as box:
            box.border_title = self.heading
            box.border_subtitle = keys_of(self).expand(f"{{dialog.cancel}} {self.LEAVES}")
            with VerticalScroll(id="dialog-body", can_focus=False):
                yield from self.body()
            with Vertical(id="dialog-foot"):  # in sight wherever the body is scrolled to
                words = Words(id="dialog-words")
                words.display = False
                yield words
                with Horizontal(id="dialog-buttons"):
                    yield Button(self.accept_label, variant=self.VARIANT, id="accept", compact=True)
                    yield Button(self.CANCEL, id="cancel", compact=True)

    def on_mount(self) -> None:
        """Say first what is new; a dialog of a kind may do more."""
        if self.news is not None:
            self.show_note(self.news)

    @property
    def heading(self) -> str:
        """The title of the box."""
        return self.HEADING

    @property
    def accept_label(self) -> str:
        """What the first button says."""
        return self.ACCEPT

    def show_note(self, note: Note) -> None:
        """Say what is wrong and what to do."""
        spans: list[Span] = [(f"✗ {one_line(note.message)}", Tone.BAD)]
        if note.hint:
            spans.append((f"\n  {keys_of(self).expand(few_lines(note.hint))}", Tone.PLAIN))
        self.say(*spans)

    def say(self, *spans: Span) -> None:
        """Put words above the buttons; nowhere once the dialog was left."""
        for words in self.query("#dialog-words").results(Words):
            words.say(line(*spans))

    def carry_out(self, work: Coroutine[None, None, None], saying: str) -> None:
        """Do something that may fail and takes a while; meanwhile it cannot be asked again."""
        way_out = keys_of(self).expand("  {dialog.cancel} stops waiting")
        self.say((f"◌ {saying}", Tone.WARNING), (way_out, Tone.MUTED))
        self.query_one("#accept", Button).disabled = True
        self.run_worker(self._carry_out(work), group="dialog")

    @property
    def busy(self) -> bool:
        """Whether something is being carried out."""
        return self.query_one("#accept", Button).disabled

    async def _carry_out(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except EXPECTED as error:
            self.show_note(Note.of(error))
        finally:
            for accept in self.query("#accept"):  # none once the dialog was left
                accept.disabled = False

    def action_cancel(self) -> None:
        """Leave without an answer; what was sent may be carried out all the same."""
        if self.busy:
            self.notify("no longer waiting; the server may still do it", severity="warning")
        self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field is the first button."""
        event.stop()
        if not self.busy:
            self.accept()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The two buttons."""
        event.stop()
        if event.button.id == "accept":
            self.accept()
        else:
            self.action_cancel()
