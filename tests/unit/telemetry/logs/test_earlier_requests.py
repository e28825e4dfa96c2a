"""Requests that ts_log has of before tsmon began to watch."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.telemetry.log_page.lines import OTHER, waited
from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.logs.earlier_requests import read_earlier_requests
from tsmon.telemetry.logs.request_report import TimesKey

MNIST = [TimesKey("mnist", "1.0")]
NOW = datetime(2026, 11, 22, 12, 10)


def test_those_of_the_last_five_minutes_of_one_version_count_once(tmp_path: Path) -> None:
    early, late = waited(10, 1, 99), waited(599, 0, 99, thread=OTHER)
    lines = [early, *(waited(400 + second, 2, 10 + second) for second in range(5)), late]
    doubled = [line for line in lines for _ in range(2)]
    (tmp_path / "ts_log.log").write_bytes(b"".join(line + b"\n" for line in doubled))

    found = read_earlier_requests(tmp_path, MNIST, LogZone(UTC), NOW)

    assert found is not None
    assert (found.backend.count, found.backend.mean, found.queue_ms) == (5, 12.0, 2.0)
    assert found.per_second == pytest.approx(5 / 4)
    assert found.until == datetime(2026, 11, 22, 12, 6, 44)


def test_those_of_before_the_version_was_registered_last_count_no_more(tmp_path: Path) -> None:
    registered = (
        b"2026-11-22T12:06:42,500 [DEBUG] epollEventLoopGroup-3-2 "
        b"org.pytorch.serve.wlm.ModelVersionedRefs - Adding new version %s for model mnist"
    )
    lines = [waited(400 + second, 2, 10) for second in range(5)]
    lines[3:3] = [registered % b"1.0"]
    lines[5:5] = [registered % b"2.0"]
    (tmp_path / "ts_log.log").write_bytes(b"".join(line + b"\n" for line in lines))

    found = read_earlier_requests(tmp_path, MNIST, LogZone(UTC), NOW)

    assert found is not None
    assert found.backend.count == 2


@pytest.mark.parametrize("lines", [[], [waited(10, 1, 99)]])
def test_without_any_there_is_nothing(tmp_path: Path, lines: list[bytes]) -> None:
    (tmp_path / "ts_log.log").write_bytes(b"".join(line + b"\n" for line in lines))

    assert read_earlier_requests(tmp_path, MNIST, LogZone(UTC), NOW) is None
    assert read_earlier_requests(tmp_path / "none", MNIST, LogZone(UTC), NOW) is None
