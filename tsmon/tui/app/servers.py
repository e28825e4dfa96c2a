"""Turns the monitor from one server to another, and shows all of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual.app import App

from tsmon.telemetry.limits.limit import read_limits
from tsmon.threads import in_thread
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.tui.state.opening import live_session, own_of, target_named
from tsmon.tui.state.session import JobUnderWay, LiveSession, Session
from tsmon.tui.text.notes import EXPECTED, Note

if TYPE_CHECKING:
    from tsmon.config.schema import Config, LimitSettings
    from tsmon.fleet.fleet import Fleet
    from tsmon.fleet.targets import FleetTarget
    from tsmon.serving.record import ServerRecord
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.state.fleet_work import FleetWork
    from tsmon.tui.state.jobs import Job
    from tsmon.tui.state.options import MonitorOptions


class Servers:
    """Opens servers; not while something is under way that has to end on the present one."""

    def __init__(
        self,
        app: App[Any],
        monitor: Callable[[], MonitorScreen],
        session: Session,
        options: MonitorOptions,
    ) -> None:
        self._app = app
        self._monitor = monitor
        self._options = options
        self.session = session
        """The server that is watched."""
        session.hold_to(read_limits(options.config.limits))
        session.pin(options.config.metrics.pinned)
        self.started: ServerRecord | None = None
        """The server that was started from within, if one was."""
        self._jobs: list[Job] = []
        """What was begun on the server that is watched, and may be under way."""
        self._fleet: Fleet | None = None
        self._fleet_work: FleetWork | None = None

    def begun(self, job: Job) -> None:
        """Something began that has to end on this server."""
        self._jobs = [each for each in self._jobs if each.running or each.unrestored]
        self._jobs.append(job)

    @property
    def unrestored(self) -> Note | None:
        """What an experiment could not put back; None when all is as it was."""
        return next((note for job in self._jobs if (note := job.unrestored)), None)

    def open_named(self, name: str) -> None:
        """Watch a server of the configuration instead.

        Raises:
            InvalidArgument: it knows none of that name, or its settings are wrong.
            Busy: an experiment, a replacement or a restart is under way.
        """
        self._refuse_when_busy()
        target, period_s = target_named(name, self._options), self.session.monitor.period_s
        if target.settings.kube:
            opening = self._open_pod(target, period_s)
            self._app.run_worker(opening, group="opening", exclusive=True)
        else:
            self.open(live_session(target, self._options, period_s))

    async def _open_pod(self, target: FleetTarget, period_s: float) -> None:
        """Watch a server of the configuration that is in a pod, once that is forwarded."""
        from tsmon.fleet.kube import forwarded_target

        try:
            forwarded = await in_thread(forwarded_target, target)
            self.open(live_session(forwarded, self._options, period_s))
        except EXPECTED as error:
            self._monitor().talk.note(Note.of(error))

    def open(self, session: Session) -> None:
        """Show another session in the monitor, and let go of the one before.

        Raises:
            JobUnderWay: something has to end on the present one first; the new one is closed.
        """
        try:
            self._refuse_when_busy()
        except JobUnderWay:
            self._app.run_worker(session.close(), group="closing")
            raise
        old, self.session = self.session, session
        session.hold_to(read_limits(self._options.config.limits))
        session.pin(self._options.config.metrics.pinned)
        while len(self._app.screen_stack) > 1:
            self._app.screen.dismiss(None)
        self._monitor().connect(session)
        label = session.monitor.latest.server.label
        self._monitor().talk.note(Note(f"watching {session.tag.name or label}"), bad=False)
        self._app.run_worker(old.close(), group="closing")

    def open_local(self, record: ServerRecord, *, started: bool) -> None:
        """Watch a server of this machine instead; `started` from within."""
        from tsmon.fleet.access import key_ring

        if started:
            self.started = record
        addresses = Addresses(record.inference, record.management, record.metrics)
        keys = key_ring(record.key_file, addresses)
        client = TorchServe(addresses, keys, read_only=self.session.read_only)
        self.open(LiveSession(client, self.session.monitor.period_s))

    def show_fleet(self) -> None:
        """Show all servers, above the monitor; without a configuration those that run here."""
        config, session = self._options.config, self.session
        fleet = config.fleet
        named = config.servers or fleet.file_sd or fleet.kube or fleet.prometheus
        if self._fleet is not None or named or not session.can_act:
            self._show_fleet(config)
        else:
            self._app.run_worker(self._find_fleet(config, session), group="fleet", exclusive=True)

    async def _find_fleet(self, config: Config, session: Session) -> None:
        """Show the watched server and those beside it on this machine."""
        from tsmon.fleet.found import found_here

        found = await in_thread(found_here, session.client)
        self._show_fleet(dataclasses.replace(config, servers=found))

    def _show_fleet(self, config: Config) -> None:
        from tsmon.fleet.fleet import Fleet
        from tsmon.tui.screens.fleet import FleetScreen
        from tsmon.tui.state.fleet_work import FleetWork

        try:
            fleet = self._fleet or Fleet(
                config,
                lambda: own_of(self._options),
                read_only=self._options.read_only,
            )
        except EXPECTED as error:
            self._monitor().talk.note(Note.of(error))
            return
        self._fleet = fleet
        work = self._fleet_work = self._fleet_work or FleetWork(self._say)
        self._app.push_screen(FleetScreen(self.session, fleet, self._options, work))

    def _say(self, note: Note, bad: bool) -> None:
        self._monitor().talk.note(note, bad=bad)

    @property
    def fleet_period_s(self) -> float:
        """Seconds from one sample of a server of the fleet to the next."""
        return self._options.config.fleet.period

    def set_fleet_period(self, seconds: float) -> None:
        """Ask the servers of the fleet that often when it is shown the next time."""
        config = self._options.config
        config = dataclasses.replace(
            config, fleet=dataclasses.replace(config.fleet, period=seconds)
        )
        self._options = replace(self._options, config=config)
        if self._fleet is not None:
            self._fleet.set_period(seconds)

    def pin(self, series: Sequence[str]) -> None:
        """Have these series in sight, of this server and of those opened later."""
        config = self._options.config
        metrics = dataclasses.replace(config.metrics, pinned=tuple(series))
        config = dataclasses.replace(config, metrics=metrics)
        self._options = replace(self._options, config=config)
        self.session.pin(series)

    def hold_to(self, limits: Mapping[str, LimitSettings]) -> None:
        """Hold the models of this server, and of those opened later, to these limits."""
        config = dataclasses.replace(self._options.config, limits=dict(limits))
        self._options = replace(self._options, config=config)
        self.session.hold_to(read_limits(limits))

    async def close(self) -> None:
        """Stop what is under way, then close the connections to all servers."""
        await self.end_jobs()
        if self._fleet is not None:
            await self._fleet.close()
        await self.session.close()

    async def end_jobs(self) -> None:
        """Stop what is under way, and wait until its model is put back or safe."""
        for job in self._jobs:
            job.stop()
            await job.ended()

    def _refuse_when_busy(self) -> None:
        for job in self._jobs:
            if job.running and job.busy is not None:
                raise JobUnderWay(job.busy.message, job.busy.hint)
