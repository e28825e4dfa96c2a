"""The ports that one TorchServe binds, and whether they are free."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
from msgspec import Struct
from msgspec.structs import astuple

from tsmon.serving.errors import BadConfiguration, PortTaken

LOOPBACK = "127.0.0.1"
_CONNECT_SECONDS = 0.2
_OF_HTTP = 3
_DIGITS = 6
_PORTS_HINT = (
    "Use default, free, the inference port, or INFERENCE,MANAGEMENT,METRICS with or without the "
    "two of gRPC"
)


class Ports(Struct, frozen=True, kw_only=True):
    """TCP ports on the loopback address, TorchServe's own defaults.

    Workers are numbered from `first_worker` on. That is a number only: they talk to the server
    through unix sockets in its private temporary folder, so it needs no free port.

    Raises:
        BadConfiguration: a port is out of range or used twice.
    """

    inference: int = 8080
    management: int = 8081
    metrics: int = 8082
    grpc_inference: int = 7070
    grpc_management: int = 7071
    first_worker: int = 9000

    def __post_init__(self) -> None:
        if out_of_range := [port for port in astuple(self) if not 0 < port < 2**16]:
            raise BadConfiguration(f"Not a port: {out_of_range[0]}", "Use 1 to 65535")
        if len(set(self.bound)) < len(self.bound):
            raise BadConfiguration(
                f"One port is used twice: {', '.join(map(str, self.bound))}",
                "with tokens on, each of TorchServe's APIs needs its own port",
            )

    @property
    def bound(self) -> tuple[int, ...]:
        """The ports that must be free before the start."""
        return (
            self.inference,
            self.management,
            self.metrics,
            self.grpc_inference,
            self.grpc_management,
        )


def free_ports() -> Ports:
    """Ports that were free a moment ago."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(_any_port()) for _ in Ports().bound]
        numbers = iter([each.getsockname()[1] for each in sockets])
    return Ports(
        inference=next(numbers),
        management=next(numbers),
        metrics=next(numbers),
        grpc_inference=next(numbers),
        grpc_management=next(numbers),
    )


def parse_ports(text: str) -> Ports:
    """Read `free`, the inference port, or all ports separated by commas.

    With the inference port alone management and metrics follow it, and gRPC gets free ones.

    Raises:
        BadConfiguration: it is not one of these, or a port is out of range or used twice.
    """
    if text in {"default", "free"}:
        return free_ports() if text == "free" else Ports()
    words = text.split(",")
    if not all(word.strip().isdecimal() and len(word) <= _DIGITS for word in words):
        raise BadConfiguration(f"Not ports: {text}", _PORTS_HINT)
    numbers = [int(word) for word in words]
    if len(numbers) == 1:
        numbers = [numbers[0], numbers[0] + 1, numbers[0] + 2]
    if len(numbers) == _OF_HTTP:
        free = free_ports()
        numbers += [free.grpc_inference, free.grpc_management]
    if len(numbers) != len(Ports().bound):
        raise BadConfiguration(f"Not ports: {text}", _PORTS_HINT)
    names = ("inference", "management", "metrics", "grpc_inference", "grpc_management")
    return Ports(**dict(zip(names, numbers, strict=True)))


def check_free(ports: Ports, host: str = LOOPBACK) -> None:
    """Check that TorchServe will be able to bind all *ports* where *host* reaches them.

    Raises:
        PortTaken: for the first that another process has.
    """
    for port in ports.bound:
        if not is_free(port, host):
            pid, name = _owner(port)
            raise PortTaken(f"{host}:{port}", pid, name)


def _any_port() -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.bind((LOOPBACK, 0))
    return bound


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether TorchServe could bind a port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    host = host.strip("[]")
    # Binding alone is not enough on macOS, where a listener on 0.0.0.0 does not hinder it.
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(_CONNECT_SECONDS)
        if probe.connect_ex((host, port)) == 0:
            return False
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As Java does: connections that linger after the last server are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _owner(port: int) -> tuple[int | None, str]:
    """Pid and name of the process that listens on *port*, as far as the system shows."""
    pid = next(_listeners(port), None)
    if pid is None:
        return None, ""
    try:
        return pid, psutil.Process(pid).name()
    except psutil.Error:
        return pid, ""


def _listeners(port: int) -> Iterator[int]:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.Error:  # macOS shows only root
        return
    for connection in connections:
        local = connection.laddr
        if connection.status != psutil.CONN_LISTEN or not local or local.port != port:
            continue
        if connection.pid is not None:
            yield connection.pid
