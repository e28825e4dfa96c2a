"""What the picker and the draw pad have in common: a target, the shared keys, notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.reactive import var

from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.tui.desk import Desk
from tsmon.tui.keymap import PaneName
from tsmon.tui.notes import Note
from tsmon.tui.screens.choose import ChooseVersion
from tsmon.tui.screens.full_page import FullPage
from tsmon.tui.widgets.raster import Symbols

NO_VERSION = Note("no model is registered", "r in the monitor registers one")


class DigitScreen(FullPage[None]):
    """A screen of its own above the monitor, which goes on watching below."""

    PANE: ClassVar[PaneName] = PaneName.DIGITS

    symbols = var(Symbols.BRAILLE, init=False)

    def __init__(self, desk: Desk, symbols: Symbols, *, aim: Callable[[ModelKey], None]) -> None:
        """`aim` has the monitor select the version that is chosen here."""
        super().__init__(desk.session)
        self.desk = desk
        self._aim = aim
        self.set_reactive(DigitScreen.symbols, symbols)

    @property
    def models(self) -> list[ModelStatus]:
        """The versions on the server."""
        return [model for model in self.desk.session.monitor.latest.models if not model.gone]

    async def choose(
        self, heading: str, words: str, models: list[ModelStatus], now: ModelKey | None
    ) -> ModelKey | None:
        """Ask for one of some versions; None when there is none or none was taken."""
        if not models:
            self.note(NO_VERSION)
            return None
        return await self.app.push_screen_wait(ChooseVersion(heading, words, models, now))

    def action_version(self) -> None:
        """Choose the version to send to."""
        self.do(self._choose_target())

    async def _choose_target(self) -> None:
        words = "Images are sent to this version, in the monitor as well."
        key = await self.choose("Version", words, self.models, self.desk.target)
        if key:
            self.desk.target = key
            self._aim(key)
            self.target_changed()

    def target_changed(self) -> None:
        """Show what is about another version now."""
        raise NotImplementedError
