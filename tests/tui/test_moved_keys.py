"""Keys that a person moved: they work, and everything on the screen names them."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.log_seat import reading, write
from tests.tui.seat import Seat, watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.commands.command_line import CommandLine
from tsmon.tui.keymap import PaneName
from tsmon.tui.keymap.effective import resolve
from tsmon.tui.screens.help import Help
from tsmon.tui.screens.register import RegisterDialog
from tsmon.tui.state.steps import PERIODS_S, other_period
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.models_pane import ModelsPane
from tsmon.tui.widgets.motion import Choices

MOVED = resolve("default", {"model.register": "ctrl+r", "app.help": "f1", "model.describe": "r"})


async def test_a_moved_key_works_and_its_old_place_is_another_s(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, replace(options, keys=MOVED)) as seat:
        await seat.sees("ctrl+r register", "r describe", "f1 help", "● ready")
        await seat.press("ctrl+r")
        await seat.until(lambda: isinstance(seat.app.screen, RegisterDialog))
        await seat.press("escape")
        await seat.until(lambda: seat.app.screen is seat.monitor)
        await seat.press("d")
        await seat.press("r")
        await seat.sees("archive     mnist-1.0.mar", "y copies, esc closes")


async def test_help_palette_and_hints_name_the_moved_key(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, replace(options, keys=MOVED)) as seat:
        await seat.sees("ctrl+r registers an archive, a builds one.")
        await seat.press("u")
        await seat.sees("no model is selected", "ctrl+r registers one")
        titles = [each.title for each in seat.app.get_system_commands(seat.monitor)]
        assert "Models: register (ctrl+r)" in titles
        await seat.press("f1")
        await seat.sees("ctrl+r Register an archive")


async def test_pages_and_boxes_name_the_moved_key(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    moved = resolve("default", {"logs.file": "ctrl+f", "text.copy": "c", "dialog.cancel": "ctrl+e"})
    write(tmp_path, [b"a line"], "model_log.log")
    write(tmp_path, [])
    async with reading(fake, replace(options, keys=moved), tmp_path) as seat:
        await seat.press("l")
        await seat.sees("ts_log.log is empty", "ctrl+f reads another file")
        await seat.press("ctrl+f", "down", "enter")
        await seat.sees("a line")
        await seat.press("enter")
        await seat.sees("model_log.log line", "c copies, ctrl+e closes")


async def test_the_vim_preset_moves_in_the_lists_of_pages(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, replace(options, keys=resolve("vim"))) as seat:
        fake.load("mnist")
        fake.load("cifar")
        await seat.press("e")
        await seat.sees("mnist 1.0", "cifar 1.0")
        events = seat.find(Choices)
        await seat.press("G")
        assert events.highlighted == events.option_count - 1
        await seat.press("k")
        assert events.highlighted == events.option_count - 2


async def test_a_refused_key_is_told_by_its_new_place(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, replace(options, keys=MOVED), read_only=True) as seat:
        await seat.press("ctrl+r")
        await seat.sees("read-only: register is refused")


async def test_the_vim_preset_moves_in_tables_lists_and_time(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    for number in range(30):
        fake.load(f"model{number:02}")
    async with watching(fake, replace(options, keys=resolve("vim"))) as seat:
        await seat.sees("model02", "10 images")
        table = seat.monitor.query_one(ModelsPane).table
        for keys, row in (("j", 1), ("G", 29), ("gg", 0), ("jk", 0)):
            await seat.press(*keys)
            assert table.cursor == row, keys
        await seat.press("ctrl+d")
        half = table.cursor
        await seat.press("ctrl+u")
        assert 0 < half < 29
        assert table.cursor == 0
        await seat.press("ctrl+g")
        assert seat.monitor.symbols is not Symbols.BRAILLE
        await seat.press("4", "G")
        images = seat.monitor.query_one(DigitsPane)
        await seat.until(lambda: images.chosen and images.chosen.path.name == "image.9.png")
        await seat.press("g", "j")
        await seat.until(lambda: images.chosen and images.chosen.path.name == "image.1.png")
        await seat.press("3", "h")
        await seat.sees("PAUSED")


async def test_help_begins_with_the_keys_that_work_here(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(120, 60)) as seat:
        await seat.sees("● ready")
        await seat.press("3", "question_mark")
        await seat.until(lambda: isinstance(seat.app.screen, Help))
        await seat.press("tab")
        await seat.sees("Here")
        page = seat.text
        assert page.index("Here") < page.index("select the number above") < page.index("Time")


async def test_help_is_searched(fake: FakeTorchServe, options: MonitorOptions) -> None:
    async with watching(fake, options, size=(120, 40)) as seat:
        await seat.press("question_mark")
        await seat.sees("Help")
        await seat.press("slash")
        await seat.write("broader brush")
        await seat.sees("Use a broader brush.", "Draw pad")
        await seat.misses("Register an archive")
        await seat.write("zzz")
        await seat.sees("nothing matches zzz")
        await seat.press("escape")
        await seat.sees("Register an archive")
        await seat.press("escape")
        await seat.until(lambda: seat.app.screen is seat.monitor)


def test_periods_end_at_both_ends() -> None:
    assert other_period(1.0, 1) == 2.0
    assert other_period(3.0, -1) == 2.0
    assert other_period(PERIODS_S[-1], 1) == PERIODS_S[-1]
    assert other_period(PERIODS_S[0], -1) == PERIODS_S[0]


async def test_the_period_changes_while_the_server_is_watched(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        await seat.sees("every 0.2 s")
        await seat.press("left_parenthesis")
        await seat.sees("every 0.5 s")
        await seat.press("right_parenthesis", "right_parenthesis")
        await seat.sees("every 0.2 s")
        before = len(seat.monitor.session.monitor.past)
        await seat.until(lambda: len(seat.monitor.session.monitor.past) > before + 1)


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_the_mouse_goes_to_panes_and_zooms(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=size) as seat:
        await seat.sees("● 1/1")
        await click_word(seat, "3 Metrics")
        await seat.until(lambda: seat.monitor.current is PaneName.METRICS)
        await seat.sees("requests/s")
        await seat.pilot.click("#metrics", offset=(4, 0), times=2)
        await seat.until(lambda: seat.monitor.zoomed)
        await seat.pilot.click("#metrics", offset=(4, 0), times=2)
        await seat.until(lambda: not seat.monitor.zoomed)


async def test_a_click_on_a_title_goes_to_its_pane(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        await click_word(seat, "3 Metrics")
        await seat.until(lambda: seat.monitor.current is PaneName.METRICS)
        assert not seat.monitor.zoomed


async def test_a_click_beside_the_command_line_leaves_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        await seat.press("colon")
        await seat.until(lambda: isinstance(seat.app.screen, CommandLine))
        await seat.pilot.click(None, offset=(5, 5))
        await seat.until(lambda: seat.app.screen is seat.monitor)


async def click_word(seat: Seat, word: str) -> None:
    """Click where a word begins."""
    y, row = next((y, row) for y, row in enumerate(seat.text.splitlines()) if word in row)
    await seat.pilot.click(None, offset=(row.index(word), y))
