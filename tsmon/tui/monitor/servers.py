"""The server that is watched: how often it is asked, another one in its place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tsmon.torchserve.addresses import MANAGEMENT_PORT
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.state.messages import DemoWanted, ServerOpened
from tsmon.tui.state.steps import other_period

if TYPE_CHECKING:
    from tsmon.tui.monitor.screen import MonitorScreen

PERIOD_KEYS = ("time.ask-less", "time.ask-more")


class ServerActions(Capability):
    """What concerns the server as a whole, and the first steps where there is none."""

    def __init__(self, host: MonitorScreen) -> None:
        super().__init__(host)
        self._welcomes = host.options.welcome

    def actions(self) -> Handlers:
        """The period, and the keys of the server that open no page."""
        less, more = PERIOD_KEYS
        return {
            less: partial(self._change_period, 1),
            more: partial(self._change_period, -1),
            "server.start": lambda: self.talk.ask(self._start()),
        }

    def allows(self, id_: str) -> bool:
        """A recording was made with a period of its own."""
        return not (self.host.session.replays and id_ in PERIOD_KEYS)

    # The period

    def set_period(self, seconds: float) -> None:
        """Ask the server every so many seconds from now on."""
        self.host.session.monitor.period_s = seconds
        self.host.session.monitor.poke()
        self.host.show_server()

    def _change_period(self, direction: int) -> None:
        self.set_period(other_period(self.host.session.monitor.period_s, direction))

    # A server of this machine

    async def _start(self) -> None:
        from tsmon.tui.screens.start_server import StartServerDialog

        options = self.host.options
        addresses = self.host.session.client.addresses
        port = urlsplit(addresses.management).port or MANAGEMENT_PORT
        read_only = self.host.session.read_only
        dialog = StartServerDialog(
            options.server_home, options.model_store, port, read_only=read_only
        )
        opened = await self.talk.push_wait(dialog)
        if opened:
            self.host.post_message(ServerOpened(opened.record, started=opened.started))

    def snapshot_shown(self) -> None:
        """Where no server answers from the start, offer the first steps."""
        if self._welcomes:
            self._welcomes = False
            if self.host.away and self.host.session.can_act and not self.host.session.read_only:
                self.talk.do(self._welcome())

    async def _welcome(self) -> None:
        from tsmon.tui.screens.welcome import FirstStep, Welcome

        label = self.host.session.monitor.latest.server.label
        step = await self.talk.push_wait(Welcome(label))
        if step is FirstStep.DEMO:
            self.host.post_message(DemoWanted())
        elif step is FirstStep.START:
            self.talk.ask(self._start())
