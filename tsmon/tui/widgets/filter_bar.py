"""The line in which a filter is typed, above the rows it is for."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.state.filters import GRAMMAR, Filter, parse_filter
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.words import Words


class FilterBar(Vertical):
    """Shown while it is typed in; the filter stays on when it is gone."""

    class Changed(Message):
        """Another filter is on."""

    class Left(Message):
        """The filter is typed; the rows get the focus again."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self.filter = Filter()
        """The one that is on."""

    def compose(self) -> ComposeResult:
        """The field, and a line for what is wrong with it."""
        with Horizontal(classes="filter-line"):
            yield Static("/", classes="filter-prompt")
            yield Input(placeholder=GRAMMAR, compact=True)
        yield Words(classes="filter-problem")

    def on_mount(self) -> None:
        """Start without a filter."""
        self.display = False
        self.query_one(Words).display = False

    def open(self) -> None:
        """Ask for a filter, beginning with the one that is on."""
        self.display = True
        # At once, so that the next key is for it already.
        self.screen.set_focus(self.query_one(Input))

    def put(self, text: str) -> None:
        """Have a filter that was typed elsewhere.

        Raises:
            InvalidArgument: it is not valid.
        """
        if problem := parse_filter(text).problem:
            raise InvalidArgument(problem)
        self.query_one(Input).value = text
        self._set(text)

    def clear(self) -> bool:
        """Have no filter and go away; whether there was anything to clear."""
        if not self.display and not self.filter.text:
            return False
        self.query_one(Input).value = ""
        self._set("")
        self._leave()
        return True

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        self._set(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the rows; an invalid expression stays to be corrected."""
        event.stop()
        if not self.filter.problem:
            self._leave()

    def _set(self, typed: str) -> None:
        found = parse_filter(typed)
        if found == self.filter:
            return
        self.filter = found
        problem = line((f"✗ {found.problem}", Tone.BAD)) if found.problem else None
        self.query_one(Words).say(problem)
        self.post_message(self.Changed())

    def _leave(self) -> None:
        self.display = False
        self.post_message(self.Left())
