"""All metrics of the log files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.logs.logged_series import MOST_LOGGED, LoggedSeries
from tsmon.telemetry.series.readings import SeriesReading, read_series

STAMP = b"2026-12-01T00:03:26,209 - "
OWN = b"|#hostname:vm,requestID:null,timestamp:1796083408\n"


def _read(*lines: bytes) -> dict[str, SeriesReading]:
    series = LoggedSeries()
    for line in lines:
        series.add(line)
    return {each.text: each for each in read_series(series.published, None, 0.0)}


def test_own_kinds_are_known_by_name() -> None:
    found = _read(
        STAMP + b"Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:1\n",
        STAMP + b"Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:2\n",
        STAMP + b"MemoryUsed.Megabytes:2171.5|#Level:Host|#hostname:vm,timestamp:1\n",
        STAMP + b"MemoryUsed.Megabytes:1.5E3|#Level:Host|#hostname:vm,timestamp:2\n",
    )
    requests = found['Requests2XX{Level="Host",Hostname="vm"}']
    memory = found['MemoryUsed{Level="Host",Hostname="vm"}']
    assert (requests.value, requests.family.kind) == (2.0, "counter")
    assert (memory.value, memory.family.unit) == (1500.0, "Megabytes")


def test_metrics_of_ones_own_have_their_number_and_sum() -> None:
    line = STAMP + b"ImageSize.KB:0.5|#ModelName:own,Level:Model,Note:a,b" + OWN
    found = _read(line, line.replace(b"0.5", b"1.5"))
    (reading,) = found.values()
    assert (reading.value, reading.family.kind, reading.family.unit) == (2.0, "summary", "KB")
    assert dict(reading.labels)["Note"] == "a,b"


def test_what_is_kept_is_bounded() -> None:
    series = LoggedSeries()
    for n in range(MOST_LOGGED + 3):
        series.add(STAMP + b"Own.KB:1.0|#N:%d" % n + OWN)
    assert len(read_series(series.published, None, 0.0)) == MOST_LOGGED
    assert series.published.left_out == 3


@given(st.binary() | st.text(' -.|#:,EN\n0Mx{}"').map(str.encode))
def test_any_bytes_are_read_or_not(data: bytes) -> None:
    found = _read(STAMP + data, STAMP + b"Own.KB:1.0|#" + data + OWN)
    assert all(each.name for each in found.values())
