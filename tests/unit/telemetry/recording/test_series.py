"""All that was published, written where it changes and read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.series import RecordedSeries
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.scrape import Scrape, ScrapeReader
from tsmon.telemetry.series.kept import window_at
from tsmon.telemetry.series.readings import read_series
from tsmon.telemetry.source import Observation

START = 1_700_000_000.0
HEAD = "# HELP use How much\\nof it with unit: Percent\n# TYPE use gauge\n"
numbers = st.sampled_from(["0.0", "1.5", "-2.0", "NaN", "+Inf", "1.2E7"])
scrapes = st.dictionaries(st.sampled_from("abc"), numbers, max_size=3)


def _text(values: dict[str, str]) -> str:
    return HEAD + "".join(f'use{{device="{name}",}} {value}\n' for name, value in values.items())


def _at(second: float) -> Instant:
    return Instant(second, datetime.fromtimestamp(START + second, UTC))


def _write(file: Path, texts: Sequence[str], first: float = 0.0) -> None:
    reader = ScrapeReader()
    with closing(Writer(file, "local")) as writer:
        for second, text in enumerate(texts):
            at = _at(first + second)
            writer.write(Observation(at, None, (), reader.read(text, at)))


@contextmanager
def _opened(file: Path) -> Iterator[Recording]:
    with closing(Recording(file)) as recording:
        yield recording


def _values(recording: Recording, index: int) -> dict[str, str]:
    tick = recording.series(index)
    assert tick is not None
    found = read_series(tick.published, None, 0.0)
    return {dict(each.labels)["device"]: str(each.value) for each in found}


@given(st.lists(scrapes, min_size=1, max_size=6), st.lists(scrapes, max_size=3))
def test_every_tick_has_its_values(
    tmp_path_factory: pytest.TempPathFactory,
    one: list[dict[str, str]],
    later: list[dict[str, str]],
) -> None:
    file = tmp_path_factory.mktemp("recording") / "server.tsmon"
    _write(file, [_text(each) for each in one])
    _write(file, [_text(each) for each in later], 100.0)
    with _opened(file) as recording:
        for index, each in enumerate([*one, *later]):
            expected = {name: str(float(value)) for name, value in each.items()}
            assert _values(recording, index) == expected


def test_help_and_type_come_back(tmp_path: Path) -> None:
    _write(tmp_path / "r", [_text({"0": "1.0"})])
    with _opened(tmp_path / "r") as recording:
        scrape = recording.observation(0).scrape
        assert isinstance(scrape, Scrape)
        (found,) = read_series(scrape.published, None, 0.0)
    assert (found.family.kind, found.family.unit) == ("gauge", "Percent")
    assert found.family.help == "How much\nof it with unit: Percent"


def test_chart_of_one_series_reaches_over_the_recording(tmp_path: Path) -> None:
    _write(tmp_path / "r", [_text({"0": f"{n // 2}.0", "1": "5.0"}) for n in range(6)])
    with _opened(tmp_path / "r") as recording:
        past, moments = RecordedSeries(recording), recording.moments
        points = past.points('use{device="0"}', moments[1], moments[5])
        assert [point.value for point in points] == [0.0, 1.0, 2.0, 2.0]
        assert [point.moment for point in points] == [moments[n] for n in (1, 2, 4, 5)]
        window = window_at(past, moments[5], 3.0)
        assert window is not None
        assert window.seconds == 3.0


def test_ticks_that_are_left_out_leave_the_values_of_those_that_stay(tmp_path: Path) -> None:
    file, reader = tmp_path / "r", ScrapeReader()
    with closing(Writer(file, "local")) as writer:
        for second in range(41):
            at = _at(second)
            text = _text({"0": f"{second}.0", "1": "7.0"})
            writer.write(Observation(at, None, (), reader.read(text, at)))
        writer.thin(START + 4000)
    with _opened(file) as recording:
        seconds = [round(tick.elapsed) for tick in recording.ticks]
        assert len(seconds) < 10
        for index, second in enumerate(seconds):
            assert _values(recording, index) == {"0": f"{second}.0", "1": "7.0"}
        rows = recording._database.rows("SELECT count(*) FROM value WHERE series = 1")
    assert rows[0][0] <= len(seconds) + 1
