"""Says why a worker died or a request failed, from the log files.

ts_log shows that a process ended and how; model_log shows what it said, and where there is none,
ts_log does that too. The two are joined by worker and time. TorchServe stops reading a process's
output when it sees the process end, so the traceback of a death may be cut off or missing; since
TorchServe repeats a failed load, the words of another attempt of the same model version then stand
in for it. Where no exception was announced, the last words of the process are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.logs.files import CAUSE_BYTES, MODEL_LOG, TS_LOG
from tsmon.logs.last_lines import lines_at_end, sifted_lines
from tsmon.logs.lines import WorkerThread, logged_as
from tsmon.telemetry.logs.known_exceptions import HINTS, CauseKind, Verdict, classify, usual
from tsmon.telemetry.logs.last_words import LAG, LastWords, last_words
from tsmon.telemetry.logs.tracebacks import BEGIN, Said, Traceback, tracebacks, worker_lines
from tsmon.telemetry.logs.worker_event_lines import shows_worker
from tsmon.telemetry.logs.worker_exits import ExitReport, PipFailure, WorkerExit, read_exits
from tsmon.telemetry.logs.worker_states import DeathReason
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.logs.time_zone import LogZone

LONGEST_MESSAGE = 300
_AT_THE_END = timedelta(seconds=10)
"""How long before the end of a process an exception on standard error may be what ended it."""

_AT_LOAD = re.compile(
    r"^(Backend worker process died\.$|Load model .+ (cpu|cuda) OOM, |Failed to load model .+, ex)"
)
_AT_REQUEST = re.compile(
    r"^(Invoking custom service failed\.|Prediction error|System out of memory|CUDA out of memory)$"
)
_ECHO = re.compile(r"^RuntimeError: 50[07] - (System out of memory|Unknown exception)$")
_MISMATCHED = re.compile(r"number of batch response mismatched, expect: (\d+), got: (\d+)\.$")
_INVALID = re.compile(r"Invalid return type: (.+)\.$")
FAILURE_SIGNS = (
    BEGIN.encode(),
    b"number of batch response mismatched, ",
    b"Invalid return type: ",
)
"""A text of model_log without any of these reports no failure."""
_OTHER_ATTEMPT = "reported by another attempt to load the model, as this one's words are lost"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NO_FAILURE = re.compile(r"^(Exception in thread|Exception ignored in)")


class Cause(Struct, frozen=True):
    """Why something failed, and what to do then."""

    kind: CauseKind
    message: str
    """One line: the exception that began it, or what happened instead of one."""
    detail_lines: tuple[str, ...]
    """The whole traceback, or what else was written; may be empty."""
    hint: str
    worker_id: str
    """Empty when no worker was involved."""
    model: str
    version: str
    """Empty when the log does not name it."""
    time: datetime
    """The server's local time without a zone."""
    fatal: bool = True
    """Whether a worker ended; otherwise a request failed."""
    certain: bool = True
    """False when the cause was not found: the words are the last ones, or another attempt's."""
    times: int | None = None
    """How many requests of the last minute failed so; None where that is not counted."""

    def here(self, zone: LogZone) -> Cause:
        """It with its time as this machine's local one, from that of the log's zone."""
        return replace(self, time=zone.here(self.time))


class Failure(Struct, frozen=True):
    """A failure that a worker spoke of."""

    worker: WorkerThread
    time: datetime
    cause: Cause
    clear: bool
    """TorchServe announced it; otherwise it is a traceback on stderr, of whatever meaning."""


def find_cause(
    model_lines: Iterable[bytes],
    server_lines: Iterable[bytes] = (),
    *,
    worker_id: str | None = None,
    model: str | None = None,
    version: str | None = None,
    since: datetime | None = None,
) -> Cause | None:
    """Why the worker or model last failed; None if it did not, as far as the lines show.

    Workers that are down come first, then whatever failed last. `since` is in the server's local
    time without a zone; without `server_lines` (ts_log) time-outs and silent deaths are not seen.
    """
    server_lines = list(server_lines)
    report = read_exits(server_lines)
    words, file = list(worker_lines(model_lines)), MODEL_LOG
    if not words:
        words, file = list(worker_lines(server_lines, doubled=True)), TS_LOG
    said = [each for each in words if report.begin is None or each.time >= report.begin]
    found = [(cause, is_down) for cause, is_down in _causes(report, _Words(said, file))]
    named = [(_named(cause, model, version), is_down) for cause, is_down in found]
    matching = [
        (is_down, cause.time, cause)
        for cause, is_down in named
        if worker_id in (None, cause.worker_id)
        and model in (None, cause.model)
        and (version is None or cause.version in ("", version))
        and (since is None or cause.time >= since)
    ]
    return max(matching, key=lambda entry: entry[:2])[2] if matching else None


def _named(cause: Cause, model: str | None, version: str | None) -> Cause:
    """The cause with the names of this version, if it is one of its workers'."""
    if (
        model is None
        or version is None
        or (cause.model, cause.version) != logged_as(model, version)
    ):
        return cause
    return replace(cause, model=model, version=version)


def read_cause(
    folder: Path,
    *,
    worker_id: str | None = None,
    model: str | None = None,
    version: str | None = None,
    since: datetime | None = None,
    most_bytes: int = CAUSE_BYTES,
) -> Cause | None:
    """Like `find_cause`, from the end of the log files in this folder; blocks while it reads.

    Where `most_bytes` do not show a version's last failure, it is searched back for.
    """
    found = find_cause(
        lines_at_end(folder / MODEL_LOG, most_bytes),
        lines_at_end(folder / TS_LOG, most_bytes),
        worker_id=worker_id,
        model=model,
        version=version,
        since=since,
    )
    if found is not None or model is None or version is None or since is not None:
        return found
    name = f"-{model}_{version}".encode()
    words = (b"-stdout ", b"-stderr ") if not (folder / MODEL_LOG).exists() else ()
    return find_cause(
        sifted_lines(folder / MODEL_LOG, lambda line: name in line),
        sifted_lines(
            folder / TS_LOG,
            lambda line: name in line and (shows_worker(line) or any(w in line for w in words)),
        ),
        worker_id=worker_id,
        model=model,
        version=version,
    )


class _Words(Struct):
    """What the workers said."""

    said: list[Said]
    file: str
    """Which of the log files has it."""
    failures: list[Failure] = []

    def __post_init__(self) -> None:
        self.failures = _failures(self.said)

    def of(self, exit_: WorkerExit) -> LastWords | None:
        """The last words of a process; once it had loaded, those since its last request or answer.

        What it wrote for a request that it answered is not what ended it.
        """
        since = exit_.began or self._first
        if not exit_.loading and exit_.last_exchange is not None:
            since = exit_.last_exchange
        mine = [each for each in self.said if each.worker == exit_.worker]
        return last_words(mine, since or exit_.time - _AT_THE_END, exit_.time)

    @property
    def _first(self) -> datetime | None:
        return self.said[0].time if self.said else None

    def searched(self, exit_: WorkerExit) -> str:
        """What was looked at for an exit, and what was not."""
        if self._first is None:
            return f"no output of workers is in {MODEL_LOG} or {TS_LOG} as far as they were read"
        is_whole = exit_.began is not None and self._first <= exit_.began
        since = "since it began" if is_whole else f"from {self._first:%H:%M:%S} on"
        return f"searched: {self.file} {since}; not searched: the kernel log, which lists kills"


def _causes(report: ExitReport, words: _Words) -> Iterable[tuple[Cause, bool]]:
    """All causes, each with whether its worker is down since."""
    failures = words.failures
    explained: set[int] = set()
    last = {exit_.worker: exit_ for exit_ in report.exits}
    for exit_ in report.exits:
        mine = [failure for failure in failures if _is_of(failure, exit_)]
        explained |= {id(failure) for failure in mine}
        is_down = exit_.worker in report.down and last[exit_.worker] is exit_
        yield _cause_of(exit_, mine, words), is_down
    for failure in failures:
        if failure.clear and id(failure) not in explained:
            yield failure.cause, False
    for pip in report.pip_failures:
        yield _cause_of_pip(pip), False


def _is_of(failure: Failure, exit_: WorkerExit) -> bool:
    """Whether this failure belongs to the process that ended so."""
    if failure.worker != exit_.worker or not failure.cause.fatal:
        return False
    since = exit_.began
    if not (failure.clear or exit_.loading):  # what it wrote for an earlier request says nothing
        since = exit_.last_exchange or since
    return (since is None or failure.time >= since) and failure.time <= exit_.time + LAG


def _cause_of(exit_: WorkerExit, mine: list[Failure], words: _Words) -> Cause:
    if exit_.reason is DeathReason.TIMED_OUT:
        return _of_exit(exit_, usual(_timeout_kind(exit_)), _timeout_message(exit_))
    if spoken := _clearest(mine):
        certain = spoken.clear or exit_.time - spoken.time <= _AT_THE_END
        return replace(spoken.cause, time=exit_.time, certain=certain)
    last = words.of(exit_)
    if last and (crash := last.crash()):
        return _of_exit(exit_, *crash, lines=last.lines)
    if exit_.loading and (other := _other_attempt(exit_, words.failures)):
        return replace(
            other.cause,
            time=exit_.time,
            worker_id=exit_.worker.worker_id,
            hint=f"{other.cause.hint}; {_OTHER_ATTEMPT}",
            certain=False,
        )
    if exit_.reason is DeathReason.NOT_STARTED and not last:
        return _of_exit(exit_, usual(CauseKind.NOT_STARTED), exit_.message)
    return _not_found(exit_, last, words.searched(exit_))


def _not_found(exit_: WorkerExit, last: LastWords | None, searched: str) -> Cause:
    """What can be said where nothing shows the cause for certain."""
    if last and (known := last.recognised()):
        return _of_exit(exit_, *known, lines=last.lines, certain=False)
    if last:
        verdict, message, lines = usual(CauseKind.UNKNOWN), last.message, last.lines
    else:
        when = "while it loaded the model" if exit_.loading else "after it had loaded the model"
        message, lines = f"the process ended {when}, and nothing it wrote was found", ()
        verdict = usual(CauseKind.DIED_SILENTLY)
    hint = f"{verdict.hint}; {searched}"
    return _of_exit(exit_, Verdict(verdict.kind, hint), message, lines=lines, certain=False)


def _clearest(failures: list[Failure]) -> Failure | None:
    """The first that TorchServe announced, since later ones follow from it, or else any."""
    return next((each for each in failures if each.clear), failures[-1] if failures else None)


def _other_attempt(exit_: WorkerExit, failures: list[Failure]) -> Failure | None:
    """What a process of the same model version said the last time one failed to load."""
    spoken = [
        failure
        for failure in failures
        if failure.clear
        and failure.cause.fatal
        and (failure.worker.model, failure.worker.version)
        == (exit_.worker.model, exit_.worker.version)
    ]
    return spoken[-1] if spoken else None


def _timeout_kind(exit_: WorkerExit) -> CauseKind:
    return CauseKind.LOAD_TIMEOUT if exit_.loading else CauseKind.INFERENCE_TIMEOUT


def _timeout_message(exit_: WorkerExit) -> str:
    setting = "startup_timeout" if exit_.loading else "response_timeout"
    what = "the model was not loaded" if exit_.loading else "there was no answer"
    # TorchServe's time-outs are whole seconds; the rest is what its log took to say so.
    waited = "in time" if exit_.waited_s is None else f"within {duration(round(exit_.waited_s))}"
    return f"{what} {waited} ({setting})"


def _of_exit(
    exit_: WorkerExit,
    verdict: Verdict,
    message: str,
    *,
    lines: tuple[str, ...] = (),
    certain: bool = True,
) -> Cause:
    worker = exit_.worker
    return Cause(
        kind=verdict.kind,
        message=_short(message),
        detail_lines=lines or ((exit_.message,) if exit_.message else ()),
        hint=verdict.hint,
        worker_id=worker.worker_id,
        model=worker.model,
        version=worker.version,
        time=exit_.time,
        certain=certain,
    )


def _cause_of_pip(failure: PipFailure) -> Cause:
    errors = [line for line in failure.lines if line.startswith("ERROR: ")]
    return Cause(
        kind=CauseKind.PIP_FAILED,
        message=_short(errors[0] if errors else "pip could not install the requirements"),
        detail_lines=failure.lines,
        hint=HINTS[CauseKind.PIP_FAILED],
        worker_id="",
        model=failure.model,
        version="",
        time=failure.time,
        fatal=False,
    )


def _failures(said: list[Said]) -> list[Failure]:
    """What workers said of failures, in the order of time."""
    spoken = [failure for each in tracebacks(said) if (failure := of_traceback(each))]
    lines = [failure for each in said if (failure := of_line(each))]
    return sorted([*spoken, *lines], key=lambda failure: failure.time)


def of_traceback(traceback: Traceback) -> Failure | None:
    """What a traceback means; None for those that are no failure, or the echo of another."""
    announcement = traceback.announcement
    if _ECHO.match(traceback.root) or _NO_FAILURE.match(announcement):
        return None
    fatal = traceback.stderr or bool(_AT_LOAD.match(announcement))
    if not fatal and not _AT_REQUEST.match(announcement):
        return None  # the handler's own logging, or input that TorchServe could not decode
    fallback = CauseKind.UNKNOWN if fatal else CauseKind.HANDLER_RAISED
    verdict = classify(traceback.root, traceback.raised) or usual(fallback)
    cause = _spoken(traceback, verdict, traceback.root, traceback.lines, fatal=fatal)
    return Failure(traceback.worker, traceback.time, cause, clear=not traceback.stderr)


def of_line(said: Said) -> Failure | None:
    """What a single line means; None for most lines."""
    if match := _MISMATCHED.search(said.text):
        kind = CauseKind.WRONG_ANSWER_COUNT
        message = f"the handler returned {match[2]} answers for a batch of {match[1]}"
    elif match := _INVALID.search(said.text):
        kind = CauseKind.INVALID_ANSWER
        message = f"the handler returned a {match[1]} instead of a list"
    else:
        return None
    cause = _spoken(said, usual(kind), message, (said.text,), fatal=False)
    return Failure(said.worker, said.time, cause, clear=True)


def _spoken(
    source: Said | Traceback, verdict: Verdict, message: str, lines: tuple[str, ...], *, fatal: bool
) -> Cause:
    return Cause(
        kind=verdict.kind,
        message=_short(message),
        detail_lines=lines,
        hint=verdict.hint,
        worker_id=source.worker.worker_id,
        model=source.worker.model,
        version=source.worker.version,
        time=source.time,
        fatal=fatal,
    )


def _short(message: str) -> str:
    message = _COLOUR.sub("", message)
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"
