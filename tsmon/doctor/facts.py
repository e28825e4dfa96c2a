"""What the checks judge: everything that was asked and looked at, as plain values.

A part that could not be had carries the error instead; checks turn that into "not checked".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from tsmon.torchserve.errors import TimedOut, TorchServeError, Unreachable

if TYPE_CHECKING:
    from tsmon.serving.errors import NoJava, PortTaken
    from tsmon.serving.java import Java
    from tsmon.serving.java_process import JavaProcess
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.telemetry.source import Observation
    from tsmon.torchserve.addresses import Addresses
    from tsmon.torchserve.records import ApiDescription
    from tsmon.torchserve.tokens import KeyKind


class Api(StrEnum):
    """The three APIs of a server."""

    INFERENCE = "inference"
    MANAGEMENT = "management"
    METRICS = "metrics"


class KeyFileFacts(Struct, frozen=True):
    """The key file that tsmon uses.

    Attributes:
        path: None when no file is known.
        problem: why it cannot be read; empty if it can.
        mode: its permission bits; None if it is not there.
        written: when, in seconds since the epoch.
        expires: by key; None for a key that never does.
    """

    path: Path | None = None
    problem: str = ""
    mode: int | None = None
    written: float | None = None
    expires: Mapping[KeyKind, datetime | None] = field(default_factory=dict)


class ExaminedServer(Struct, frozen=True):
    """What the server says.

    Attributes:
        descriptions: what each address says it serves.
        ping: the server's own word for its health.
        wants_token: whether it refuses who has no key; None while that is unknown.
    """

    addresses: Addresses
    descriptions: Mapping[Api, ApiDescription | TorchServeError]
    observation: Observation
    ping: str | TorchServeError
    wants_token: bool | None
    key_file: KeyFileFacts = KeyFileFacts()

    def url(self, api: Api) -> str:
        """The address of an API."""
        return str(getattr(self.addresses, api.value))

    @property
    def reachable(self) -> bool:
        """Whether anything answers at any of the addresses."""
        silent = (Unreachable, TimedOut)
        return not all(isinstance(answer, silent) for answer in self.descriptions.values())


class OtherServer(Struct, frozen=True):
    """A TorchServe that listens elsewhere, or does not listen yet."""

    pid: int
    ports: tuple[int, ...]


class FolderSize(Struct, frozen=True):
    """A folder that grows.

    Attributes:
        size: bytes of all files in it.
        entries: names directly in it.
        free: bytes left on its file system.
    """

    path: Path
    size: int
    entries: tuple[str, ...]
    free: int


class MachineFacts(Struct, frozen=True):
    """What the operating system says.

    Attributes:
        why_no_server: why `server` is None.
        others: TorchServe processes that do not listen at the management port.
        logs, models: None when there is no such folder to look at.
    """

    cores: int
    memory_total: int
    memory_available: int
    server: JavaProcess | None = None
    why_no_server: str = ""
    others: tuple[OtherServer, ...] = ()
    logs: FolderSize | None = None
    models: FolderSize | None = None


class ConfigFacts(Struct, frozen=True):
    """The settings file of the server, or the one that was named.

    Attributes:
        path: None when there is none to look at, which `problem` explains.
        settings: None when it cannot be read.
        snapshots: the newest of the snapshots beside the server's logs.
        doubled: the settings that it has more than once.
        variables: the settings for which the environment has variables, by their names.
        missing: the files and folders it names that do not exist on this machine, by setting.
        store: the names in its model store; None where that cannot be read.
        no_models: the folders of the store that are no models.
    """

    path: Path | None = None
    settings: Mapping[str, str] | None = None
    problem: str = ""
    snapshots: Path | None = None
    doubled: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, Path] = field(default_factory=dict)
    store: frozenset[str] | None = None
    no_models: tuple[str, ...] = ()


class InstallationFacts(Struct, frozen=True):
    """What this Python has for running a server.

    Attributes:
        versions: by package; those not installed are not in it.
    """

    python: str
    versions: Mapping[str, str]
    java: Java | NoJava
    taken: tuple[PortTaken, ...] = ()
    gpu: bool = False


class ReportedDeath(Struct, frozen=True):
    """Why workers of a model died, as the logs show it."""

    message: str
    hint: str


class Facts(Struct, frozen=True):
    """All of it; a part that no check needs is None."""

    server: ExaminedServer | None
    machine: MachineFacts
    config: ConfigFacts
    installation: InstallationFacts
    deaths: Mapping[ModelKey, ReportedDeath] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
