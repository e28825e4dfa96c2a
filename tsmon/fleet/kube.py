"""The pods of a fleet: found again and again, each forwarded while it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from threading import BoundedSemaphore, Lock, Thread
from typing import TYPE_CHECKING, TypeVar

from tsmon.config.schema import ServerSettings
from tsmon.fleet.pods import PodServer, followed_by, parse_selector, unreached
from tsmon.fleet.snapshot import ServerRow, not_forwarded_row
from tsmon.fleet.targets import FleetTarget, Origin
from tsmon.kube.command import KubeError
from tsmon.kube.pods import Pod, Selector, find_pods, not_running
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.config.schema import Config

T = TypeVar("T")
R = TypeVar("R")
LOOK_S = 10.0
"""Between two lists of the pods: each is a call of kubectl."""
_AT_ONCE = 8


class FleetPods:
    """Gives each pod as a target with an address here, and a row for each that has none."""

    def __init__(self, config: Config) -> None:
        self._named = {name: each for name, each in config.servers.items() if each.kube}
        self._selectors = config.fleet.kube
        self._context = config.fleet.kube_context
        self._found: dict[Selector, list[Pod]] = {}
        self._servers: dict[str, PodServer] = {}
        """What is forwarded, by the pod's uid."""
        self._changing = Lock()
        self._closed = False
        self.targets: tuple[FleetTarget, ...] = ()
        self.failed: Mapping[str, ServerRow] = {}
        """Rows of those that are not forwarded, by the target's key."""
        self.problems: tuple[str, ...] = ()
        """What is wrong with the selectors."""
        self.looked = not (self._named or self._selectors)
        """Whether all that is there is known."""

    async def run(self, changed: Callable[[], None]) -> None:
        """Look until cancelled; it ends at once where the configuration names no pods."""
        pods = bool(self._named or self._selectors)
        while pods:
            await in_thread(self.look)
            changed()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Find the pods, forward new ones, and let go of those that are gone; blocks."""
        problems: list[str] = []
        for text in self._selectors:
            try:
                selector = parse_selector(text, self._context)
                self._found[selector] = find_pods(selector)
            except KubeError as error:
                problems.append(f"{text}: {unreached(error)}")
            except TorchServeError as error:
                problems.append(f"{text}: {error}")
        pods = {pod.uid: pod for found in self._found.values() for pod in found}
        self._let_go({uid for uid, pod in pods.items() if pod.running})
        seen = [*self._named_targets(), *self._pod_targets(pods.values())]
        self.targets = tuple(target for target, _ in seen)
        self.failed = {row.target.key: row for _, row in seen if row is not None}
        self.problems = tuple(problems)
        self.looked = True

    async def close(self) -> None:
        """End all forwards."""
        self._closed = True
        await in_thread(self._let_go, set())

    def _let_go(self, running: set[str]) -> None:
        with self._changing:
            gone = [self._servers.pop(uid) for uid in [*self._servers] if uid not in running]
        for server in gone:
            server.close()

    def _named_targets(self) -> list[tuple[FleetTarget, ServerRow | None]]:
        def target(name: str, settings: ServerSettings) -> tuple[FleetTarget, ServerRow | None]:
            named = FleetTarget(name, settings)
            try:
                return forwarded_target(named), None
            except TorchServeError as error:
                return named, not_forwarded_row(named, error)

        return _each(lambda each: target(*each), self._named.items())

    def _pod_targets(self, pods: Iterable[Pod]) -> list[tuple[FleetTarget, ServerRow | None]]:
        def target(pod: Pod) -> tuple[FleetTarget, ServerRow | None]:
            try:
                server = self._forwarded(pod)
            except KubeError as error:
                named = _target(pod, ServerSettings())
                return named, not_forwarded_row(named, unreached(error))
            return _target(pod, _settings(ServerSettings(), server)), None

        return _each(target, sorted(pods, key=lambda pod: pod.label))

    def _forwarded(self, pod: Pod) -> PodServer:
        if not pod.running:
            raise not_running(pod)
        if pod.uid not in self._servers:
            server = PodServer(self._context, lambda: pod)
            with self._changing:
                self._servers[pod.uid] = server
            if self._closed:
                self._let_go(set())
        return self._servers[pod.uid]


def forwarded_target(target: FleetTarget) -> FleetTarget:
    """A target whose settings name pods, at the address here that one of them has; blocks.

    Raises:
        InvalidArgument: they name no valid selector, or an address as well.
        Unreachable: there is no pod that can be forwarded.
    """
    server = followed_by(target.settings).server
    return FleetTarget(target.name, _settings(target.settings, server), target.origin)


def _settings(settings: ServerSettings, server: PodServer) -> ServerSettings:
    addresses = server.addresses
    return replace(
        settings,
        kube="",
        kube_context="",
        url=addresses.management,
        inference_url=addresses.inference,
        metrics_url=addresses.metrics,
    )


def _target(pod: Pod, settings: ServerSettings) -> FleetTarget:
    labels = {"namespace": pod.namespace, "pod": pod.name}
    return FleetTarget(pod.label, settings, Origin.KUBE, labels)


def _each(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """The results in order; a few are waited for at once, since each may take seconds."""
    results: dict[int, R] = {}
    turn = BoundedSemaphore(_AT_ONCE)

    def call(number: int, item: T) -> None:
        with turn:
            results[number] = function(item)

    threads = [
        Thread(target=call, args=[number, item], daemon=True) for number, item in enumerate(items)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[number] for number in sorted(results)]
