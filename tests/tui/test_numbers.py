"""Every number on the screen is explained, and `?` and the mouse find its explanation."""

from __future__ import annotations

from typing import Any

import pytest
from textual.content import Content

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.serving import assets
from tsmon.serving.assets import numbers_page
from tsmon.serving.errors import AssetsMissing
from tsmon.telemetry.explanations import parse_explanations
from tsmon.telemetry.health.verdicts import ModelHealth, WorkerHealth
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.traffic import Missing
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.keymap import PaneName
from tsmon.tui.text import glossary as numbers
from tsmon.tui.text.measures import INFERENCE, MEASURES, QUEUE, RATE
from tsmon.tui.widgets import models_pane, percentile_table, workers_pane
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.live_table import LiveTable
from tsmon.tui.widgets.metrics_pane import MetricsPane

EXPLANATIONS = parse_explanations(numbers_page())
SHOWN = [
    *((PaneName.METRICS, measure.title) for measure in MEASURES),
    *((PaneName.MODELS, column.label) for column in models_pane.MODEL_COLUMNS),
    *((PaneName.WORKERS, column.label) for column in workers_pane.WORKER_COLUMNS),
    *((PaneName.METRICS, part.value) for part in RequestPhase),
    *((PaneName.METRICS, heading) for heading in percentile_table.PERCENTILE_HEADINGS),
    *((PaneName.METRICS, window) for window in ("1 min", "5 min", "start")),
    *((PaneName.METRICS, missing.value) for missing in Missing),
    *((PaneName.MODELS, health.value) for health in ModelHealth),
    *((PaneName.WORKERS, health.value) for health in WorkerHealth),
    *((PaneName.DIGITS, word) for word in ("PREDICTED", "ACTUAL", "CONFIDENCE", "TIME", "correct")),
]


@pytest.mark.parametrize(("pane", "word"), SHOWN, ids=lambda value: str(value))
def test_what_a_pane_shows_is_explained_in_the_sections_of_that_pane(
    pane: PaneName, word: str
) -> None:
    entry = EXPLANATIONS.find(word, numbers.SECTIONS[pane])

    assert entry is not None
    assert entry.facts


def test_every_section_of_a_pane_is_on_the_page() -> None:
    titles = {section.title for section in EXPLANATIONS.sections}
    wanted = {title for named in numbers.SECTIONS.values() for title in named}

    assert wanted | set(numbers.EVERYWHERE) <= titles


def test_every_entry_tells_something() -> None:
    assert [entry.name for entry in EXPLANATIONS.entries if not entry.facts] == []


async def test_question_mark_on_a_number_tells_what_it_means_and_tab_shows_the_keys(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1")
        await seat.press("3", "down")
        assert seat.find(MetricsPane).chosen is INFERENCE
        await seat.press("question_mark")
        await seat.sees("the numbers of 3 Metrics", "inference ms per request")
        assert seat.text.index("inference ms per request") < seat.text.index("From the counters")
        await seat.press("tab")
        await seat.sees("Help: the keys", "select the number above")
        await seat.press("tab", "escape")
        await seat.misses("esc closes")


async def test_up_and_down_go_round_the_numbers_and_mark_the_chosen_one(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1")
        assert "▸" not in seat.text
        await seat.press("3")
        await seat.sees("▸requests/s")
        await seat.press("up")
        await seat.sees("▸memory")
        await seat.press("j")
        await seat.sees("▸requests/s")
        assert seat.find(MetricsPane).chosen is RATE


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("1", ("the numbers of 1 Models", "workers ready", "WORKERS")),
        ("2", ("the numbers of 2 Workers", "memory of a worker", "AGE")),
        ("4", ("the numbers of 4 Digits", "confidence", "CONFIDENCE")),
    ],
)
async def test_question_mark_elsewhere_shows_the_keys_and_tab_the_numbers_of_the_pane(
    fake: FakeTorchServe, options: MonitorOptions, key: str, words: tuple[str, ...]
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1", "10 images")
        await seat.press(key, "question_mark")
        await seat.sees("Help: the keys")
        await seat.press("tab")
        await seat.sees(*words)


async def test_a_click_on_a_number_explains_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("queue")
        await seat.pilot.click("#queue-chart", offset=(1, 0))
        await seat.sees("the numbers of 3 Metrics", "queue ms per request")
        await seat.press("escape")
        assert seat.find(MetricsPane).chosen is QUEUE


async def test_the_mouse_on_a_title_or_number_is_told_what_it_means(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(220, 30)) as seat:
        await seat.sees("● 1/1")
        chart = seat.find(Chart, "#queue-chart")
        await seat.pilot.hover(chart, offset=(2, 0))
        assert "Δts_queue_latency" in plain(chart.tooltip)
        await seat.pilot.hover(chart, offset=(20, 1))
        assert chart.tooltip is None
        table = seat.find(LiveTable, "#models-table")
        await seat.pilot.hover(table, offset=(title_at(seat, "QUEUE"), 0))
        assert plain(table.tooltip).startswith("queue ms per request")
        await seat.pilot.hover(table, offset=(3, 1))
        assert table.tooltip is None


async def test_without_its_page_the_monitor_opens_and_the_help_says_so(
    fake: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> str:
        raise AssetsMissing("cannot read it", "Reinstall tsmon")

    monkeypatch.setattr(assets, "numbers_page", missing)
    numbers.explanations.cache_clear()
    try:
        async with watching(fake, options) as seat:
            await seat.press("question_mark", "tab")
            await seat.sees("docs/metrics.md is missing from this installation")
    finally:
        numbers.explanations.cache_clear()


def title_at(seat: Seat, title: str) -> int:
    """The column of a title in the table of models."""
    line = next(line for line in seat.text.splitlines() if "MODEL " in line)
    return line.index(title) - 1


def plain(tooltip: Any) -> str:
    assert isinstance(tooltip, Content)
    return tooltip.plain
