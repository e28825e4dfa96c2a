"""What the engine says about its containers. All functions block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec import Struct

from tsmon.docker.engine import DockerError, run_docker
from tsmon.untrusted.json import BadJson, parse_json
from tsmon.untrusted.text import one_line

_LOOK_S = 5.0
"""How long someone waits who has not asked for Docker at all."""
_LOOPBACK = "127.0.0.1"
_EVERYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104 (where a container is published, not ours)
_TCP = "/tcp"
_NEVER = "0001-01-01"
LONGEST_NUMBER = 15
"""Digits of a process id, a size or a port."""
_UNKNOWN_HINT = "see `docker version`; tsmon was tried with Docker 20 and newer"


class Mount(Struct, frozen=True):
    """A folder of this machine, or a volume, in a container."""

    source: str
    inside: str


class ContainerFacts(Struct, frozen=True):
    """A container at one moment.

    Attributes:
        status: the engine's word: created, running, paused, exited, …
        exit_code: of what it ran; 0 while it runs.
        out_of_memory: whether the system ended it for want of memory.
        started: seconds since the epoch; None if it never was.
        directory: where its command runs; empty if the image does not say.
        passing: whether it is removed as soon as it ends.
        published: `host:port` of this machine, by the container's TCP port.
    """

    id: str
    name: str
    image: str
    status: str
    exit_code: int
    out_of_memory: bool
    started: float | None
    directory: str
    environment: Mapping[str, str]
    mounts: Sequence[Mount]
    passing: bool
    published: Mapping[int, str]

    @property
    def running(self) -> bool:
        """Whether what it ran at its start still runs."""
        return self.status == "running"


class ContainerProcess(Struct, frozen=True):
    """A process in a container, as the engine's machine numbers it; `memory` is resident bytes."""

    pid: int
    memory: int
    command: str


def find_container(name: str) -> ContainerFacts | None:
    """The container of that name or id, running or not; None if there is none.

    Raises:
        DockerError: docker does not answer.
    """
    try:
        found = next(_inspected(name), None)
    except DockerError as error:
        if "no such container" in error.message.lower():
            return None
        raise
    if found is None:
        raise DockerError(f"docker inspect gave no usable answer about {name}")
    return found


def running_containers(*, publishing: int | None = None) -> list[ContainerFacts]:
    """Those that run, the newest first; with `publishing` those at that port of this machine.

    Raises:
        DockerError: docker does not answer.
    """
    ids = run_docker("ps", "--quiet", "--no-trunc", patience_s=_LOOK_S).decode().split()
    found = list(_inspected(*ids)) if ids else []
    if publishing is None:
        return found
    end = f":{publishing}"
    return [each for each in found if any(at.endswith(end) for at in each.published.values())]


def processes(name: str) -> list[ContainerProcess]:
    """What runs in a container.

    Raises:
        DockerError: it does not run, or docker does not answer.
    """
    table = run_docker("top", name, "-eo", "pid,rss,args").decode(errors="replace")
    rows = (row.split(maxsplit=2) for row in table.splitlines()[1:])
    return [
        ContainerProcess(int(row[0]), int(row[1]) * 1024, row[2])
        for row in rows
        if len(row) == 3 and _is_number(row[0]) and _is_number(row[1])
    ]


def read_container(facts: Mapping[str, Any]) -> ContainerFacts:
    """A container from what `docker inspect` says of it.

    Raises:
        DockerError: it says so in a way that is not known here.
    """
    try:
        return _container(facts)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        words = one_line(f"{type(error).__name__}: {error}", 80)
        raise DockerError(
            f"docker describes the container in an unknown format ({words})", _UNKNOWN_HINT
        ) from None


def _container(facts: Mapping[str, Any]) -> ContainerFacts:
    state, config = facts["State"], facts["Config"]
    environment = (entry.partition("=") for entry in config.get("Env") or ())
    return ContainerFacts(
        id=facts.get("Id", ""),
        name=facts.get("Name", "").removeprefix("/"),
        image=config.get("Image", ""),
        status=state["Status"],
        exit_code=state.get("ExitCode", 0),
        out_of_memory=state.get("OOMKilled", False),
        started=_seconds(state.get("StartedAt", _NEVER)),
        directory=config.get("WorkingDir") or "",
        environment={name: value for name, _, value in environment},
        mounts=[Mount(each["Source"], each["Destination"]) for each in facts.get("Mounts") or ()],
        passing=(facts.get("HostConfig") or {}).get("AutoRemove", False),
        published=_published(facts),
    )


def _inspected(*names: str) -> Iterator[ContainerFacts]:
    """Those that can be read; one of which docker says something else costs no other."""
    try:
        answers = parse_json(run_docker("inspect", "--type", "container", *names))
    except BadJson as error:
        raise DockerError(
            f"docker inspect did not answer with JSON: {error}", _UNKNOWN_HINT
        ) from None
    if not isinstance(answers, list):
        raise DockerError("docker inspect did not answer with a list of containers", _UNKNOWN_HINT)
    for facts in answers:
        with suppress(DockerError):
            yield read_container(facts)


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= LONGEST_NUMBER


def _published(facts: Mapping[str, Any]) -> dict[int, str]:
    """What is bound now, else what will be at the next start."""
    bound = (facts.get("NetworkSettings") or {}).get("Ports")
    asked = (facts.get("HostConfig") or {}).get("PortBindings")
    found = {}
    for inside, places in (bound or asked or {}).items():
        port_inside = inside.removesuffix(_TCP)
        if not places or not inside.endswith(_TCP) or not _is_number(port_inside):
            continue
        host, port = places[0].get("HostIp", ""), places[0].get("HostPort", "")
        if port:
            host = _LOOPBACK if host in _EVERYWHERE else host
            found[int(port_inside)] = f"{host}:{port}"
    return found


def _seconds(moment: str) -> float | None:
    if moment.startswith(_NEVER):
        return None
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return None
