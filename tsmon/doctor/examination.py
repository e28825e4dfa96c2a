"""Gathers the facts and makes the checks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.doctor.asking import Connect, ask_server
from tsmon.doctor.catalogue import CHECKS
from tsmon.doctor.configuration import look_at_config
from tsmon.doctor.deaths import read_deaths
from tsmon.doctor.facts import ConfigFacts, Facts, MachineFacts
from tsmon.doctor.findings import Check, Finding, Result, Severity, run_check
from tsmon.doctor.installation import look_at_installation
from tsmon.doctor.machine import look_at_machine
from tsmon.threads import in_thread

if TYPE_CHECKING:
    from tsmon.torchserve.addresses import Addresses
    from tsmon.torchserve.client import TorchServe


class Report(Struct, frozen=True):
    """What an examination found.

    Attributes:
        reachable: whether the server answers; None if it was not asked.
    """

    results: tuple[Result, ...]
    reachable: bool | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all checks."""
        return tuple(finding for result in self.results for finding in result.findings)

    def count(self, severity: Severity) -> int:
        """How many findings of that severity there are, without the checks not made."""
        return sum(found.checked and found.severity is severity for found in self.findings)

    @property
    def not_checked(self) -> int:
        """How many checks could not be made."""
        return sum(not finding.checked for finding in self.findings)


class Examination(Struct, frozen=True):
    """A server and this machine, and how they are looked at.

    Attributes:
        connect: makes a connection that sends no keys.
        config: the settings file to look at instead of the one that is found.
        on_progress: called with what is done next.
    """

    client: TorchServe
    connect: Connect
    config: Path | None = None
    on_progress: Callable[[str], None] = lambda _: None

    async def make(self, checks: Sequence[Check] = CHECKS) -> Report:
        """Look at everything these checks need, all at once, then judge it."""
        wants_server = any(check.needs_server for check in checks)
        self.on_progress(self._words(wants_server))
        server, (machine, config), installation = await asyncio.gather(
            ask_server(self.client, self.connect) if wants_server else _nothing(),
            in_thread(self._look_here, self.client.addresses),
            in_thread(look_at_installation),
        )
        deaths = await in_thread(read_deaths, server, machine)
        facts = Facts(server, machine, config, installation, deaths)
        results = tuple(run_check(check, facts) for check in checks)
        return Report(results, server.reachable if server else None)

    def _words(self, wants_server: bool) -> str:
        asked = f"querying {self.client.addresses.label}, " if wants_server else ""
        return f"{asked}examining this machine…"

    def _look_here(self, addresses: Addresses) -> tuple[MachineFacts, ConfigFacts]:
        machine = look_at_machine(addresses)
        return machine, look_at_config(self.config, machine)


async def _nothing() -> None:
    """Stands for the server's answers where no check needs them."""
