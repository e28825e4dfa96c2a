"""Why requests fail, by what handlers leave in model_log while tsmon looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.logs.request_failures import MOST_KINDS, RequestFailures

KEY = ("flaky", "1.0")


def failure(what: str, worker: int = 9000, *, end: bool = True) -> list[str]:
    """The lines of one failed request; without its `end` the last of them is still to come."""
    head = f"2026-11-30T09:10:04,118 [INFO ] W-{worker}-flaky_1.0-stdout MODEL_LOG - "
    lines = [
        "Invoking custom service failed.",
        "Traceback (most recent call last):",
        '  File "/ts/service.py", line 134, in predict',
        "    ret = self._entry_point(input_batch, self.context)",
        what,
    ]
    return [head + line for line in (lines if end else lines[:-1])]


def test_failures_are_read_in_ts_log_where_there_is_no_model_log(tmp_path: Path) -> None:
    log = tmp_path / "ts_log.log"
    log.touch()
    found = RequestFailures(tmp_path)
    found.read(0.0)
    doubled = [line for line in failure("ValueError: no") for _ in range(2)]
    log.write_text("\n".join([*doubled, *failure("x", worker=9001)[:1], ""]))
    found.read(1.0)
    found.read(2.0)
    found.close()
    cause = found.cause(KEY, 2.0)
    assert cause is not None
    assert (cause.message, cause.times) == ("ValueError: no", 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model_log.log").touch()
    return tmp_path


@pytest.fixture
def failures(folder: Path) -> Iterator[RequestFailures]:
    found = RequestFailures(folder)
    found.read(0.0)
    yield found
    found.close()


def append(folder: Path, *lines: str) -> None:
    with (folder / "model_log.log").open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_the_most_frequent_of_the_last_minute_is_told_with_its_number(
    folder: Path, failures: RequestFailures
) -> None:
    for digit in range(10, 15):
        append(folder, *failure(f"ValueError: digit {digit} is out of range"))
    append(folder, *failure("KeyError: 'image'"))
    failures.read(1.0)
    failures.read(2.0)  # nothing followed the last one, so that it is whole

    cause = failures.cause(KEY, 2.0)

    assert cause is not None
    assert cause.message == "ValueError: digit 10 is out of range"
    assert (cause.times, cause.kind, cause.fatal) == (5, CauseKind.HANDLER_RAISED, False)


def test_after_a_minute_the_last_one_is_told_without_a_number(
    folder: Path, failures: RequestFailures
) -> None:
    append(folder, *failure("ValueError: old"), *failure("KeyError: 'image'"))
    failures.read(1.0)
    failures.read(2.0)

    cause = failures.cause(KEY, 90.0)

    assert cause is not None
    assert (cause.message, cause.times) == ("KeyError: 'image'", None)


def test_a_traceback_that_is_written_in_two_parts_is_one(
    folder: Path, failures: RequestFailures
) -> None:
    *begun, last = failure("ValueError: late")
    append(folder, *begun)
    failures.read(1.0)
    append(folder, last)
    failures.read(2.0)
    failures.read(3.0)

    cause = failures.cause(KEY, 3.0)

    assert cause is not None
    assert (cause.message, cause.times) == ("ValueError: late", 1)


def test_failures_from_before_are_known_and_not_counted(folder: Path) -> None:
    append(folder, *failure("ValueError: before"), *failure("ValueError: before"))
    found = RequestFailures(folder)
    found.read(0.0)

    cause = found.cause(KEY, 0.0)
    found.close()

    assert cause is not None
    assert (cause.message, cause.times) == ("ValueError: before", None)


def test_what_is_kept_is_bounded(folder: Path, failures: RequestFailures) -> None:
    for number in range(3 * MOST_KINDS):
        append(folder, *failure(f"ValueError: {'x' * number}"))
    failures.read(1.0)
    failures.read(2.0)

    assert failures.versions() == [KEY]
    assert len(failures._kinds[KEY]) == MOST_KINDS
