"""Checks of each registered model version, by what describe says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from tsmon.doctor.checks.evidence import descriptions_of, models_of, named
from tsmon.doctor.findings import Finding, NotChecked, error, note, ok, warning
from tsmon.telemetry.snapshot import ModelKey
from tsmon.units import plural
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.doctor.facts import Facts
    from tsmon.torchserve.records import ModelVersion, Worker

SHORT_STARTUP_S = 10
NEARLY_FULL = 0.8
RESTART_S = 3
ZONE_STEP_S = 900
_RETRIES = "TorchServe retries for 5 min, then never again"
_DESCRIBE = "run `curl` on its address under /models to see what the server answers"
_LOGS = "`tsmon serve logs model` shows why"


def workers(facts: Facts) -> Iterator[Finding]:
    """Whether all required workers are ready."""
    yield from _each(facts, _workers, "every worker is ready")


def readable(facts: Facts) -> Iterator[Finding]:
    """Whether every model can be described in full."""
    models = descriptions_of(facts)
    bad = [entry for entry in models if entry.problem]
    for entry in bad:
        hint = entry.why.hint if entry.why else ""
        yield warning(f"{named(entry.model)} cannot be read", entry.problem, hint or _DESCRIBE)
    if not bad:
        yield ok("every model can be read", plural(len(models), "model version"))


def limits(facts: Facts) -> Iterator[Finding]:
    """Whether the limits of the workers make sense."""
    yield from _each(
        facts,
        lambda _, model: _limits(model),
        "min and max workers are consistent",
        lambda model: model.max_workers is not None,
    )


def timeouts(facts: Facts) -> Iterator[Finding]:
    """Whether a model's time-outs leave it time."""
    yield from _each(
        facts,
        lambda _, model: _timeouts(model),
        "time-outs are long enough",
        lambda model: None not in {model.response_timeout_s, model.startup_timeout_s},
    )


def batching(facts: Facts) -> Iterator[Finding]:
    """Whether batches can fill."""
    yield from _each(
        facts,
        lambda _, model: _batching(model),
        "batch settings are consistent",
        lambda model: None not in {model.batch_size, model.max_batch_delay_ms},
    )


def queues(facts: Facts) -> Iterator[Finding]:
    """Whether job queues have room."""
    yield from _each(
        facts,
        lambda _, model: _queue(model),
        "job queues have room",
        lambda model: model.queue is not None,
    )


def _each(
    facts: Facts,
    judge: Callable[[Facts, ModelVersion], Iterator[Finding]],
    fine: str,
    is_known: Callable[[ModelVersion], bool] = lambda _: True,
) -> Iterator[Finding]:
    """What is found of each model, or that those are fine of which enough is known."""
    models = models_of(facts)
    findings = [finding for model in models for finding in judge(facts, model)]
    yield from findings
    known = sum(map(is_known, models))
    if not known and not findings:
        raise NotChecked("this server's version does not report it")
    if not findings:
        yield ok(fine, plural(known, "model version"))


def _workers(facts: Facts, model: ModelVersion) -> Iterator[Finding]:
    if not model.workers and model.min_workers == 0:
        yield warning(
            f"{named(model)} has no workers",
            "every request to it gets a 503",
            f"tsmon scale {_words(model)} 1",
        )
        return
    missing = [worker for worker in model.workers if not worker.ready]
    if not missing and len(model.workers) >= model.min_workers:
        return
    evidence = f"{model.ready_workers} of {max(model.min_workers, len(model.workers))} ready"
    dead = [worker for worker in missing if _has_died(facts, worker)]
    if facts.machine.server is not None and missing and not dead:
        yield note(f"{named(model)} is loading", f"{evidence}, their processes are running")
        return
    death = facts.deaths.get(ModelKey(model.name, model.version))
    evidence += (
        f"; {death.message}" if death else "; TorchServe retries for 5 min, then never again"
    )
    ids = ", ".join(worker.id for worker in dead or missing)
    report = error if model.ready_workers == 0 else warning
    again = max(model.min_workers, 1)
    yield report(
        f"{named(model)}: worker {ids or 'missing'} {'died' if dead else 'is not ready'}",
        evidence,
        f"{death.hint if death and death.hint else _LOGS}; then tsmon scale {_words(model)} 0 and "
        f"tsmon scale {_words(model)} {again}",
    )


def _has_died(facts: Facts, worker: Worker) -> bool:
    """Whether its process is gone, or was started again later than the worker was made."""
    server = facts.machine.server
    if server is None or worker.pid is None:
        return False
    process = next((each for each in server.workers if each.pid == worker.pid), None)
    if process is None:
        return True
    try:
        made = datetime.fromisoformat(worker.start_time.removesuffix("Z")).timestamp()
    except ValueError:
        return False
    # It is the server's local time, whose zone may differ from ours by quarters of an hour.
    late = (process.started - made) % ZONE_STEP_S
    return RESTART_S < late < ZONE_STEP_S - RESTART_S


def _limits(model: ModelVersion) -> Iterator[Finding]:
    if model.max_workers is not None and model.min_workers > model.max_workers:
        yield warning(
            f"{named(model)}: min workers is above max workers",
            f"minWorkers {model.min_workers}, maxWorkers {model.max_workers}",
            f"tsmon scale {_words(model)} {max(model.min_workers, 1)}",
        )


def _timeouts(model: ModelVersion) -> Iterator[Finding]:
    response_s, startup_s = model.response_timeout_s, model.startup_timeout_s
    delay_ms = model.max_batch_delay_ms
    if response_s is not None and response_s < 1:
        yield error(
            f"{named(model)}: every request kills its worker",
            f"the response time-out is {response_s} s",
            _register_again(model, "--response-timeout 120"),
        )
    elif None not in {response_s, delay_ms} and (delay_ms or 0) >= (response_s or 0) * 1000:
        yield warning(
            f"{named(model)}: the batch delay is longer than the response time-out",
            f"batch delay {delay_ms} ms, response time-out {response_s} s",
            _register_again(model, "--max-batch-delay MILLISECONDS"),
        )
    if startup_s is not None and startup_s < SHORT_STARTUP_S:
        report = error if startup_s < 1 else warning
        yield report(
            f"{named(model)}: the start-up time-out is short",
            f"the start-up time-out is {startup_s} s; importing torch takes seconds",
            _register_again(model, "--startup-timeout 120"),
        )
    patience = model.raw.get("clientTimeoutInMills")
    if type(patience) is int and delay_ms is not None and 0 < patience <= delay_ms:
        yield error(
            f"{named(model)}: requests time out while waiting for a batch",
            f"clientTimeoutInMills {patience}, batch delay {delay_ms} ms",
            "raise clientTimeoutInMills in the archive's yaml, or set it to 0",
        )


def _batching(model: ModelVersion) -> Iterator[Finding]:
    size, delay_ms = model.batch_size, model.max_batch_delay_ms
    if delay_ms is not None and delay_ms < 0:
        yield warning(
            f"{named(model)}: the batch delay is negative",
            f"{delay_ms} ms: it was registered by a JSON body without one",
            _register_again(model, "--max-batch-delay 100"),
        )
    elif size is not None and size > 2 and delay_ms == 0:
        yield warning(
            f"{named(model)}: batches never hold more than 2 requests",
            f"batch size {size}, batch delay 0 ms",
            f"{_register_again(model, '--max-batch-delay 50')}, or --batch-size 1",
        )
    if model.queue and size is not None and 0 < model.queue.capacity < size:
        yield warning(
            f"{named(model)}: a batch is larger than the queue it is taken from",
            f"batch size {size}, queue of {model.queue.capacity}",
            f"put job_queue_size={size * 2} or more into config.properties and restart",
        )


def _queue(model: ModelVersion) -> Iterator[Finding]:
    queue = model.queue
    if queue is None or queue.capacity == 0 or queue.pending < NEARLY_FULL * queue.capacity:
        return
    evidence = f"{queue.pending} of {queue.capacity} places used, {model.ready_workers} ready"
    remedy = f"tsmon scale {_words(model)} {len(model.workers) + 1}, or a larger job_queue_size"
    if not queue.remaining:
        yield error(f"{named(model)}: the queue is full; requests get 503", evidence, remedy)
    else:
        yield warning(f"{named(model)}: the queue is nearly full", evidence, remedy)


def _register_again(model: ModelVersion, options: str) -> str:
    """How to change what is fixed when a version is registered."""
    archive = shell_word(model.url) if model.url else "ARCHIVE"
    return (
        f"to change it, register the model again: `tsmon unregister {_words(model)}` and `tsmon "
        f"register {archive} {options}`"
    )


def _words(model: ModelVersion) -> str:
    """The model as an argument of a command."""
    return f"{shell_word(model.name)} --model-version {shell_word(model.version)}"
