"""Rows that are filtered and sorted: models, workers and events."""

from __future__ import annotations

from textual.widgets import OptionList

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.events import Events
from tsmon.tui.widgets.filter_bar import FilterBar
from tsmon.tui.widgets.live_table import LiveTable
from tsmon.tui.widgets.models_pane import ModelsPane
from tsmon.tui.widgets.pane import Pane
from tsmon.tui.widgets.workers_pane import WorkersPane


def rows(seat: Seat) -> list[str]:
    return list(seat.monitor.query_one(ModelsPane).table.items)


def foot(pane: Pane) -> str:
    return str(pane.border_subtitle)


async def filter_models(seat: Seat, text: str) -> None:
    await seat.press("1", "slash")
    await seat.write(text)


async def test_the_filter_stays_on_in_the_foot_and_esc_clears_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load_many(5)
    async with watching(fake, options, size=(120, 40)) as seat:
        await seat.sees("model-004")
        await seat.press("slash")
        await seat.sees("text   !not   ~regex   /regex/")
        await seat.write("003")
        await seat.until(lambda: rows(seat) == ["model-003 1.0"])
        await seat.press("enter")
        assert seat.monitor.selected == ModelKey("model-003", "1.0")
        assert not seat.find(FilterBar, "#models-filter").display
        await seat.sees("filter 003: 1 of 5")
        await seat.press("slash")
        await seat.write("zebra")
        await seat.sees("no model matches the filter zebra")
        await seat.press("escape")
        await seat.sees("model-004")
        assert "filter" not in foot(seat.find(ModelsPane))


async def test_models_are_found_by_expression_by_state_and_by_what_they_are_not(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("bert")
    fake.load("mnist", "1.0")
    fake.load("mnist", "2.0", workers=0)
    async with watching(fake, options) as seat:
        await seat.sees("○ 0/0")
        await filter_models(seat, "~^mn.*2")
        await seat.until(lambda: rows(seat) == ["mnist 2.0"])
        await filter_models(seat, "!mnist")
        await seat.until(lambda: rows(seat) == ["bert 1.0"])
        await filter_models(seat, "!ready")
        await seat.until(lambda: rows(seat) == ["mnist 2.0"])


async def test_a_bad_expression_is_said_and_hides_nothing(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        await filter_models(seat, "~[")
        await seat.sees("not a valid regular expression: unterminated character", "mnist")
        await seat.press("enter")
        assert seat.find(FilterBar, "#models-filter").display
        await seat.write("~[m]")
        await seat.misses("not a valid regular expression")
        await seat.press("enter")
        await seat.sees("filter ~[m]: 1 of 1")


async def test_the_filter_can_be_opened_and_cleared_with_the_mouse(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load_many(7)
    async with watching(fake, options, size=(120, 40)) as seat:
        await seat.sees("/ filter", "model-006")
        await click_on(seat, "/ filter")
        await seat.until(lambda: seat.find(FilterBar, "#models-filter").display)
        await seat.write("005")
        await seat.press("enter")
        await seat.sees("filter 005: 1 of 7 [x]")
        await click_on(seat, "of 7 [x]", 6)
        await seat.until(lambda: len(rows(seat)) == 7)


async def click_on(seat: Seat, words: str, right: int = 0) -> None:
    lines = seat.text.splitlines()
    row = next(row for row, line in enumerate(lines) if words in line)
    await seat.pilot.click(offset=(lines[row].index(words) + right, row))


async def test_sorting_goes_through_the_columns_both_ways_by_keys(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("few", "10.0", workers=1)
    fake.load("many", "9.0", workers=3)
    async with watching(fake, options) as seat:
        await seat.sees("many", "▲MODEL")
        await seat.press("O")
        await seat.sees("▼MODEL")
        assert rows(seat) == ["many 9.0", "few 10.0"]
        await seat.press("o")
        await seat.sees("▲VERSION")
        assert rows(seat) == ["many 9.0", "few 10.0"]
        await seat.press("o")
        await seat.sees("▼WORKERS")
        assert rows(seat) == ["many 9.0", "few 10.0"]
        await seat.press("O")
        await seat.sees("▲WORKERS")
        assert rows(seat) == ["few 10.0", "many 9.0"]


async def test_sorted_by_what_it_does_now_the_model_that_is_not_well_comes_first(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("fine")
    fake.load("without", workers=0)
    async with watching(fake, options) as seat:
        await seat.sees("○ no workers", "· idle")
        await seat.press("o", "o", "o")
        await seat.sees("▼STATUS")
        assert rows(seat) == ["without 1.0", "fine 1.0"]


async def test_a_click_on_a_title_sorts_and_another_reverses(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("few", workers=1)
    fake.load("many", workers=3)
    async with watching(fake, options) as seat:
        await seat.sees("many")
        await click_on(seat, "WORKERS")
        await seat.sees("▼WORKERS")
        assert rows(seat) == ["many 1.0", "few 1.0"]
        await click_on(seat, "WORKERS")
        await seat.sees("▲WORKERS")
        assert rows(seat) == ["few 1.0", "many 1.0"]


async def test_the_busiest_comes_first_and_one_without_requests_has_its_place(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    for name in ("idle", "slow", "quick"):
        fake.load(name)
    async with watching(fake, options, size=(220, 30)) as seat:
        await seat.sees("slow")
        await seat.press(*["o"] * 7)
        await seat.sees("▼INFER")

        def ordered() -> bool:
            fake.serve("slow", inference_ms=90)
            fake.serve("quick", inference_ms=3)
            return rows(seat) == ["slow 1.0", "quick 1.0", "idle 1.0"]

        await seat.until(ordered)


async def test_versions_that_are_equal_in_a_column_are_in_the_order_people_count(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    for version in ("1.0", "10.0", "9.0"):
        fake.load("mnist", version)
    async with watching(fake, options) as seat:
        await seat.until(lambda: rows(seat) == ["mnist 1.0", "mnist 9.0", "mnist 10.0"])
        await seat.press("o", "o")
        await seat.sees("▼WORKERS")
        assert rows(seat) == ["mnist 1.0", "mnist 9.0", "mnist 10.0"]


async def test_arrows_and_marks_are_ascii_where_charts_are(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready", "▲MODEL")
        await seat.press("space")
        await seat.sees("◆mnist")
        await seat.press("g", "g")
        await seat.sees("^MODEL", "*mnist")
        await seat.press("O")
        await seat.sees("vMODEL")


async def test_a_column_without_room_is_named_in_the_foot(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(160, 18)) as seat:
        await seat.sees("BATCH")
        await click_on(seat, "BATCH")
        await seat.sees("▼BATCH")
        await seat.pilot.resize_terminal(60, 18)
        await seat.misses("▼BATCH")
        await seat.sees("by BATCH ▼")


async def test_workers_are_filtered_and_sorted_like_models(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=3)
    async with watching(fake, options) as seat:
        await seat.sees("3/3 ready")

        def ids() -> list[str]:
            table = seat.monitor.query_one(WorkersPane).query_one(LiveTable)
            return list(table.items)

        await seat.press("2", "O")
        await seat.until(lambda: ids() == ["9002", "9001", "9000"])
        await seat.press("slash")
        await seat.write("!~900[12]")
        await seat.until(lambda: ids() == ["9000"])
        await seat.press("enter")
        await seat.sees("filter !~900[12]: 1 of 3")
        await seat.press("escape")
        await seat.until(lambda: len(ids()) == 3)


async def test_events_are_filtered_and_copied(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        fake.load("cifar")
        fake.crash("mnist")
        await seat.until(lambda: len(seat.monitor.session.monitor.events.events) >= 2)
        await seat.press("e")
        await seat.sees("cifar 1.0", "worker died")
        await seat.press("slash")
        await seat.write("!died")
        await seat.misses("worker died")
        await seat.press("enter")
        await seat.sees("Events  filter !died", "cifar 1.0")
        await seat.press("y")
        assert "cifar 1.0" in seat.app.clipboard
        await seat.press("slash")
        await seat.write("zebra")
        await seat.sees("no event matches the filter zebra")
        assert seat.find(OptionList, "#events-lines").option_count == 0
        await seat.press("escape")
        await seat.sees("worker died")
        assert isinstance(seat.app.screen, Events)
        await seat.press("escape")
        await seat.misses("Events")
