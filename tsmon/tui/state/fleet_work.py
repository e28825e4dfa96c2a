"""The change of several servers that is in progress, or was made last; no page ends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tsmon.declared.many import Stand
from tsmon.tui.state.jobs import Job
from tsmon.tui.text.notes import Note
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.declared.many import ChangeOfMany
    from tsmon.fleet.targets import FleetTarget


class ChangeJob(Job):
    """Changes servers one after the other."""

    def __init__(
        self,
        title: str,
        work: ChangeOfMany,
        targets: Mapping[str, FleetTarget],
        changed: Callable[[], None],
    ) -> None:
        """`targets` are its servers, by the keys that `work` calls them by."""
        super().__init__(changed)
        self.title = title
        self.work = work
        self.targets = targets
        work.changed = lambda _: changed()

    async def carry_out(self) -> None:
        """Change its servers in turn."""
        await self.work.run()

    def name(self, server: str) -> str:
        """What a person calls a server."""
        return self.targets[server].name

    @property
    def failed(self) -> bool:
        """Whether it did not come to its end."""
        return self.work.failed or self.stopped or self.problem is not None

    @property
    def can_be_undone(self) -> bool:
        """Whether it is over and changed something."""
        return not self.running and bool(self.work.to_put_back)

    @property
    def counts(self) -> str:
        """How many servers stand how."""
        stands = Counter(each.stand for each in self.work.servers.values())
        return ", ".join(f"{stands[stand]} {stand}" for stand in Stand if stands[stand])

    def summary(self) -> Note:
        """How it ended: how many servers are changed, which failed and why."""
        failed = [
            f"{self.name(server)}: {each.why}"
            for server, each in self.work.servers.items()
            if each.stand is Stand.FAILED
        ]
        if self.problem is not None:
            failed.append(str(self.problem))
        servers = plural(len(self.work.servers), "server")
        return Note(f"{self.title}, {servers}: {self.counts}", "\n".join(failed))


class FleetWork:
    """Holds it while the fleet's page comes and goes."""

    def __init__(self, note: Callable[[Note, bool], None] = lambda _note, _bad: None) -> None:
        """`note` hears how a change ended that no one followed, and whether that is bad."""
        self._note = note
        self.job: ChangeJob | None = None
        self.followed = False
        """Whether a dialog shows it, so that its end need not be reported."""
        self.listener: Callable[[], None] = lambda: None
        """The page that is open hears of each step."""

    @property
    def running(self) -> bool:
        """Whether servers are being changed."""
        return self.job is not None and self.job.running

    def begin(
        self, title: str, work: ChangeOfMany, targets: Mapping[str, FleetTarget]
    ) -> ChangeJob:
        """Change servers; what was done before cannot be undone from here any more."""
        self.followed = False
        self.job = ChangeJob(title, work, targets, self._changed)
        return self.job

    def _changed(self) -> None:
        self.listener()
        job = self.job
        if job is not None and not job.running and not self.followed:
            self._note(job.summary(), job.failed)
