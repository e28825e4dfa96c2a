"""The messages between the parts of the monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from tsmon.fleet.snapshot import FleetSnapshot
    from tsmon.serving.record import ServerRecord
    from tsmon.telemetry.snapshot import Snapshot
    from tsmon.tui.state.jobs import Job
    from tsmon.tui.state.session import Session


class Refreshed(Message):
    """A tick of the monitor; a newer one replaces those that still wait, so none pile up."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """A later snapshot says all that an earlier one said."""
        return isinstance(message, Refreshed)


class ServerOpened(Message):
    """There is a server on this machine to be watched from now on."""

    def __init__(self, record: ServerRecord, *, started: bool) -> None:
        super().__init__()
        self.record = record
        self.started = started
        """Whether it was started from within the monitor."""


class ServerChosen(Message):
    """A server of the configuration is to be watched from now on."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class SessionOpened(Message):
    """Something else is to be watched from now on."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session


class FleetRefreshed(Message):
    """What is known of the fleet now; a newer one replaces those that still wait."""

    def __init__(self, snapshot: FleetSnapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """A later snapshot says all that an earlier one said."""
        return isinstance(message, FleetRefreshed)


class DemoWanted(Message):
    """The monitor is to be left for the demo."""


class JobBegun(Message):
    """Something is under way that must end before the monitor does."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job
