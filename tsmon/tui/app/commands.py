"""What can be typed after `:` or chosen in the palette, and carrying it out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import App, SystemCommand
from textual.screen import Screen

from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.commands.command_line import CommandLine
from tsmon.tui.commands.offers import Offer, find, offer_command, offer_key, split
from tsmon.tui.commands.table import COMMANDS as TABLE
from tsmon.tui.commands.table import select_version, version_names
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.monitor.presence import Refused
from tsmon.tui.state.command_history import CommandHistory
from tsmon.tui.text.notes import EXPECTED, Note

if TYPE_CHECKING:
    from pathlib import Path

    from tsmon.tui.keymap import Key
    from tsmon.tui.monitor.screen import MonitorScreen


class Commands:
    """The commands for the screen that is shown."""

    def __init__(
        self, app: App[Any], monitor: Callable[[], MonitorScreen], history_file: Path | None
    ) -> None:
        """`history_file` keeps what was typed for later sessions."""
        self._app = app
        self._monitor = monitor
        self._typed = CommandHistory(history_file)

    def start(self) -> None:
        """Have the commands of earlier sessions at hand."""
        self._beside(self._typed.load)

    def for_palette(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """All that can be typed after `:`, with each argument there is."""
        for offer in self._offers(screen):
            if offer.title or not offer.arguments:
                yield SystemCommand(offer.title or offer.name, offer.help, self._runs(offer))
                continue
            for choice in offer.choices():
                title = f"{offer.name} {choice}"
                yield SystemCommand(title, offer.help, self._runs(offer, choice))
            typing = partial(self.ask, f"{offer.name} ")
            yield SystemCommand(f"{offer.name} {offer.arguments} …", offer.help, typing)

    async def ask(self, line: str = "", problem: Note | None = None) -> None:
        """Ask for a command; `line` already exists, with what is wrong with it."""
        screen = self._app.screen
        offers, withheld = self._offers(screen), self._withheld(screen)

        async def carry_out(typed: str | None) -> None:
            if typed is None:
                return
            self._typed.add(typed)
            self._beside(self._typed.save)
            name, argument = split(typed)
            try:
                await _carry_out(find(name, [*offers, *withheld]), argument)
            except EXPECTED as error:
                await self.ask(typed, Note.of(error))

        await self._app.push_screen(
            CommandLine(offers, self._typed.lines, line, problem), carry_out
        )

    def _offers(self, screen: Screen[Any]) -> list[Offer]:
        """What can be done on a screen, the commands with arguments first."""
        monitor = self._monitor()
        keys = monitor.all_keys if screen is monitor else getattr(screen, "KEYS", ())
        offers = [
            offer_command(command, monitor)
            for command in TABLE
            if (screen is monitor or command.everywhere)
            and (not command.like or monitor.offers(command.like))
        ]
        for key in keys:
            opens_this = key.id in ("app.palette", "app.command")
            if not (opens_this or key.is_many) and screen.check_action(*key.call):
                run = partial(self._run_on, screen, key)
                described = monitor.actions.describe(key) if screen is monitor else None
                versions = partial(version_names, monitor)
                offers.append(offer_key(keys_of(self._app).of(key), run, described, versions))
        return offers

    def _withheld(self, screen: Screen[Any]) -> list[Offer]:
        """What is not offered on the monitor now, and says why when it is typed."""
        monitor = self._monitor()
        if screen is not monitor:
            return []
        offers = []
        for key in monitor.all_keys:
            if refusal := monitor.actions.why_not(key, monitor.session):
                refuse = partial(_refuse, Refused(refusal[0].message, refusal[0].hint))
                offers.append(offer_key(key, refuse))
                names = [command.name for command in TABLE if command.like == key.id]
                offers += [Offer(name, "", refuse) for name in names]
        return offers

    def _beside(self, work: Callable[[], None]) -> None:
        self._app.run_worker(work, thread=True, group="history")

    async def _run_on(self, screen: Screen[Any], key: Key, argument: str) -> None:
        if argument and not key.of_version:
            raise InvalidArgument(f"{key.label} takes no argument", f"such as {key.id}")
        if argument:
            select_version(self._monitor(), argument)
        await self._app.run_action(key.action, screen)

    def _runs(self, offer: Offer, argument: str = "") -> Callable[[], Awaitable[None]]:
        """What the palette calls."""

        async def run() -> None:
            try:
                await _carry_out(offer, argument)
            except EXPECTED as error:
                self._monitor().talk.note(Note.of(error))

        return run


def _refuse(refusal: Refused, _argument: str) -> None:
    raise refusal


async def _carry_out(offer: Offer, argument: str = "") -> None:
    done = offer.run(argument)
    if done is not None:
        await done
