"""A Prometheus server as what a command watches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tsmon.cli.outcome import fail
from tsmon.fleet.access import prometheus_client
from tsmon.telemetry.prometheus.instances import discover
from tsmon.telemetry.prometheus.source import PrometheusSource

if TYPE_CHECKING:
    from tsmon.cli.target import Target
    from tsmon.telemetry.prometheus.client import Prometheus
    from tsmon.telemetry.source import Source


@asynccontextmanager
async def prometheus_source(
    target: Target, url: str, instance: str | None, job: str | None
) -> AsyncIterator[Source]:
    """An instance of a Prometheus server; without a name the only one there is."""
    name = instance or await find_instance(target, url)
    client = client_for(target, url)
    try:
        yield PrometheusSource(client, name, {"job": job} if job else None)
    finally:
        await client.close()


def client_for(target: Target, url: str) -> Prometheus:
    """A client for a Prometheus server; to be closed."""
    return prometheus_client(target.fleet_settings(url), target.transport)


async def find_instance(target: Target, url: str) -> str:
    """The only TorchServe that a Prometheus server scrapes; ends the command if there are more."""
    client = client_for(target, url)
    try:
        found = sorted({each.instance for each in await discover(client)})
    finally:
        await client.close()
    if len(found) != 1:
        names = ", ".join(found) or "none"
        fail(
            f"{client.label} has {len(found)} instances with TorchServe's metrics: {names}",
            "choose one with --instance",
        )
    return found[0]
