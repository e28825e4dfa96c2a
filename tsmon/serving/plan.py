"""What a person asks of a server before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from tsmon.serving.ports import Ports

START_SECONDS = 120.0
"""How long a server may take until it answers."""


class ServerPlan(Struct, frozen=True, kw_only=True):
    """How to start a TorchServe.

    Attributes:
        model_store: the folder with the archives; must exist.
        token_auth: whether every call needs a key of `key_file.json`.
        default_workers: workers of a model that TorchServe loads at its start.
        threads_per_worker: torch's CPU threads; None means 1, unless the environment says
            OMP_NUM_THREADS or MKL_NUM_THREADS; 0 leaves them to torch, which takes all cores in
            every worker.
        extra: further settings of config.properties, see `configuration.extra_settings`.
        start_seconds: how long the server may take until it answers.
    """

    model_store: Path
    ports: Ports = field(default_factory=Ports)
    token_auth: bool = True
    default_workers: int = 1
    threads_per_worker: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = START_SECONDS
