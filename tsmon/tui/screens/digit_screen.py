"""What the picker and the draw pad have in common: a target, the shared keys, notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.reactive import var

from tsmon.tui.keymap import PaneName
from tsmon.tui.screens.full_page import FullPage
from tsmon.tui.screens.list_dialog import ChooseVersion
from tsmon.tui.text.notes import Note
from tsmon.tui.text.symbols import Symbols

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus
    from tsmon.tui.state.digits import Desk

FOLLOW_S = 0.25
"""Between two looks whether the monitor has selected another version below."""
NO_VERSION = Note("no model is registered", "{model.register} in the monitor registers one")


class DigitScreen(FullPage[None]):
    """A screen of its own above the monitor, which goes on watching below."""

    PANE: ClassVar[PaneName] = PaneName.DIGITS

    symbols = var(Symbols.BRAILLE, init=False)

    def __init__(self, desk: Desk, symbols: Symbols, *, aim: Callable[[ModelKey], None]) -> None:
        """`aim` has the monitor select the version that is chosen here."""
        super().__init__(desk.session)
        self.desk = desk
        self._aim = aim
        self._has_handler: bool | None = None
        self._shown_target: ModelKey | None = None
        self.set_reactive(DigitScreen.symbols, symbols)

    def on_mount(self) -> None:
        """Show what is about the target, and take up another one."""
        self.target_changed()
        self.set_interval(FOLLOW_S, self._follow_target)

    @property
    def models(self) -> list[ModelStatus]:
        """The versions on the server."""
        return [model for model in self.desk.session.monitor.latest.models if not model.gone]

    async def choose(
        self, heading: str, words: str, models: list[ModelStatus], now: ModelKey | None
    ) -> ModelKey | None:
        """Ask for one of some versions; None when there is none or none was taken."""
        if not models:
            self.talk.note(NO_VERSION)
            return None
        return await self.app.push_screen_wait(ChooseVersion(heading, words, models, now))

    def action_version(self) -> None:
        """Choose the version to send to."""
        self.talk.do(self._choose_target())

    async def _choose_target(self) -> None:
        words = "Images are sent to this version, in the monitor too."
        key = await self.choose("Version", words, self.models, self.desk.target)
        if key:
            self.desk.target = key
            self._aim(key)
            self.target_changed()

    def _follow_target(self) -> None:
        if self.desk.target != self._shown_target:
            self.target_changed()

    def target_changed(self) -> None:
        """Show what is about another version now, and ask whether it has the digit handler."""
        self._shown_target = self.desk.target
        self.show_target()
        self._ask_handler()

    def show_target(self) -> None:
        """Show what is about the target."""
        raise NotImplementedError

    def show_seen_title(self) -> None:
        """Show what is known of whose view the preprocessed picture is."""
        raise NotImplementedError

    @property
    def seen_title(self) -> str:
        """What stands above the preprocessed picture; it says when it may not be the model's."""
        if self._has_handler:
            return "what the model sees"
        if self._has_handler is None:
            return "what the digit handler sees"
        return "the digit handler would see"

    @work(group="handler", exclusive=True)
    async def _ask_handler(self) -> None:
        target, self._has_handler = self.desk.target, None
        if target is not None:
            self._has_handler = await self.desk.has_digit_handler(target)
        if self.is_open:
            self.show_seen_title()
