"""TorchServe servers in pods, at forwarded ports of this machine. What asks kubectl blocks."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.kube.command import KubeError
from tsmon.kube.forward import Forward
from tsmon.kube.pods import BadSelector, Container, Pod, Selector, running_pod
from tsmon.torchserve.addresses import INFERENCE_PORT, MANAGEMENT_PORT, METRICS_PORT, Addresses
from tsmon.torchserve.errors import InvalidArgument, Unreachable
from tsmon.torchserve.this_machine import Forwarded, forwarded_port

if TYPE_CHECKING:
    from tsmon.config.schema import ServerSettings

_KSERVE = "kserve-container"
_KSERVE_PORT = 8085
"""Inference and management of the configuration that KServe documents; its own server has 8080."""
_NAMES = {
    "inference": ({"inference", "prediction", "predictions", "preds"}),
    "management": ({"management", "mgmt"}),
    "metrics": ({"metrics"}),
}
"""Words in the names of a container's ports, by the API that is there."""


class PodPorts(Struct, frozen=True):
    """Where the three APIs are in a pod; two may share a port."""

    inference: int
    management: int
    metrics: int

    @property
    def all(self) -> tuple[int, ...]:
        """Each port once."""
        return tuple(dict.fromkeys((self.inference, self.management, self.metrics)))


class PodServer:
    """The TorchServe of a pod, forwarded for as long as this is not closed, or tsmon ends."""

    def __init__(self, context: str, find: Callable[[], Pod]) -> None:
        """`find` gives the pod, again each time that the forward was lost.

        Raises:
            KubeError: it cannot be forwarded.
        """
        self._forward = Forward(context, find, lambda pod: ports_in(pod).all)
        self._forward.begin()
        ports, local = ports_in(self.pod), self._forward.local
        self.addresses = Addresses(
            *(
                f"http://127.0.0.1:{local[port]}"
                for port in (ports.inference, ports.management, ports.metrics)
            )
        )
        there = Forwarded(lambda: self.pod.label, lambda: str(self._forward.problem or ""))
        for port in local.values():
            forwarded_port(port, there)

    @property
    def pod(self) -> Pod:
        """The pod it leads to now, or led to last."""
        return self._forward.pod

    def close(self) -> None:
        """End the forward."""
        self._forward.close()


class FollowedPods(Struct):
    """The pod of a selector that is watched, and how many others it matches."""

    server: PodServer
    others: int


_FOLLOWED: dict[Selector, FollowedPods] = {}
_FOLLOWING = Lock()


def parse_selector(text: str, context: str = "") -> Selector:
    """Read NAMESPACE/SELECTOR.

    Raises:
        InvalidArgument: it is not one.
    """
    try:
        return Selector.parse(text, context)
    except BadSelector as error:
        raise InvalidArgument(error.message, error.hint) from None


def followed(selector: Selector) -> FollowedPods:
    """The server of one of the pods, forwarded; a pod that is replaced is followed by the next.

    Raises:
        Unreachable: there is none that can be forwarded.
    """
    with _FOLLOWING:
        if selector in _FOLLOWED:
            return _FOLLOWED[selector]
        uid, count = "", 0

        def find() -> Pod:
            nonlocal uid, count
            pod, count = running_pod(selector, kept=uid)
            uid = pod.uid
            return pod

        try:
            server = PodServer(selector.context, find)
        except KubeError as error:
            raise unreached(error) from None
        found = _FOLLOWED[selector] = FollowedPods(server, count - 1)
        return found


def followed_by(settings: ServerSettings, management_url: str = "") -> FollowedPods:
    """The same for a server whose settings name pods.

    Raises:
        InvalidArgument: they name an address as well, or no valid selector.
        Unreachable: there is no pod that can be forwarded.
    """
    addresses = (settings.url, settings.inference_url, settings.metrics_url, management_url)
    if any(addresses):
        raise InvalidArgument(
            "kube and an address cannot be set for the same server",
            "kube forwards all three ports: leave the address out",
        )
    return followed(parse_selector(settings.kube, settings.kube_context))


def end_forwards() -> None:
    """End what is followed; it would end with tsmon."""
    while _FOLLOWED:
        _, found = _FOLLOWED.popitem()
        found.server.close()


def unreached(error: KubeError) -> Unreachable:
    """Kubernetes' error as one of a server."""
    return Unreachable(error.message, error.hint)


def ports_in(pod: Pod) -> PodPorts:
    """Where TorchServe listens: as its container's ports are named, else at its default ports."""
    container = _serving(pod)
    declared = container.ports
    kserve = container.name == _KSERVE
    named = {
        api: port
        for api, words in _NAMES.items()
        for name, port in declared.items()
        if words & set(name.split("-"))
    }
    inference = named.get("inference", _KSERVE_PORT if kserve else INFERENCE_PORT)
    shared = kserve and MANAGEMENT_PORT not in declared.values()
    management = named.get("management", _KSERVE_PORT if shared else MANAGEMENT_PORT)
    return PodPorts(inference, management, named.get("metrics", METRICS_PORT))


def _serving(pod: Pod) -> Container:
    """The container that TorchServe runs in: beside it may be others that other systems add."""

    def likeness(container: Container) -> int:
        ports = set(container.ports.values())
        return (
            4 * (container.name == _KSERVE)
            + 2 * ("torchserve" in container.name)
            + (MANAGEMENT_PORT in ports)
        )

    return max(pod.containers, key=likeness)
