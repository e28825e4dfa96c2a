"""How a screen notifies and asks a person, and runs work beside it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from textual.screen import Screen

from tsmon.tui.keymap.active import keys_of
from tsmon.tui.text.notes import EXPECTED, Note

if TYPE_CHECKING:
    from tsmon.tui.screens.above import Result

Work = Coroutine[Any, Any, object]


@runtime_checkable
class QueuesKeys(Protocol):
    """An app that keeps keys pressed ahead for the dialog they are meant for."""

    def expect_dialog(self) -> None:
        """Keep the keys pressed from now on for the dialog that is about to open."""

    def expect_none(self) -> None:
        """Release them: the dialog is there, or will not come."""


class Talk:
    """Notes, dialogs and work of one screen."""

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen

    @property
    def is_on_top(self) -> bool:
        """Whether nothing is open above the screen."""
        return self._screen.app.screen is self._screen

    def note(self, note: Note, *, bad: bool = True) -> None:
        """Show a message that has no place of its own on the screen."""
        self._screen.notify(
            keys_of(self._screen).expand(str(note)),
            severity="error" if bad else "information",
            timeout=10 if bad else 5,
            markup=False,
        )

    def copy(self, text: str) -> None:
        """Hand a text to the terminal's clipboard."""
        self._screen.app.copy_to_clipboard(text)

    def push(
        self, screen: Screen[Result], done: Callable[[Result | None], None] | None = None
    ) -> None:
        """Open a screen above."""
        self._screen.app.push_screen(screen, done)

    async def push_wait(self, screen: Screen[Result]) -> Result:
        """Open a screen above and wait for its result; only in work."""
        return await self._screen.app.push_screen_wait(screen)

    def do(self, work: Work, group: str = "actions") -> None:
        """Work beside the screen; errors are shown."""
        self._screen.run_worker(self._guard(work), group=group)

    def ask(self, work: Work) -> None:
        """Do work that begins with a dialog; keys pressed from now on are for that."""
        app = self._screen.app
        if isinstance(app, QueuesKeys):
            app.expect_dialog()
        self.do(self._asking(work))

    def cancel(self, group: str) -> None:
        """Stop the work of a group."""
        self._screen.workers.cancel_group(self._screen, group)

    def drop(self) -> None:
        """Let go of everything that is asked or to be done; keys wait for no dialog any more."""
        for group in ("actions", "rollouts"):
            self.cancel(group)
        self._expect_none()

    async def _guard(self, work: Work) -> None:
        try:
            await work
        except EXPECTED as error:
            self.note(Note.of(error))

    async def _asking(self, work: Work) -> None:
        try:
            await work
        finally:
            self._expect_none()

    def _expect_none(self) -> None:
        app = self._screen.app
        if isinstance(app, QueuesKeys):
            app.expect_none()
