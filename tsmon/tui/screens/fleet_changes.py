"""Marked servers of the fleet, and what is done on all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tsmon.fleet.targets import Origin
from tsmon.torchserve.errors import READ_ONLY_HINT, TorchServeError
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.state.messages import JobBegun
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.units import plural

if TYPE_CHECKING:
    from pathlib import Path

    from textual.content import Content

    from tsmon.declared.state import DeclaredState, DeclaredVersion
    from tsmon.fleet.arrange import FleetLine
    from tsmon.fleet.snapshot import FleetSnapshot, ServerRow
    from tsmon.fleet.targets import FleetTarget
    from tsmon.torchserve.client import TorchServe
    from tsmon.tui.screens.change_servers import Asked
    from tsmon.tui.screens.fleet import FleetScreen
    from tsmon.tui.state.fleet_work import FleetWork
    from tsmon.tui.state.options import MonitorOptions

READ_AT_ONCE = 8
"""Servers asked for their models at a time before they are changed."""
ONLY_PROMETHEUS = "known from Prometheus alone, and its management address does not answer"


class Refused(TorchServeError):
    """A server cannot be changed from here."""


class FleetChanges:
    """The marks of the fleet's page, and what its keys do on them."""

    def __init__(self, screen: FleetScreen, work: FleetWork, options: MonitorOptions) -> None:
        self._screen = screen
        self._work = work
        self._options = options
        self._marks: set[str] = set()
        self._reading = 0
        self._following: Callable[[], None] = lambda: None

    def begin(self) -> None:
        """Follow what is in progress."""
        self._work.listener = self._stepped

    def end(self) -> None:
        """The page is closed; the change continues."""
        self._work.listener = lambda: None
        self._work.followed = False

    # Marks

    def mark(self, chosen: FleetLine | None) -> None:
        """Mark a row's server, or take its mark away."""
        if chosen is not None:
            self._marks ^= {chosen.server.target.key}

    def mark_shown(self, lines: Sequence[FleetLine]) -> None:
        """Mark all servers that are shown; when they are, take their marks away."""
        shown = {each.server.target.key for each in lines}
        self._marks = self._marks - shown if shown <= self._marks else self._marks | shown

    def clear(self) -> bool:
        """Take all marks away; whether there were any."""
        had = bool(self._marks)
        self._marks.clear()
        return had

    def marked(self, snapshot: FleetSnapshot) -> set[str]:
        """The keys of the marked servers; those that are gone are marked no longer."""
        if self._marks:
            self._marks &= {row.target.key for row in snapshot.servers}
        return self._marks

    def words(self) -> Content | None:
        """How many are marked, and how far a change is."""
        parts: list[Span] = []
        if self._marks:
            parts.append((f"◆ {plural(len(self._marks), 'server')} marked", Tone.ACCENT))
        if self._reading:
            words = f"◌ reading the models of {plural(self._reading, 'server')} …"
            parts.append((words, Tone.WARNING))
        job = self._work.job
        if job is not None:
            sign, tone = ("✗", Tone.BAD) if job.failed else ("✓", Tone.GOOD)
            sign, tone = ("◌", Tone.WARNING) if job.running else (sign, tone)
            keys = "{fleet.progress} shows it"
            keys += ", {fleet.undo} undoes it" if job.can_be_undone else ""
            parts.append((f"{sign} {job.title}: {job.counts}", tone))
            parts.append((keys_of(self._screen).expand(keys), Tone.MUTED))
        spans = [span for part in parts for span in (part, ("   ", Tone.PLAIN))]
        return line(*spans[:-1]) if spans else None

    # Changes

    def ask(self, kind: str, snapshot: FleetSnapshot, chosen: FleetLine | None) -> None:
        """Ask for a change of the marked servers, without marks of the row's."""
        if self._refuses(kind):
            return
        marked = self.marked(snapshot) or ({chosen.server.target.key} if chosen else set())
        rows = [row for row in snapshot.servers if row.target.key in marked]
        if rows:
            self._screen.talk.ask(self._ask(kind, rows, chosen))

    def undo(self) -> None:
        """Ask for the way back of the last change."""
        if self._refuses("undo"):
            return
        job = self._work.job
        if job is None or not job.can_be_undone:
            self._screen.talk.note(Note("there is nothing to undo"))
            return
        self._screen.talk.ask(self._undo())

    def progress(self) -> None:
        """Show how far the change is, or how the last one ended."""
        if self._work.job is None:
            self._screen.talk.note(Note("no servers were changed", "{fleet.mark} marks some"))
            return
        self._screen.talk.ask(self._follow())

    def _refuses(self, what: str) -> bool:
        """Say why nothing can be changed now; whether that is so."""
        note = None
        if self._options.read_only:
            note = Note(f"read-only: {what} is refused", READ_ONLY_HINT)
        elif self._work.running:
            note = Note("servers are being changed", "{fleet.progress} shows how far that is")
        if note is not None:
            self._screen.talk.note(note)
        return note is not None

    async def _ask(self, kind: str, rows: Sequence[ServerRow], chosen: FleetLine | None) -> None:
        from tsmon.tui.screens.change_servers import ChangeServers, Kind

        found = await self._read(rows)
        targets = {row.target.key: row.target for row in rows}
        names = {key: each.name for key, each in targets.items()}
        meant = await self._version_of(chosen, found)
        dialog = ChangeServers(Kind[kind.upper()], found, names, meant)
        if asked := await self._screen.talk.push_wait(dialog):
            await self._carry_out(asked, targets)

    async def _undo(self) -> None:
        from tsmon.declared.many import plans_back
        from tsmon.tui.screens.change_servers import Asked

        job = self._work.job
        if job is None:
            return
        plans = await plans_back(job.work.to_put_back, self._opener(job.targets))
        if not any(each.steps for each in plans):
            raise Refused("the servers have again what they had before")
        await self._carry_out(Asked(f"Undo: {job.title}", plans, 1), job.targets, undo=True)

    async def _carry_out(
        self, asked: Asked, targets: Mapping[str, FleetTarget], *, undo: bool = False
    ) -> None:
        """Begin it, after a question where something may be lost, and follow it."""
        from tsmon.declared.kept import keep_before
        from tsmon.declared.many import ChangeOfMany
        from tsmon.serving.home import Home
        from tsmon.tui.screens.bulk import ConfirmMany
        from tsmon.tui.screens.change_servers import about_plans, format_plans

        names = {key: each.name for key, each in targets.items()}
        question = about_plans(asked, always=undo)
        if question is not None:
            dialog = ConfirmMany(question, format_plans(asked.plans, names))
            if not await self._screen.talk.push_wait(dialog):
                return
        home = Home.at(self._options.server_home)

        def keep(key: str, state: DeclaredState) -> Path:
            return keep_before(home, names[key], state)

        work = ChangeOfMany(asked.plans, self._opener(targets), keep, at_once=asked.at_once)
        job = self._work.begin(asked.title, work, targets)
        self._screen.post_message(JobBegun(job))
        self._marks.clear()
        await self._follow()

    async def _follow(self) -> None:
        from tsmon.tui.screens.change_servers import ServersProgress

        job = self._work.job
        if job is None:
            return

        def listen(show: Callable[[], None]) -> None:
            self._following = show

        self._work.followed = True
        try:
            undo = await self._screen.talk.push_wait(ServersProgress(job, listen))
        finally:
            self._work.followed = False
            self._following = lambda: None
        if undo:
            await self._undo()

    def _stepped(self) -> None:
        self._following()
        self._screen.show_changes()

    # Servers

    def _opener(self, targets: Mapping[str, FleetTarget]) -> Callable[[str], TorchServe]:
        from tsmon.fleet.access import Access
        from tsmon.tui.state.opening import own_of

        def open_server(key: str) -> TorchServe:
            settings = targets[key].settings
            own, read_only = lambda: own_of(self._options), self._options.read_only
            return Access(settings, own, read_only=read_only).client()

        return open_server

    async def _read(self, rows: Sequence[ServerRow]) -> dict[str, DeclaredState]:
        """What each server has now.

        Raises:
            Refused: some cannot be changed, by their names.
        """
        refused = [f"{row.target.name}: {why}" for row in rows if (why := _why_not(row.target))]
        if refused:
            raise Refused("nothing is begun", "\n".join(refused))
        open_server = self._opener({row.target.key: row.target for row in rows})
        turns = asyncio.Semaphore(READ_AT_ONCE)

        async def read(row: ServerRow) -> DeclaredState | str:
            from tsmon.declared.state import state_of

            try:
                async with turns, open_server(row.target.key) as client:
                    return await state_of(client.management)
            except TorchServeError as error:
                known = row.target.origin is Origin.PROMETHEUS
                return f"{row.target.name}: {ONLY_PROMETHEUS if known else error}"

        self._show_reading(len(rows))
        try:
            answers = await asyncio.gather(*map(read, rows))
        finally:
            self._show_reading(0)
        if refused := [each for each in answers if isinstance(each, str)]:
            raise Refused("nothing is begun", "\n".join(refused))
        return {
            row.target.key: each
            for row, each in zip(rows, answers, strict=True)
            if not isinstance(each, str)
        }

    def _show_reading(self, servers: int) -> None:
        self._reading = servers
        self._screen.show_changes()

    async def _version_of(
        self, chosen: FleetLine | None, found: dict[str, DeclaredState]
    ) -> DeclaredVersion | None:
        """The version under the cursor, as its server has it; else the only model of them all."""
        if chosen is not None and chosen.model is not None:
            key, server = chosen.model.key, chosen.server
            state = found.get(server.target.key)
            if state is None:
                (state,) = (await self._read([server])).values()
            return state.find(key.name, key.version)
        names = {name for state in found.values() for name in state.names}
        first = next((state for state in found.values() if state.models), None)
        if len(names) != 1 or first is None:
            return None
        return next((each for each in first.models if each.default), first.models[0])


def _why_not(target: FleetTarget) -> str:
    """Why a server cannot be changed, whatever it has."""
    if target.settings.read_only:
        return "it is read-only"
    if target.origin is Origin.PROMETHEUS and not target.settings.url:
        return ONLY_PROMETHEUS
    if target.settings.kube or (target.origin is Origin.KUBE and not target.settings.url):
        return "its pod is not forwarded"
    return ""
