"""Facts as the tests of the checks make them: all is well unless a test says otherwise."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.unit.telemetry.scrapes import at
from tsmon.doctor.facts import (
    Api,
    ConfigFacts,
    ExaminedServer,
    Facts,
    FolderSize,
    InstallationFacts,
    KeyFileFacts,
    MachineFacts,
)
from tsmon.doctor.findings import Check, CheckGroup, Finding, Severity, run_check
from tsmon.doctor.installation import REQUIRED
from tsmon.serving.java import Java
from tsmon.serving.java_process import JavaProcess, WorkerProcess
from tsmon.telemetry.scrape import MetricsMode, Scrape
from tsmon.telemetry.series.published import publish
from tsmon.telemetry.source import Description, Observation
from tsmon.telemetry.source import ServerFacts as Answers
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.records import ApiDescription, JobQueue, ModelVersion, Worker
from tsmon.torchserve.tokens import KeyKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STARTED = NOW.timestamp() - 600
GB = 10**9

PATHS = {
    Api.INFERENCE: ("/", "/ping", "/predictions/{model_name}", "/metrics"),
    Api.MANAGEMENT: ("/", "/models", "/models/{model_name}", "/metrics"),
    Api.METRICS: ("/metrics",),
}


def worker(number: int = 0, *, status: str = "READY", memory: int | None = GB) -> Worker:
    return Worker(str(9000 + number), status, 100 + number, memory, "")


def model(**changes: Any) -> ModelVersion:
    plain = ModelVersion(
        name="mnist",
        version="1.0",
        min_workers=1,
        max_workers=1,
        batch_size=1,
        max_batch_delay_ms=100,
        response_timeout_s=120,
        startup_timeout_s=120,
        workers=(worker(),),
        queue=JobQueue(pending=0, remaining=100),
    )
    return dataclasses.replace(plain, **changes)


def observation(
    *models: ModelVersion,
    model_api: bool | None = True,
    mode: MetricsMode = MetricsMode.PROMETHEUS,
    gauges: Mapping[str, float] | None = None,
) -> Observation:
    published = publish(list(({"MemoryUsed": 1.0} if gauges is None else gauges).items()))
    return Observation(
        at(0),
        Answers("0.12.0", model_api),
        tuple(Description(each, is_default=True) for each in models or (model(),)),
        Scrape(at(0), mode, {}, published),
    )


def key_file(path: Path, **changes: Any) -> KeyFileFacts:
    in_an_hour = NOW + timedelta(hours=1)
    plain = KeyFileFacts(
        path,
        mode=0o600,
        written=STARTED + 1,
        expires={
            KeyKind.MANAGEMENT: in_an_hour,
            KeyKind.INFERENCE: in_an_hour,
            KeyKind.API: None,
        },
    )
    return replace(plain, **changes)


def server(**changes: Any) -> ExaminedServer:
    plain = ExaminedServer(
        addresses=Addresses(),
        descriptions={api: ApiDescription("0.12.0", paths) for api, paths in PATHS.items()},
        observation=observation(),
        ping="Healthy",
        wants_token=True,
        key_file=key_file(Path("/srv/key_file.json")),
    )
    return replace(plain, **changes)


def worker_process(number: int = 0, **changes: Any) -> WorkerProcess:
    plain = WorkerProcess(
        pid=100 + number,
        memory=GB,
        started=STARTED + 5,
        threads=1,
        directory=Path(f"/tmp/models/{number}"),
    )
    return replace(plain, **changes)


def java(*workers: WorkerProcess, **changes: Any) -> JavaProcess:
    plain = JavaProcess(
        pid=99,
        started=STARTED,
        command=("java", "org.pytorch.serve.ModelServer", "-f", "config.properties", "-ncs"),
        directory=Path("/srv"),
        workers=workers or (worker_process(),),
    )
    return replace(plain, **changes)


def folder(path: str = "/srv/logs", **changes: Any) -> FolderSize:
    return replace(FolderSize(Path(path), size=1000, entries=("0",), free=100 * GB), **changes)


def machine(**changes: Any) -> MachineFacts:
    plain = MachineFacts(
        cores=4,
        memory_total=16 * GB,
        memory_available=8 * GB,
        server=java(),
        logs=folder(),
        models=folder("/tmp/models"),
    )
    return replace(plain, **changes)


def remote() -> MachineFacts:
    return machine(
        server=None, why_no_server="the server is on another machine", logs=None, models=None
    )


def config(text: Mapping[str, str] | None = None, **changes: Any) -> ConfigFacts:
    settings = {"metrics_mode": "prometheus", "enable_model_api": "true"} if text is None else text
    return replace(ConfigFacts(Path("/srv/config.properties"), settings), **changes)


def installation(**changes: Any) -> InstallationFacts:
    versions = dict.fromkeys([*REQUIRED, "captum"], "1.0") | {"torchserve": "0.12.0"}
    plain = InstallationFacts("/venv/bin/python", versions, Java(Path("/java"), 21))
    return replace(plain, **changes)


def facts(**changes: Any) -> Facts:
    plain = Facts(server(), machine(), config(), installation(), now=NOW)
    return replace(plain, **changes)


def with_models(*models: ModelVersion, **changes: Any) -> Facts:
    return facts(server=server(observation=observation(*models)), **changes)


def found(examine: Any, made: Facts) -> list[Finding]:
    """What a check says of these facts."""
    return list(run_check(Check("check", CheckGroup.SERVER, "", examine), made).findings)


def only(examine: Any, made: Facts) -> Finding:
    """The one thing a check says of these facts."""
    (finding,) = found(examine, made)
    return finding


def severity(examine: Any, made: Facts) -> Severity:
    """The severity of the one thing it says, which it could check."""
    finding = only(examine, made)
    assert finding.checked, finding.title
    return finding.severity
