"""Service times by workers: measured, in between, and stretched where cores are shared."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.load.capacity.curve import Basis, ServiceCurve, ServicePoint, read_points
from tsmon.load.capacity.queueing import queue_of
from tsmon.torchserve.errors import InvalidArgument


def test_measured_times_come_back_and_neighbours_give_those_between() -> None:
    points = ServicePoint(1, 8.0, 0.2), ServicePoint(4, 14.0, None), ServicePoint(2, 9.0, 0.4)
    curve = ServiceCurve(points)

    assert [curve.service_ms(n) for n in (1, 2, 3, 4, 9)] == [8.0, 9.0, 11.5, 14.0, 14.0]
    assert [curve.basis(n) for n in (2, 3, 9)] == [
        Basis.MEASURED,
        Basis.BETWEEN,
        Basis.EXTRAPOLATED,
    ]
    assert [curve.scv(n) for n in (1, 4)] == pytest.approx([0.2, 0.4])


def test_beyond_the_cores_workers_slow_each_other_and_throughput_stays() -> None:
    curve = ServiceCurve((ServicePoint(1, 10.0),), cores=2)

    assert [curve.service_ms(n) for n in (1, 2, 3, 4)] == [10.0, 10.0, 15.0, 20.0]
    assert [curve.capacity(n) for n in (1, 2, 3, 4)] == pytest.approx([100, 200, 200, 200])
    assert curve.useful(8) == 2


def test_torch_threads_are_what_a_worker_wants_of_the_cores() -> None:
    assert ServiceCurve((ServicePoint(1, 10.0),), cores=4, demand=2).useful(8) == 2


def test_without_known_cores_nothing_is_stretched() -> None:
    assert ServiceCurve((ServicePoint(1, 10.0),)).service_ms(50) == 10.0


def test_a_time_measured_beyond_the_cores_with_all_busy_comes_back() -> None:
    curve = ServiceCurve((ServicePoint(4, 21.0),), cores=2)

    assert curve.service_ms(4) == pytest.approx(21.0)
    assert curve.service_ms(1) == pytest.approx(10.5)


@given(st.integers(1, 4), st.integers(1, 4), st.floats(0.05, 0.9), st.floats(1, 50))
def test_a_time_measured_beyond_the_cores_in_traffic_is_freed_of_its_stretch(
    cores: int, more: int, utilisation: float, alone_ms: float
) -> None:
    workers, rate = cores + more, utilisation * cores / alone_ms * 1000
    seen = queue_of(rate, [alone_ms * max(1, k / cores) for k in range(1, workers + 1)])
    assert seen is not None

    point = ServicePoint(workers, seen.service.mean_ms, throughput=rate)
    curve = ServiceCurve((point,), cores)

    assert curve.service_ms(1) == pytest.approx(alone_ms, rel=1e-6)


def test_points_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "curve.json"
    path.write_text('[{"workers": 1, "service_ms": 8.1, "scv": 0.3, "throughput": 110}]')

    assert read_points(path) == (ServicePoint(1, 8.1, 0.3, None, 110),)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nothing", "is not JSON"),
        ("{}", "is not a list of measured points"),
        ("[]", "is not a list of measured points"),
        ("[1]", "entry 1 is not a measured point"),
        ('[{"workers": 1}]', "entry 1 is not a measured point"),
        ('[{"workers": "1", "service_ms": 3}]', "entry 1 is not a measured point"),
        ('[{"workers": 0, "service_ms": 3}]', "entry 1: workers and service_ms must be above 0"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "curve.json"
    path.write_text(text)

    with pytest.raises(InvalidArgument, match=complaint):
        read_points(path)
