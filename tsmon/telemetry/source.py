"""Where observations come from: a source answers one question, what does the server say now?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.logs.causes import Cause
    from tsmon.telemetry.logs.request_report import RequestReport
    from tsmon.telemetry.logs.worker_states import WorkerState
    from tsmon.telemetry.scrape import Scrape
    from tsmon.telemetry.snapshot import ModelKey, ProcessUsage
    from tsmon.torchserve.errors import TorchServeError
    from tsmon.torchserve.gpu import GpuUse
    from tsmon.torchserve.records import ModelVersion
    from tsmon.torchserve.tokens import KeyKind


DECISIVE = frozenset({"minWorkers", "workers", "the whole entry"})
"""Fields of a describe without which there is no verdict."""


class Description(Struct, frozen=True):
    """One version of a model, and whether it is the default one."""

    model: ModelVersion
    is_default: bool
    only_metrics: bool = False
    """Known from its metrics only, which do not show whether its workers are alive."""
    why: TorchServeError | None = None
    """Why it could not be described now; `model` is what the list or an earlier answer says."""

    @property
    def is_judged(self) -> bool:
        """Whether enough is known of it for a verdict."""
        return not (self.only_metrics or self.why or DECISIVE.intersection(self.model.unread))

    @property
    def problem(self) -> str:
        """What of it could not be read; empty where all of it could."""
        return str(self.why) if self.why is not None else self.model.problem


class ServerFacts(Struct, frozen=True):
    """What does not change during a server's life."""

    version: str
    model_api: bool | None


class Observation(Struct, frozen=True):
    """What the server said at one moment; each of the parts may have failed by itself."""

    at: Instant
    facts: ServerFacts | None
    models: tuple[Description, ...] | TorchServeError
    scrape: Scrape | TorchServeError
    processes: Mapping[int, ProcessUsage] = field(default_factory=dict)
    """What this machine's process table says of workers, by pid, where the server is local."""
    gpus: Mapping[str, GpuUse] = field(default_factory=dict)
    """What this machine's `nvidia-smi` says of GPUs, by index, where the server is local."""
    reports: Mapping[ModelKey, RequestReport] = field(default_factory=dict)
    """What the log files say of single requests, where they can be read."""
    worker_states: Mapping[str, WorkerState] | None = None
    """What the log files say of workers, by id; None where they cannot be read."""
    searching: Mapping[str, str] = field(default_factory=dict)
    """How far the logs were searched back for what became of workers, by id, while that goes on."""
    causes: Mapping[ModelKey, Cause] = field(default_factory=dict)
    """Why a version's worker died or its requests failed the last time."""
    log_folder: Path | None = None
    """Where the log files are; None where they cannot be read."""
    ping: str = ""
    """The answer to /ping, asked while workers are not ready; empty where there is none."""
    token_ends: Mapping[KeyKind, datetime] = field(default_factory=dict)
    """When the tokens of the key file end; without those that never do."""
    log_problem: str = ""
    """Why log files that there should be cannot be read."""
    not_recorded: str = ""
    """Why a recording that was asked for does not get it; it may be in none either."""


class Source(Protocol):
    """Something that can be asked what a server says now."""

    @property
    def label(self) -> str:
        """What a person calls the server."""

    async def observe(self, focus: ModelKey | None) -> Observation:
        """Ask now; `focus` is the model whose details are looked at."""
