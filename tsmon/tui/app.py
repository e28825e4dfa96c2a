"""The monitor's app: a session in, an exit code out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from textual import events
from textual.app import SystemCommand
from textual.screen import Screen

from tsmon.serving.record import ServerRecord
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui import layout
from tsmon.tui.commands.offers import Offer, find, offer_command, offer_key, split
from tsmon.tui.commands.table import COMMANDS
from tsmon.tui.experiment_job import ExperimentJob
from tsmon.tui.keyed import KeyedApp
from tsmon.tui.messages import ExperimentBegun, ServerChosen, ServerOpened
from tsmon.tui.notes import EXPECTED, Note
from tsmon.tui.options import MonitorOptions
from tsmon.tui.screens.command_line import CommandLine
from tsmon.tui.screens.monitor import MonitorScreen
from tsmon.tui.servers import open_server
from tsmon.tui.session import LiveSession, Session

__all__ = ["MonitorOptions", "TsmonApp"]


class TsmonApp(KeyedApp[int]):
    """Watches a session; its result is the exit code."""

    TITLE = "tsmon"
    CSS_PATH = Path(__file__).with_name("tsmon.tcss")
    HORIZONTAL_BREAKPOINTS = layout.WIDTHS
    VERTICAL_BREAKPOINTS = layout.HEIGHTS

    def __init__(
        self,
        session: Session,
        options: MonitorOptions = MonitorOptions(),  # noqa: B008 (frozen)
    ) -> None:
        super().__init__(options.keys)
        self.animation_level = "none"
        self.theme = options.theme
        self.session = session
        self.started: ServerRecord | None = None
        """The server that was started from within, if one was."""
        self.experiment: ExperimentJob | None = None
        """The last experiment, which may be under way."""
        self._typed: list[str] = []
        """The commands of this session, the newest last."""
        self._options = options

    def get_default_screen(self) -> MonitorScreen:
        """The monitor itself."""
        return MonitorScreen(self.session, self._options)

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

    async def action_command_line(self) -> None:
        """Ask for a command."""
        await self.type_command()

    def on_key(self, event: events.Key) -> None:
        """Keys that were pressed while the command line opened are for it."""
        if isinstance(self.screen, CommandLine) and event.character and event.is_printable:
            self.screen.insert(event.character)

    async def type_command(self, line: str = "", problem: Note | None = None) -> None:
        """Ask for a command; `line` is there already, with what is wrong with it."""
        offers = self._offers(self.screen)

        async def carry_out(typed: str | None) -> None:
            if typed is None:
                return
            if typed not in self._typed[-1:]:
                self._typed.append(typed)
            name, argument = split(typed)
            try:
                await self._carry_out(find(name, offers), argument)
            except EXPECTED as error:
                await self.type_command(typed, Note.of(error))

        await self.push_screen(CommandLine(offers, self._typed, line, problem), carry_out)

    def _offers(self, screen: Screen[Any]) -> list[Offer]:
        """What can be done on a screen, the commands with arguments first."""
        monitor, keys = self._monitor, getattr(screen, "KEYS", ())
        offers = [
            offer_command(command, monitor)
            for command in COMMANDS
            if (screen is monitor or command.everywhere)
            and (not command.like or monitor.check_action(command.like, ()))
        ]
        for key in keys:
            opens_this = key.id in ("app.palette", "app.command")
            if not (opens_this or key.is_many) and screen.check_action(key.action_name, ()):
                run = partial(self._run_on, screen, key.action)
                offers.append(offer_key(self.keys.of(key), run))
        return offers

    async def _run_on(self, screen: Screen[Any], action: str, _argument: str) -> None:
        await self.run_action(action, screen)

    async def _carry_out(self, offer: Offer, argument: str = "") -> None:
        done = offer.run(argument)
        if done is not None:
            await done

    def on_server_opened(self, message: ServerOpened) -> None:
        """Watch a server of this machine instead."""
        record, old = message.record, self.session
        if message.started:
            self.started = record
        addresses = Addresses(record.inference, record.management, record.metrics)
        client = TorchServe(addresses, KeyRing(record.key_file), read_only=old.read_only)
        self._watch(LiveSession(client, old.monitor.period_s), record.management)

    def on_server_chosen(self, message: ServerChosen) -> None:
        """Watch a server of the configuration instead."""
        settings = self._options.config.servers[message.name]
        try:
            session = open_server(settings, self.session.monitor.period_s)
        except EXPECTED as error:
            self._monitor.note(Note.of(error))
        else:
            self._watch(session, message.name)

    @property
    def _monitor(self) -> MonitorScreen:
        screen = self.screen_stack[0]
        assert isinstance(screen, MonitorScreen)  # noqa: S101 (our own default screen)
        return screen

    def _watch(self, session: Session, name: str) -> None:
        """Turn the monitor to another server, and let go of the one before."""
        old, self.session = self.session, session
        self._monitor.connect(session)
        self._monitor.note(Note(f"watching {name}"), bad=False)
        self.run_worker(old.close(), group="closing")

    def on_experiment_begun(self, message: ExperimentBegun) -> None:
        """Remember what has to be put back before leaving."""
        self.experiment = message.job

    async def action_quit(self) -> None:
        """Leave; all is well. An experiment under way first puts its model back."""
        self.run_worker(self._leave(), group="leaving", exclusive=True)

    async def _leave(self) -> None:
        await self._end_experiment()
        self.exit(0)

    async def _end_experiment(self) -> None:
        """Stop the experiment under way, if there is one, and wait until its model is put back."""
        if self.experiment is not None:
            self.experiment.stop()
            await self.experiment.ended()

    async def on_unmount(self) -> None:
        """Let go of the session; requests under way get a moment."""
        await self._end_experiment()
        await self.session.close()

    def _runs(self, offer: Offer, argument: str = "") -> Callable[[], Awaitable[None]]:
        """What the palette calls."""

        async def run() -> None:
            try:
                await self._carry_out(offer, argument)
            except EXPECTED as error:
                self._monitor.note(Note.of(error))

        return run
