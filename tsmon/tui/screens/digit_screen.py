"""What the picker and the draw pad have in common: a target, the shared keys, notes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import ClassVar

from textual.reactive import var
from textual.screen import Screen

from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.tui.desk import Desk
from tsmon.tui.keymap import SHARED_KEYS, Key, PaneName
from tsmon.tui.notes import EXPECTED, Note
from tsmon.tui.screens.choose import ChooseVersion
from tsmon.tui.screens.help import Help
from tsmon.tui.widgets.raster import Symbols

NO_VERSION = Note("no model is registered", "r in the monitor registers one")


class DigitScreen(Screen[None]):
    """A screen of its own above the monitor, which goes on watching below."""

    KEYS: ClassVar[tuple[Key, ...]]
    """Its keys, the most important first."""

    symbols = var(Symbols.BRAILLE, init=False)

    def __init__(self, desk: Desk, symbols: Symbols, *, aim: Callable[[ModelKey], None]) -> None:
        """`aim` has the monitor select the version that is chosen here."""
        super().__init__()
        self.desk = desk
        self._aim = aim
        self.set_reactive(DigitScreen.symbols, symbols)

    @property
    def models(self) -> list[ModelStatus]:
        """The versions on the server."""
        return [model for model in self.desk.session.monitor.latest.models if not model.gone]

    @property
    def footer_keys(self) -> list[Key]:
        """Its own keys; how to get help is in every footer."""
        return [key for key in self.KEYS if key not in SHARED_KEYS and not key.is_many]

    def note(self, note: Note, *, bad: bool = True) -> None:
        """Tell something that has no place of its own on the screen."""
        self.notify(
            str(note),
            severity="error" if bad else "information",
            timeout=10 if bad else 5,
            markup=False,
        )

    def do(self, work: Coroutine[None, None, None], group: str = "actions") -> None:
        """Carry an action out beside the screen; what goes wrong is told."""
        self.run_worker(self._guard(work), group=group)

    async def _guard(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except EXPECTED as error:
            self.note(Note.of(error))

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

    def action_help(self) -> None:
        """Show the keys, those of this screen first."""
        read_only = self.desk.session.read_only
        self.app.push_screen(
            Help(read_only=read_only, pane=PaneName.DIGITS, first=self.KEYS[0].group)
        )
