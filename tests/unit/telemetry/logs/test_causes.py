"""Why workers died and requests failed, on lines of a real server."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.logs.real_lines import model_lines, server_lines
from tsmon.telemetry.logs.causes import LONGEST_MESSAGE, Cause, find_cause, read_cause
from tsmon.telemetry.logs.known_exceptions import HINTS, CauseKind, classify

ALL_MODEL_LINES = [
    line
    for name in ("crash_loop", "lost_words", "refused", "requests", "two_at_once", "weights")
    for line in model_lines(name)
]
ALL_SERVER_LINES = [
    line
    for name in ("banner", "crash_loop", "lost_words", "pip", "slow_load", "slow_request", "undone")
    for line in server_lines(name)
]


def test_death_is_explained_by_what_its_own_worker_said() -> None:
    lines = model_lines("two_at_once"), server_lines("two_at_once")
    cause = _found(find_cause(*lines, worker_id="9000"))
    assert (cause.kind, cause.model) == (CauseKind.MISSING_MODULE, "nomod")
    assert cause.message == "ModuleNotFoundError: No module named 'captum_nope'"
    assert (cause.fatal, cause.certain, len(cause.detail_lines)) == (True, True, 51)
    other = _found(find_cause(*lines, model="nohandlerfile"))
    assert (other.kind, other.worker_id) == (CauseKind.BAD_HANDLER, "9001")


def test_reported_failure_is_explained_by_the_first_of_two_tracebacks() -> None:
    cause = _found(find_cause(model_lines("refused"), server_lines("refused")))
    assert (cause.kind, cause.message) == (CauseKind.OUT_OF_MEMORY, "MemoryError: no room")


def test_weights_are_explained_without_ts_log() -> None:
    cause = _found(find_cause(model_lines("weights")))
    assert cause.kind is CauseKind.WEIGHTS_MISMATCH
    assert 'Missing key(s) in state_dict: "bias"' in cause.message


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("slow_load", CauseKind.LOAD_TIMEOUT, "within 3 s (startup_timeout)"),
        ("undone", CauseKind.LOAD_TIMEOUT, "within 3 s (startup_timeout)"),
        ("slow_request", CauseKind.INFERENCE_TIMEOUT, "within 2 s (response_timeout)"),
        ("killed", CauseKind.DIED_SILENTLY, "after it had loaded the model"),
        ("lost_words", CauseKind.DIED_SILENTLY, "while it loaded the model"),
    ],
)
def test_cause_that_only_ts_log_tells(name: str, kind: CauseKind, message: str) -> None:
    cause = _found(find_cause([], server_lines(name)))
    assert cause.kind is kind
    assert message in cause.message
    assert cause.hint.startswith(HINTS[kind])
    assert cause.certain == (kind is not CauseKind.DIED_SILENTLY)


def test_unregistered_worker_is_not_said_to_have_failed_to_start() -> None:
    causes = find_cause([], server_lines("slow_load"), since=_time("14:09:22"))
    assert causes is None


def test_lost_words_are_taken_from_another_attempt() -> None:
    server = server_lines("crash_loop")
    spoken = model_lines("crash_loop")  # of the first of three attempts only
    cause = _found(find_cause(spoken, server))
    assert (cause.kind, cause.certain) == (CauseKind.BAD_HANDLER, False)
    assert cause.time > _time("14:15:00")
    assert "absent_entry.py" in cause.hint
    first = _found(find_cause(spoken, server[:30]))
    assert first.certain


@pytest.mark.parametrize(
    ("model", "kind", "message"),
    [
        ("raising", CauseKind.HANDLER_RAISED, "ValueError: the handler raised"),
        (
            "chained",
            CauseKind.HANDLER_RAISED,
            "ValueError: invalid literal for int() with base 10: 'x'",
        ),
        ("wrongn", CauseKind.WRONG_ANSWER_COUNT, "the handler returned 3 answers for a batch of 1"),
        (
            "nolist",
            CauseKind.INVALID_ANSWER,
            "the handler returned a <class 'str'> instead of a list",
        ),
        ("ooming", CauseKind.OUT_OF_MEMORY, "MemoryError: no room"),
        (
            "cudainf",
            CauseKind.CUDA_OUT_OF_MEMORY,
            "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB",
        ),
    ],
)
def test_cause_of_a_failed_request(model: str, kind: CauseKind, message: str) -> None:
    cause = _found(find_cause(model_lines("requests"), model=model))
    assert (cause.kind, cause.message, cause.fatal) == (kind, message, False)


def test_input_that_is_no_text_is_no_cause() -> None:
    lines = model_lines("requests")
    assert sum(b"UnicodeDecodeError" in line for line in lines) == 2
    assert find_cause(lines, model="noise") is None


def test_exception_that_a_handler_only_logged_is_no_cause() -> None:
    lines = model_lines("requests")
    logged = [line.replace(b"Invoking custom service failed.", b"cache missed") for line in lines]
    assert find_cause(logged, model="raising") is None


def test_what_was_before_the_last_start_of_the_server_is_no_cause() -> None:
    later = [line.replace(b"T14:", b"T15:") for line in server_lines("crash_loop")[:3]]
    server = [*server_lines("crash_loop"), *server_lines("banner"), *later]
    assert find_cause(model_lines("crash_loop"), server) is None


def test_worker_that_is_down_comes_before_what_failed_later() -> None:
    server = [*server_lines("crash_loop"), *[_later(line) for line in server_lines("slow_request")]]
    server += [
        b"2026-11-22T20:05:16,000 [DEBUG] W-9005-slowinf_1.0 org.pytorch.serve.wlm.WorkerThread"
        b" - W-9005-slowinf_1.0 State change WORKER_STARTED -> WORKER_MODEL_LOADED"
    ]
    assert _found(find_cause(model_lines("crash_loop"), server)).model == "absent"
    assert _found(find_cause([], server, worker_id="9005")).kind is CauseKind.INFERENCE_TIMEOUT


def test_failed_pip_install_names_what_pip_refused() -> None:
    cause = _found(find_cause([], server_lines("pip"), model="pip"))
    assert cause.kind is CauseKind.PIP_FAILED
    assert cause.message.startswith("ERROR: Invalid requirement: './no_such_folder_here'")
    assert cause.detail_lines[-1].startswith("Hint: It looks like a path.")


def test_crash_before_the_worker_could_log_is_read_from_stderr() -> None:
    said = ["Traceback (most recent call last):", '  File "util.py", line 14, in <module>']
    said += ["    import yaml", "ModuleNotFoundError: No module named 'yaml'"]
    lines = [
        f"2026-11-22T14:14:53,470 [WARN ] W-9000-absent_1.0-stderr MODEL_LOG - {text}".encode()
        for text in said
    ]
    cause = _found(find_cause(lines, server_lines("crash_loop")[:30]))
    assert cause.kind is CauseKind.MISSING_MODULE
    assert "pip install pyyaml" in cause.hint
    assert find_cause(lines) is None  # without a death it may be anything


@pytest.mark.parametrize("has_model_log", [True, False])
@pytest.mark.parametrize(
    ("name", "kind", "certain", "message"),
    [
        ("exit_text", CauseKind.UNKNOWN, False, "its last words: licence file not found"),
        ("exit_text_later", CauseKind.UNKNOWN, False, "its last words: licence expired"),
        ("bad_alloc", CauseKind.OUT_OF_MEMORY, True, "std::bad_alloc"),
    ],
)
def test_last_words_are_found_in_whatever_file_has_them(
    name: str, kind: CauseKind, certain: bool, message: str, *, has_model_log: bool
) -> None:
    words = model_lines(name) if has_model_log else []
    cause = _found(find_cause(words, server_lines(name)))
    assert (cause.kind, cause.certain, cause.message) == (kind, certain, message)
    file = "model_log.log" if has_model_log else "ts_log.log"
    assert (f"searched: {file}" in cause.hint) == (not certain)
    assert ("kernel log" in cause.hint) == (not certain)


def test_words_of_an_old_frontend_stand_under_its_own_class() -> None:
    old = [
        line.replace(b" MODEL_LOG ", b" org.pytorch.serve.wlm.WorkerLifeCycle ")
        for line in server_lines("exit_text")
    ]
    assert _found(find_cause([], old)).message == "its last words: licence file not found"


def test_crash_of_native_code_names_the_call() -> None:
    cause = _found(find_cause(model_lines("segfault"), server_lines("segfault")))
    assert (cause.kind, cause.certain) == (CauseKind.CRASHED, True)
    assert cause.message.startswith("Segmentation fault in string_at (/usr/lib/python3.11/ctypes")


def test_without_any_output_it_is_said_that_none_was_read() -> None:
    silent = [line for line in server_lines("exit_text") if b"MODEL_LOG" not in line]
    cause = _found(find_cause([], silent))
    assert (cause.kind, cause.certain) == (CauseKind.DIED_SILENTLY, False)
    assert "no output of workers is in model_log.log or ts_log.log" in cause.hint


def test_no_hint_to_memory_without_evidence_of_it() -> None:
    for name in ("killed", "lost_words", "exit_text"):
        cause = _found(find_cause([], server_lines(name)))
        assert not {"OOM", "memory"} & set(cause.hint.replace(",", " ").split())


def test_words_of_long_ago_are_not_the_last_ones() -> None:
    """A warning while the model loaded says nothing of an end at a request an hour later."""
    words = [
        line.replace(b"stdout MODEL_LOG - Python runtime: 3.11.7", b"stderr MODEL_LOG - be warned")
        for line in model_lines("exit_text_later")
        if b"licence expired" not in line
    ]
    cause = _found(find_cause(words, server_lines("exit_text_later")))
    assert cause.kind is CauseKind.DIED_SILENTLY


def test_what_is_said_of_a_payload_that_is_no_json_explains_no_end() -> None:
    """Its stamps may be later than the answer that the process then gave."""
    thread = b"W-9000-digit_1.0-stdout MODEL_LOG - "
    said = (
        b"Failed json decoding of input data. Forwarding encoded payload",
        b"Traceback (most recent call last):",
        b"UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0",
        b"Backend received inference at: 1796093628",
    )
    at = b"2026-11-30T16:23:59,000 "
    words = [at + b"[INFO ] " + thread + text for text in said]
    ended = at + b"[DEBUG] W-9000-digit_1.0 org.pytorch.serve.wlm.WorkerThread - "
    died = [ended + b"W-9000-digit_1.0 State change WORKER_MODEL_LOADED -> WORKER_STOPPED"]
    assert _found(find_cause(words, died)).kind is CauseKind.DIED_SILENTLY


def test_traceback_that_breaks_off_is_said_to() -> None:
    whole = model_lines("lfs_pointer")
    cut = whole[: next(n for n, line in enumerate(whole) if b"UnpicklingError" in line)]
    ended = b"2026-11-30T16:23:59,000 [DEBUG] W-9045-lfs_1.0 org.pytorch.serve.wlm.WorkerThread - "
    died = [ended + b"W-9045-lfs_1.0 State change WORKER_STARTED -> WORKER_STOPPED"]
    cause = _found(find_cause(cut, died))
    assert (cause.kind, cause.certain) == (CauseKind.UNKNOWN, False)
    assert cause.message.startswith("its output breaks off within a traceback, after: ")


def test_message_of_several_lines_is_read_to_its_end() -> None:
    cause = _found(find_cause(model_lines("lfs_pointer")))
    assert (cause.kind, "git lfs pull" in cause.hint) == (CauseKind.BROKEN_FILE, True)
    assert "Unsupported operand 118" in "".join(cause.detail_lines)


def test_forgotten_dependency_is_named_as_such() -> None:
    verdict = classify("ModuleNotFoundError: No module named 'captum.attr'")
    assert verdict is not None
    assert verdict.hint.startswith("pip install captum on the server: TorchServe's image")


def test_end_of_the_files_is_read(tmp_path: Path) -> None:
    for name, lines in (
        ("model_log.log", model_lines("refused")),
        ("ts_log.log", server_lines("refused")),
    ):
        (tmp_path / name).write_bytes(b"x\n" * 100_000 + b"\n".join([*lines, b""]))
    cause = _found(read_cause(tmp_path, model="oomload", most_bytes=20_000))
    assert cause.kind is CauseKind.OUT_OF_MEMORY
    assert read_cause(tmp_path / "absent") is None


@given(
    st.lists(st.sampled_from(ALL_MODEL_LINES), max_size=60),
    st.lists(st.sampled_from(ALL_SERVER_LINES), max_size=60),
)
def test_lines_in_any_order_never_raise(model: list[bytes], server: list[bytes]) -> None:
    cause = find_cause(model, server)
    if cause is not None:
        assert cause.hint
        assert len(cause.message) <= LONGEST_MESSAGE
        assert "codec can't decode" not in cause.message


def _found(cause: Cause | None) -> Cause:
    assert cause is not None
    return cause


def _later(line: bytes) -> bytes:
    return line.replace(b"T14:", b"T20:", 1)


def _time(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-22T{clock}")
