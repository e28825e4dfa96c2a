from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from tests.tui.seat import screen_text
from tsmon.digits.images import PixelGrid
from tsmon.tui.text.symbols import Symbols, TimedValue
from tsmon.tui.widgets.chart import Chart, Ghost
from tsmon.tui.widgets.pixel_view import PixelView
from tsmon.tui.widgets.time_axis import EventMark, TimeAxis, TimeSpan, axis_labels
from tsmon.units import milliseconds, number

PICTURE = [
    "  20 ms│",
    "       │",
    "  10 ms│▇▆▅▄▃▂▁",
    "       │████████▇     ▁",
    "      0│█████████     ██▇▆▅▄▃▂▁",
    "        -2m       -1m       now",
]


TWO_MINUTES = TimeSpan(120)


class Paper(App[int]):
    """One chart with its time axis."""

    def __init__(self, unit: Callable[[float], str] = number) -> None:
        super().__init__()
        self.unit = unit

    def compose(self) -> ComposeResult:
        yield Chart(self.unit)
        yield TimeAxis()


async def test_a_chart_has_a_baseline_labels_and_gaps() -> None:
    app = Paper(milliseconds)
    async with app.run_test(size=(31, 6)) as pilot:
        chart = app.query_one(Chart)
        chart.symbols = Symbols.BLOCK
        ages = range(115, 0, -5)
        samples = [TimedValue(age, None if 50 <= age <= 70 else age / 10) for age in ages]
        chart.plot(samples, TWO_MINUTES, gap_s=6)
        await pilot.pause()
        assert screen_text(app).splitlines() == PICTURE


async def test_a_chart_without_samples_or_room_is_empty() -> None:
    app = Paper()
    async with app.run_test(size=(5, 2)) as pilot:
        app.query_one(Chart).plot([TimedValue(1, 3.0)], TWO_MINUTES, gap_s=3)
        await pilot.pause()
        assert app.query_one(Chart).lines == []


async def test_a_chart_can_be_drawn_in_plain_ascii() -> None:
    app = Paper()
    async with app.run_test(size=(40, 8)) as pilot:
        chart = app.query_one(Chart)
        chart.symbols = Symbols.ASCII
        chart.plot([TimedValue(age, age % 7) for age in range(100, 0, -1)], TWO_MINUTES, gap_s=3)
        await pilot.pause()
        assert screen_text(app).isascii()


BANDS = {
    Symbols.BLOCK: ["  40│░░░░░", "    │▒▒▒▒▒", "    │▒▒▒▒▒", "   0│█████"],
    Symbols.ASCII: ["  40|-----", "    |=====", "    |=====", "   0|#####"],
    Symbols.BRAILLE: ["  40│⠅⠅⠅⠅⠅", "    │⡪⡪⡪⡪⡪", "    │⡪⡪⡪⡪⡪", "   0│⣿⣿⣿⣿⣿"],
}


@pytest.mark.parametrize("symbols", Symbols)
async def test_a_band_is_told_from_the_value_below_it_without_colours(symbols: Symbols) -> None:
    app = Paper()
    async with app.run_test(size=(13, 5)) as pilot:
        chart = app.query_one(Chart)
        chart.symbols = symbols
        ages = range(119, 0, -2)
        chart.plot([TimedValue(age, 10.0, (30.0, 40.0)) for age in ages], TWO_MINUTES, gap_s=3)
        await pilot.pause()
        lines = [line.strip() for line in screen_text(app).splitlines()[:4]]
        assert lines == [line.strip() for line in BANDS[symbols]]


OUTLIER = {
    Symbols.BLOCK: ["  10 ms▲            ▲ 1.2 s", "       │", "   5 ms│", "       │", "      0│"],
    Symbols.ASCII: ["  10 ms^            ^ 1.2 s", "       |", "   5 ms|", "       |", "      0|"],
    Symbols.BRAILLE: [
        "  10 ms▲            ▲ 1.2 s",
        "       │",
        "   5 ms│",
        "       │",
        "      0│",
    ],
}


@pytest.mark.parametrize("symbols", Symbols)
async def test_a_value_far_above_the_others_is_named_and_leaves_them_their_height(
    symbols: Symbols,
) -> None:
    app = Paper(milliseconds)
    async with app.run_test(size=(38, 6)) as pilot:
        chart = app.query_one(Chart)
        chart.symbols = symbols
        samples = [TimedValue(age, 1200.0 if age == 70 else 8.0) for age in range(119, 0, -1)]
        chart.plot(samples, TWO_MINUTES, gap_s=3)
        await pilot.pause()
        first, *others = screen_text(app).splitlines()[:5]
        assert first == OUTLIER[symbols][0]
        assert [line[:8] for line in others] == OUTLIER[symbols][1:]
        full = {Symbols.BLOCK: "█", Symbols.ASCII: "#", Symbols.BRAILLE: "⣿"}[symbols]
        assert all(line[8:] == full * 30 for line in others)


async def test_a_chart_without_a_value_says_why() -> None:
    app = Paper()
    async with app.run_test(size=(50, 6)) as pilot:
        samples = [TimedValue(age, None) for age in range(100, 0, -1)]
        chart = app.query_one(Chart)
        chart.plot(samples, TWO_MINUTES, gap_s=3, note="from the log files")
        await pilot.pause()
        assert "from the log files" in screen_text(app)
        chart.plot([*samples, TimedValue(0, 1.0)], TWO_MINUTES, gap_s=3, note="from the log files")
        await pilot.pause()
        assert "from the log files" not in screen_text(app)


MARKS = (
    EventMark(60.0, bad=False),
    EventMark(59.9, bad=True),
    EventMark(30.0, bad=False),
    EventMark(121.0, bad=True),
)


@pytest.mark.parametrize(
    ("symbols", "ruler", "line"), [(Symbols.BLOCK, "└", "╵"), (Symbols.ASCII, "+", "'")]
)
async def test_what_happened_is_marked_on_the_axis_and_in_the_blank_of_a_chart(
    symbols: Symbols, ruler: str, line: str
) -> None:
    app = Paper()
    async with app.run_test(size=(28, 6)) as pilot:
        chart, axis = app.query_one(Chart), app.query_one(TimeAxis)
        axis.styles.height = 2
        axis.marks, axis.symbols, chart.symbols = MARKS, symbols, symbols
        chart.plot([], TWO_MINUTES, 3, MARKS)
        await pilot.pause()
        *plot, below, _ = screen_text(app).splitlines()
        assert (below[7], below[18], below[23]) == (ruler, "!", "*")
        assert sum(below.count(glyph) for glyph in "!*") == 2
        assert {row.index(line, 8) for row in plot} == {18}


async def test_a_click_on_a_mark_points_at_its_moment() -> None:
    pointed: list[float] = []

    class Listening(Paper):
        def on_time_axis_pointed(self, message: TimeAxis.Pointed) -> None:
            pointed.append(message.age_s)

    app = Listening()
    async with app.run_test(size=(28, 6)) as pilot:
        app.query_one(TimeAxis).marks = (EventMark(61.0, bad=True),)
        await pilot.click(TimeAxis, offset=(8 + 10, 0))
        await pilot.click(TimeAxis, offset=(8 + 15, 0))
        await pilot.click(TimeAxis, offset=(2, 0))
        await pilot.pause()
    assert pointed == [61.0, pytest.approx(27.0)]


async def test_the_cursor_marks_the_moment_that_is_looked_at() -> None:
    app = Paper()
    async with app.run_test(size=(28, 5)) as pilot:
        chart = app.query_one(Chart)
        chart.symbols = Symbols.BLOCK
        chart.plot([TimedValue(60, 1.0), TimedValue(59, 1.0)], TimeSpan(120, cursor_s=30), gap_s=3)
        await pilot.pause()
        columns = {line.index("┊") for line in screen_text(app).splitlines() if "┊" in line}
        assert columns == {8 + 15}
        chart.plot([], TimeSpan(120, cursor_s=121), gap_s=3)
        await pilot.pause()
        assert "┊" not in screen_text(app)


def test_the_time_axis_of_the_past_tells_the_time_of_the_day() -> None:
    end = datetime(2026, 11, 22, 14, 3, 20).astimezone()
    assert axis_labels(TimeSpan(120, end), 36) == "14:01:20      14:02:20      14:03:20"
    assert axis_labels(TimeSpan(3600), 20) == "-1h     -30m     now"


def test_the_time_axis_ends_now() -> None:
    assert axis_labels(TWO_MINUTES, 20) == "-2m      -1m     now"
    assert axis_labels(TWO_MINUTES, 8) == "-2m  now"
    assert len(axis_labels(TWO_MINUTES, 3)) <= 6


async def test_a_digit_is_28_columns_of_half_blocks() -> None:
    class Frame(App[int]):
        def compose(self) -> ComposeResult:
            yield PixelView()

    app = Frame()
    async with app.run_test(size=(40, 20)) as pilot:
        view = app.query_one(PixelView)
        view.grid = PixelGrid(28, 28, bytes(range(28)) * 28)
        await pilot.pause()
        assert view.size == (28, 14)
        assert screen_text(app).splitlines()[:14] == ["▀" * 28] * 14
        view.symbols = Symbols.ASCII
        await pilot.pause()
        assert screen_text(app).isascii()


async def test_an_odd_last_row_of_pixels_is_drawn_on_black() -> None:
    class Frame(App[int]):
        def compose(self) -> ComposeResult:
            yield PixelView()

    app = Frame()
    async with app.run_test(size=(40, 20)) as pilot:
        app.query_one(PixelView).grid = PixelGrid(2, 3, bytes([255] * 6))
        await pilot.pause()
        assert screen_text(app).splitlines()[:3] == ["▀▀", "▀▀", ""]


async def test_a_chart_at_rest_is_not_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Paper()
    async with app.run_test(size=(31, 6)) as pilot:
        chart = app.query_one(Chart)
        samples = [TimedValue(age, 10.0) for age in range(100, 0, -5)]
        chart.plot(samples, TWO_MINUTES, gap_s=6)
        await pilot.pause()
        painted: list[tuple[Region, ...]] = []
        monkeypatch.setattr(chart, "refresh", lambda *regions: painted.append(regions))

        chart.plot(list(samples), TWO_MINUTES, gap_s=6)
        assert painted == []

        chart.plot([*samples[:-1], TimedValue(5, 9.0)], TWO_MINUTES, gap_s=6)
        lines = [region.y for region in painted[0]]
        assert lines
        assert chart.size.height - 1 not in lines


@pytest.mark.parametrize(
    ("value", "row", "top"),
    [(9.5, 0, "  10 ms"), (4.9, 2, "  10 ms"), (0.1, 4, "  10 ms"), (38.0, 0, "  40 ms")],
)
async def test_a_ghost_is_dashes_at_its_level_with_its_words(
    value: float, row: int, top: str
) -> None:
    app = Paper(milliseconds)
    async with app.run_test(size=(40, 6)) as pilot:
        chart = app.query_one(Chart)
        chart.symbols = Symbols.BLOCK
        samples = [TimedValue(age, 10.0) for age in range(60, 0, -5)]
        chart.plot(samples, TWO_MINUTES, gap_s=6, ghost=Ghost(value, "p95 soon"))
        await pilot.pause()
        lines = screen_text(app).splitlines()[:5]
        assert lines[0].startswith(top)
        assert lines[row][8:18] == " p95 soon "
        assert [at for at, text in enumerate(lines) if "╌" in text] == [row]
        chart.plot(samples, TWO_MINUTES, gap_s=6)
        await pilot.pause()
        assert "╌" not in screen_text(app)
