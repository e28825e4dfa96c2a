"""From a server of the configuration, or of the fleet, to a session that watches it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from tsmon.threads import in_thread
from tsmon.torchserve.errors import InvalidArgument, TorchServeError
from tsmon.tui.state.session import LiveSession, PrometheusSession, Session, Tag

if TYPE_CHECKING:
    from tsmon.fleet.targets import FleetTarget
    from tsmon.serving.record import ServerRecord
    from tsmon.tui.state.options import MonitorOptions


def target_named(name: str, options: MonitorOptions) -> FleetTarget:
    """A server of the configuration.

    Raises:
        InvalidArgument: it knows none of that name.
    """
    from tsmon.fleet.targets import FleetTarget

    servers = options.config.servers
    if name in servers:
        return FleetTarget(name, servers[name])
    near = get_close_matches(name, servers, n=1)
    known = f"configured: {', '.join(servers)}" if servers else "`tsmon config init` shows how"
    hint = f"did you mean {near[0]}?" if near else known
    raise InvalidArgument(f"no configured server is called {name!r}", hint)


def live_session(
    target: FleetTarget, options: MonitorOptions, period_s: float | None = None
) -> LiveSession:
    """Watch the server itself, by default at the period that the monitor began with.

    Raises:
        InvalidArgument: its settings are wrong.
    """
    from tsmon.fleet.access import Access
    from tsmon.fleet.targets import Origin

    access = Access(target.settings, lambda: own_of(options), read_only=options.read_only)
    tag = Tag(target.name, target.settings.color) if target.origin is Origin.CONFIG else Tag()
    return LiveSession(
        access.client(),
        period_s or options.period_s,
        log_place=access.log_place,
        log_zone=access.log_zone,
        tag=tag,
    )


async def session_of(target: FleetTarget, options: MonitorOptions) -> Session:
    """Watch a server of the fleet; one that Prometheus reports by itself where it answers.

    Raises:
        InvalidArgument: its settings are wrong, or it is in a pod that is not forwarded.
        Unreachable: it is in pods of which none can be forwarded.
    """
    from tsmon.fleet.access import prometheus_client
    from tsmon.fleet.targets import Origin

    if target.settings.kube:
        from tsmon.fleet.kube import forwarded_target

        target = await in_thread(forwarded_target, target)
    if target.origin is Origin.KUBE and not target.settings.url:
        raise InvalidArgument(
            f"{target.name} is not forwarded", "the line at the bottom of the fleet says why"
        )
    if target.origin is not Origin.PROMETHEUS:
        return live_session(target, options)
    if target.settings.url:
        session = live_session(target, options)
        try:
            await session.client.management.page(limit=1)
        except TorchServeError:
            await session.close()
        else:
            return session
    client = prometheus_client(options.config.fleet)
    return PrometheusSession(client, target.instance, target.labels)


def own_of(options: MonitorOptions) -> ServerRecord | None:
    """What is known of the server that `tsmon serve` starts, while it runs."""
    from tsmon.fleet.access import own_server

    return own_server(options.server_home)
