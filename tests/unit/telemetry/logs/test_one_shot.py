"""How the requests of the last minute ended, by one look at the log."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.logs.one_shot import read_recent_statuses
from tsmon.telemetry.logs.request_report import TimesKey

NOW = datetime(2026, 11, 30, 9, 10)


def answered(seconds_ago: float, status: int) -> str:
    stamp = (NOW - timedelta(seconds=seconds_ago)).isoformat(timespec="milliseconds")
    return (
        f"{stamp.replace('.', ',')} [INFO ] W-9000-flaky_1.0 ACCESS_LOG - /127.0.0.1:50048 "
        f'"PUT /predictions/flaky HTTP/1.1" {status} 17\n'
    )


def test_only_the_last_minute_counts(tmp_path: Path) -> None:
    lines = [answered(100, 503), answered(59, 503), answered(30, 200), answered(1, 200)]
    (tmp_path / "ts_log.log").write_text("".join(lines))

    found = read_recent_statuses(tmp_path, LogZone(), NOW)

    assert found == {TimesKey("flaky", "1.0"): {503: 1, 200: 2}}


def test_without_a_log_nothing_is_known(tmp_path: Path) -> None:
    assert read_recent_statuses(tmp_path, LogZone(), NOW) == {}
