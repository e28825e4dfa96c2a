"""Why workers die and requests fail, on a real TorchServe."""

from __future__ import annotations

import os
import signal
from datetime import datetime

import pytest

from tests.integration.causes.conftest import Server, until
from tsmon.logs.follower import FileFollower
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict, WorkerHealth
from tsmon.telemetry.health.watch import HealthWatch
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.causes import Cause
from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.logs.worker_states import DeathReason, WorkerStates

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("model", "kind", "words"),
    [
        ("missing", CauseKind.MISSING_MODULE, "No module named 'module_that_nobody_has'"),
        ("weights", CauseKind.WEIGHTS_MISMATCH, "size mismatch for weight"),
        pytest.param(
            *("memory", CauseKind.OUT_OF_MEMORY, "no room for the weights"),
            marks=pytest.mark.since("0.8.0", "the words of a MemoryError"),
        ),
        ("exit", CauseKind.DIED_SILENTLY, "while it loaded the model"),
        ("leaving", CauseKind.UNKNOWN, "its last words: licence file not found"),
        pytest.param(
            *("slow", CauseKind.LOAD_TIMEOUT, "not loaded within 3 s"),
            marks=pytest.mark.since("0.12.0", "start-up time-outs"),
        ),
    ],
)
def test_cause_of_a_failed_load(server: Server, model: str, kind: CauseKind, words: str) -> None:
    since = datetime.now()
    server.register(model, **({"startup_timeout": 3} if model == "slow" else {}))
    try:
        # TorchServe may lose the words of one attempt; the next one's are then read.
        cause = until(
            lambda: server.cause(model, since),
            lambda cause: cause is not None and cause.kind is kind and words in cause.message,
        )
    finally:
        server.unregister(model)
    assert cause is not None
    assert (cause.model, cause.version, cause.fatal) == (model, "1.0", True)
    assert cause.worker_id.isdigit()
    assert cause.hint


@pytest.mark.parametrize(
    ("wish", "status", "kind", "words"),
    [
        (b"raise", 503, CauseKind.HANDLER_RAISED, "invalid literal for int()"),
        (b"memory", 507, CauseKind.OUT_OF_MEMORY, "no room for the batch"),
        (b"many", 503, CauseKind.WRONG_ANSWER_COUNT, "3 answers for a batch of 1"),
        pytest.param(
            *(b"leave", 500, CauseKind.UNKNOWN, "its last words: licence expired"),
            marks=pytest.mark.since("0.10.0", "workers that come back after they were killed"),
        ),
        pytest.param(
            *(b"slow", 500, CauseKind.INFERENCE_TIMEOUT, "within 2 s"),
            marks=pytest.mark.since("0.10.0", "workers that come back after they were killed"),
        ),
    ],
)
def test_cause_of_a_failed_request(
    server: Server, moody: str, wish: bytes, status: int, kind: CauseKind, words: str
) -> None:
    since = datetime.now()
    assert server.predict(moody, wish) == status
    cause = until(lambda: server.cause(moody, since), lambda cause: _is(cause, kind))
    assert cause is not None
    assert words in cause.message
    assert cause.fatal == (kind in (CauseKind.UNKNOWN, CauseKind.INFERENCE_TIMEOUT))


@pytest.mark.since("0.6.0", "requests whose JSON cannot be decoded")
def test_input_that_is_no_text_is_no_cause(server: Server, moody: str) -> None:
    since = datetime.now()
    assert server.predict(moody, b"\xff\xfe", "application/json") == 200
    log = server.logs / "model_log.log"
    until(log.read_text, lambda text: "UnicodeDecodeError: 'utf-8' codec" in text)
    assert server.cause(moody, since) is None


@pytest.mark.since("0.10.0", "workers that come back after they were killed")
def test_killed_worker_is_retried_and_ready_again(server: Server, moody: str) -> None:
    (worker,) = server.describe(moody).workers
    assert worker.pid
    file, worker_states, watch = (
        FileFollower(server.logs / "ts_log.log"),
        WorkerStates(),
        HealthWatch(),
    )

    def judge() -> ModelVerdict:
        worker_states.read(file.read())
        models = [server.describe(moody)]
        return watch.judge(Instant.now(), models, worker_states=worker_states)[moody, "1.0"]

    assert judge().health is ModelHealth.READY
    since = datetime.now()
    os.kill(worker.pid, signal.SIGKILL)
    retrying = until(judge, lambda verdict: verdict.health is ModelHealth.RETRYING)
    ((_, verdict),) = retrying.workers
    assert verdict.health is WorkerHealth.RETRYING
    ready = until(judge, lambda verdict: verdict.health is ModelHealth.READY)
    assert ready.restarts == 1
    death = worker_states[worker.id].last_death
    assert death is not None
    assert (death.reason, death.loading) == (DeathReason.ENDED, False)
    cause = server.cause(moody, since)
    assert cause is not None
    assert cause.kind is CauseKind.DIED_SILENTLY
    file.close()


def _is(cause: Cause | None, kind: CauseKind) -> bool:
    return cause is not None and cause.kind is kind
