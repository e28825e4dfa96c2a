"""The app that does what is typed after `:` or found in the palette."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

from tsmon.tui.app.notifications import NotingApp
from tsmon.tui.commands.command_line import CommandLine
from tsmon.tui.commands.offers import Offer, find, offer_command, offer_key, split
from tsmon.tui.commands.table import COMMANDS as TABLE
from tsmon.tui.keymap import KEYS
from tsmon.tui.monitor.presence import Refused
from tsmon.tui.monitor.screen import MonitorScreen
from tsmon.tui.screens.above import Palette
from tsmon.tui.state.options import MonitorOptions
from tsmon.tui.state.session import Session
from tsmon.tui.text.notes import EXPECTED, Note


class CommandedApp(NotingApp[int]):
    """Has a session to watch, and commands for the screen that is shown."""

    def __init__(self, session: Session, options: MonitorOptions) -> None:
        super().__init__(options.keys)
        self.session = session
        self._options = options
        self._typed: list[str] = []
        """The commands of this session, the newest last."""

    @property
    def monitor(self) -> MonitorScreen:
        """The screen at the bottom of all others."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MonitorScreen)  # noqa: S101 (our own default screen)
        return screen

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: all that can be typed after `:`, with each argument there is."""
        for offer in self._offers(screen):
            if not offer.arguments:
                yield SystemCommand(offer.title or offer.name, offer.help, self._runs(offer))
                continue
            for choice in offer.choices():
                title = f"{offer.name} {choice}"
                yield SystemCommand(title, offer.help, self._runs(offer, choice))
            typing = partial(self.type_command, f"{offer.name} ")
            yield SystemCommand(f"{offer.name} {offer.arguments} …", offer.help, typing)

    def action_command_palette(self) -> None:
        """Find a command by its name."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    async def action_command_line(self) -> None:
        """Ask for a command."""
        await self.type_command()

    async def type_command(self, line: str = "", problem: Note | None = None) -> None:
        """Ask for a command; `line` is there already, with what is wrong with it."""
        offers, withheld = self._offers(self.screen), self._withheld(self.screen)

        async def carry_out(typed: str | None) -> None:
            if typed is None:
                return
            if typed not in self._typed[-1:]:
                self._typed.append(typed)
            name, argument = split(typed)
            try:
                await self._carry_out(find(name, [*offers, *withheld]), argument)
            except EXPECTED as error:
                await self.type_command(typed, Note.of(error))

        await self.push_screen(CommandLine(offers, self._typed, line, problem), carry_out)

    def _offers(self, screen: Screen[Any]) -> list[Offer]:
        """What can be done on a screen, the commands with arguments first."""
        monitor, keys = self.monitor, getattr(screen, "KEYS", ())
        offers = [
            offer_command(command, monitor)
            for command in TABLE
            if (screen is monitor or command.everywhere)
            and (not command.like or monitor.offers(command.like))
        ]
        for key in keys:
            opens_this = key.id in ("app.palette", "app.command")
            if not (opens_this or key.is_many) and screen.check_action(*key.call):
                run = partial(self._run_on, screen, key.action)
                told = monitor.actions.describe(key) if screen is monitor else None
                offers.append(offer_key(self.keys.of(key), run, told))
        return offers

    def _withheld(self, screen: Screen[Any]) -> list[Offer]:
        """What is not offered on the monitor now, and says why when it is typed."""
        monitor = self.monitor
        if screen is not monitor:
            return []
        offers = []
        for key in KEYS:
            if refusal := monitor.actions.why_not(key, monitor.session):
                refuse = partial(_refuse, Refused(refusal[0].message, refusal[0].hint))
                offers.append(offer_key(key, refuse))
                names = [command.name for command in TABLE if command.like == key.id]
                offers += [Offer(name, "", refuse) for name in names]
        return offers

    async def _run_on(self, screen: Screen[Any], action: str, _argument: str) -> None:
        await self.run_action(action, screen)

    async def _carry_out(self, offer: Offer, argument: str = "") -> None:
        done = offer.run(argument)
        if done is not None:
            await done

    def _runs(self, offer: Offer, argument: str = "") -> Callable[[], Awaitable[None]]:
        """What the palette calls."""

        async def run() -> None:
            try:
                await self._carry_out(offer, argument)
            except EXPECTED as error:
                self.monitor.talk.note(Note.of(error))

        return run


def _refuse(refusal: Refused, _argument: str) -> None:
    raise refusal
