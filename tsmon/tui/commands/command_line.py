"""The line at the bottom that a command is typed into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Input, Static

from tsmon.tui import keymap
from tsmon.tui.commands.offers import Completion, Offer, complete
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import AboveInPart
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.words import Words
from tsmon.untrusted.text import brief

if TYPE_CHECKING:
    from tsmon.tui.text.notes import Note

MOST_OFFERS = 8
"""Completions that are shown at once."""
MOST_NAME = 32
"""Columns that names get at most before the help."""
TAKEN = "▸"
"""Marks the completion that tab takes."""


class CommandLine(AboveInPart[str]):
    """Gives the line that was typed; None when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(
        (*keymap.DIALOG_KEYS, *keymap.COMMAND_KEYS)
    )

    def __init__(
        self,
        offers: Sequence[Offer],
        history: Sequence[str] = (),
        line: str = "",
        problem: Note | None = None,
    ) -> None:
        """`line` already exists, with what was wrong with it."""
        super().__init__()
        self._offers = offers
        self._lines = [*history, line]
        self._at = len(history)
        self._problem = problem
        self._completions: list[Completion] = []

    def compose(self) -> ComposeResult:
        """What it can become, above the line itself: the likeliest next to what is typed."""
        with Vertical(id="command"):
            yield Words(id="command-completions")
            yield Words(id="command-problem")
            with Horizontal(id="command-line"):
                yield Static(":", id="command-sign")
                yield Input(
                    self._lines[-1],
                    suggester=_Completing(self._offers),
                    select_on_focus=False,
                    compact=True,
                    id="command-input",
                )

    def on_mount(self) -> None:
        """Show the prompt; take the keys that are pressed from now on."""
        self.set_focus(self._input)
        self._show_problem()
        self._show_completions()

    @property
    def _input(self) -> Input:
        return self.query_one(Input)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Update the completions as the person types."""
        event.stop()
        if event.value != self._lines[self._at]:
            self._problem = None
        self._show_problem()
        self._show_completions()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Carry it out; nothing typed is nothing to do."""
        event.stop()
        self.dismiss(event.value.strip() or None)

    def on_click(self, event: events.Click) -> None:
        """A click beside it leaves it."""
        if event.widget is self:
            self.action_cancel()

    def action_cancel(self) -> None:
        """Close the command line without running anything."""
        self.dismiss(None)

    def action_complete(self) -> None:
        """Take the first completion, as far as it goes."""
        self.action_take(0)

    def action_take(self, at: int) -> None:
        """Take a completion that was clicked, unless the list became shorter meanwhile."""
        if at < len(self._completions):
            self._put(self._completions[at].line)

    def action_recall(self, direction: int) -> None:
        """Bring back a line that was typed before, or after, the one that is there."""
        self._at = min(max(self._at + direction, 0), len(self._lines) - 1)
        self._put(self._lines[self._at])

    def _put(self, text: str) -> None:
        self._input.value = text
        self._input.cursor_position = len(text)

    def _show_problem(self) -> None:
        words = None
        if note := self._problem:
            hint = keys_of(self).expand(note.hint)
            words = line((f"✗ {note.message}  ", Tone.BAD), (hint, Tone.PLAIN))
        self.query_one("#command-problem", Words).say(words)

    def _show_completions(self) -> None:
        self._completions = complete(self._input.value, self._offers)
        most = MOST_OFFERS + 1 if len(self._completions) == MOST_OFFERS + 1 else MOST_OFFERS
        chosen = self._completions[:most]
        width = min(max((len(_name(each)) for each in chosen), default=0), MOST_NAME)
        shown = [_format(at, each, width) for at, each in enumerate(chosen)]
        more = len(self._completions) - len(shown)
        if more:
            shown.append(line((f"  {more} more", Tone.MUTED)))
        content = Content("\n").join(reversed(shown)) if shown else None
        self.query_one("#command-completions", Words).say(content)


class _Completing(Suggester):
    """Shows the rest of the first completion behind the cursor."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._offers = offers

    async def get_suggestion(self, value: str) -> str | None:
        """The first line that begins with what is typed."""
        lines = (each.line for each in complete(value, self._offers))
        return next((text for text in lines if text.startswith(value)), None)


def _name(completion: Completion) -> str:
    return f"{completion.line.strip()} {completion.words}".strip()


def _format(at: int, completion: Completion, width: int) -> Content:
    """One completion; the first one, which tab takes, stands out."""
    sign = TAKEN if at == 0 else " "
    click = f"{'bold ' if at == 0 else ''}@click=screen.take({at})"
    name = Content.styled(brief(f"{sign} {_name(completion):<{width}}"), click)
    return name + line((f"  {completion.help}", Tone.MUTED))
