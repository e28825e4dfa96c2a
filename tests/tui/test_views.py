"""What only changes the view: panes, sizes, zoom, pause, help, palette, themes, read-only."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace
from textual.app import App
from textual.screen import Screen

from tests.fake import FakeTorchServe
from tests.tui.seat import PATIENCE_S, screen_text, watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.keymap import ALL_KEYS, KEYS, PaneName
from tsmon.tui.monitor.layout import Layout, layout_for, visible_panes
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.pixel_view import PixelView

SIZES = [(60, 20), (80, 24), (120, 30), (140, 40), (220, 60)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_pane_can_be_seen_at_every_size(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=size) as seat:
        await seat.sees("● up", "1 Models", "mnist", "● 1/1", "? help")
        await seat.press("2")
        await seat.sees("2 Workers · mnist 1.0", "1/1 ready", "[-] 1 [+]")
        await seat.press("3")
        await seat.sees("3 Metrics · mnist 1.0", "requests/s", "queue", "now")
        await seat.press("4")
        await seat.sees("4 Digits", "image.0.png", "PRED", "10 images")
        lines = seat.text.splitlines()
        assert len(lines) == size[1]
        assert max(map(len, lines)) <= size[0]
        assert sum("▀" * 28 in line for line in lines) >= 13


def test_the_room_decides_how_many_panes_there_are() -> None:
    assert layout_for(60, 16) is Layout.ONE
    assert layout_for(60, 20) is Layout.PAIR
    assert layout_for(200, 20) is Layout.PAIR
    assert layout_for(80, 24) is Layout.TWO
    assert layout_for(120, 30) is Layout.FOUR
    models, digits, metrics = PaneName.MODELS, PaneName.DIGITS, PaneName.METRICS
    without_run = frozenset(PaneName) - {PaneName.RUN}
    assert visible_panes(Layout.ONE, digits, digits, without_run) == {digits}
    pair = {models, PaneName.WORKERS}
    assert visible_panes(Layout.PAIR, models, metrics, without_run) == pair
    assert visible_panes(Layout.PAIR, metrics, metrics, without_run) == {metrics}
    assert visible_panes(Layout.TWO, models, metrics, without_run) == {models, metrics}
    assert visible_panes(Layout.FOUR, digits, digits, without_run) == without_run


def test_a_run_has_the_place_of_the_digits_until_they_are_in_focus() -> None:
    every, digits, run = frozenset(PaneName), PaneName.DIGITS, PaneName.RUN
    assert visible_panes(Layout.FOUR, PaneName.MODELS, digits, every) == every - {digits}
    assert visible_panes(Layout.FOUR, run, run, every) == every - {digits}
    assert visible_panes(Layout.FOUR, digits, digits, every) == every - {run}
    assert visible_panes(Layout.TWO, run, run, every) == {PaneName.MODELS, run}
    assert visible_panes(Layout.ONE, run, run, every) == {run}


async def test_tab_goes_through_the_panes_in_the_order_of_their_numbers(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready", "10 images")
        seen = [seat.monitor.current]
        for _ in range(5):
            await seat.press("tab")
            seen.append(seat.monitor.current)
        order = list(dict.fromkeys(seen))
        assert order == [name for name in PaneName if name is not PaneName.RUN]


async def test_zoom_gives_one_pane_the_screen_and_esc_takes_it_back(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        await seat.press("3", "z")
        await seat.misses("MODEL ")
        await seat.sees("3 Metrics")
        await seat.press("escape")
        await seat.sees("MODEL ", "3 Metrics")


async def test_pause_holds_the_display_and_then_shows_the_present(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        await seat.sees("No models are registered.")
        await seat.press("p")
        await seat.sees("PAUSED")
        fake.load("mnist")
        latest = seat.monitor.session.monitor
        await seat.until(lambda: latest.latest.models)
        assert "mnist" not in seat.text
        await seat.press("p")
        await seat.sees("mnist")
        await seat.misses("PAUSED")


async def test_help_lists_every_key(fake: FakeTorchServe, options: MonitorOptions) -> None:
    async with watching(fake, options, size=(120, 360)) as seat:
        await seat.press("question_mark")
        await seat.sees("Help", *(key.help[:50] for key in ALL_KEYS))
        await seat.press("escape")
        await seat.misses("esc closes")


NOT_ALWAYS = frozenset(
    {"app.palette", "app.command", "model.undo", "server.renew-tokens", "view.run"}
)
"""Actions that are there only with something to undo, with tokens, or with a run."""


async def test_the_palette_has_every_action(fake: FakeTorchServe, options: MonitorOptions) -> None:
    async with watching(fake, options) as seat:
        titles = [command.title for command in seat.app.get_system_commands(seat.monitor)]
        for key in KEYS:
            assert (
                key.id in NOT_ALWAYS
                or key.needs_replay
                or any(key.label in title for title in titles)
            )
        await seat.press("ctrl+p")
        await seat.pilot.pause()
        for letter in "zoom":
            await seat.press(letter)
        await seat.sees("View: zoom")
        await seat.press("down", "enter")
        await seat.until(lambda: seat.monitor.zoomed)


async def test_symbols_and_theme_change(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready", "10 images")
        await seat.press("g", "g")
        assert seat.monitor.symbols is Symbols.ASCII
        await seat.misses("▀")
        await seat.press("t")
        assert seat.app.theme == "textual-light"
        await seat.press("t")
        assert seat.app.theme == "textual-dark"


async def test_a_read_only_session_hides_what_changes_and_says_why(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, read_only=True) as seat:
        await seat.sees("READ-ONLY", "● 1/1", "d describe")
        assert "r register" not in seat.text
        for key in ("r", "u", "plus", "minus", "s", "S", "R", "W", "U", "D"):
            await seat.press(key)
        await seat.sees("read-only: set default is refused", "start tsmon without --read-only")
        assert not fake.sent("PUT") + fake.sent("DELETE") + fake.sent("POST")
        await seat.press("i")
        await seat.sees("0/1 correct")


async def test_leaving_gives_exit_code_0_and_closes_the_client(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        await seat.press("q")
        await seat.until(lambda: not seat.app.is_running)
    assert seat.app.return_value == 0


@pytest.mark.parametrize(("rows", "digits"), [(22, 14), (24, 16), (36, 24)])
async def test_the_images_leave_room_for_the_models(
    fake: FakeTorchServe, options: MonitorOptions, rows: int, digits: int
) -> None:
    fake.load_many(9)
    async with watching(fake, options, size=(80, rows)) as seat:
        await seat.press("4")
        await seat.sees("│ model-000", "4 Digits")
        assert seat.monitor.query_one(DigitsPane).outer_size.height == digits


async def test_the_mouse_does_what_keys_do(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist", at_start=True)

    async def click(words: str) -> None:
        await seat.sees(words)
        lines = seat.text.splitlines()
        row = next(row for row, line in enumerate(lines) if words in line)
        await seat.pilot.click(offset=(lines[row].index(words) + 1, row))

    async with watching(fake, options, size=(80, 24)) as seat:
        await click("3 Metrics")
        await seat.until(lambda: seat.monitor.current is PaneName.METRICS)
        await click("1 Models")
        await seat.until(lambda: seat.monitor.current is PaneName.MODELS)
        await click("in depth")
        await seat.until(lambda: seat.monitor.in_depth)
        await click("all models")
        await seat.until(lambda: not seat.monitor.in_depth)


async def test_the_models_have_all_the_lines_they_need_before_the_workers_have_blank_ones(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load_many(6)
    async with watching(fake, options, size=(80, 24)) as seat:
        await seat.sees("model-000", "model-005", "2 Workers")


async def test_on_a_low_screen_the_images_have_room_for_a_picture_when_they_are_looked_at(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(120, 30)) as seat:
        digits = seat.monitor.query_one(DigitsPane)
        await seat.sees("10 images")
        before = digits.outer_size.height
        assert before == 2
        await seat.press("4")
        await seat.until(lambda: digits.outer_size.height > before)
        await seat.until(lambda: seat.find(PixelView).outer_size.height >= 14)


async def test_the_digits_are_one_line_until_they_are_used_and_stay_open_then(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(140, 40)) as seat:
        digits = seat.monitor.query_one(DigitsPane)
        charts = seat.monitor.metrics_pane
        await seat.sees("10 images", "i sends one", "Z opens this pane")
        assert digits.outer_size.height == 2
        before = charts.outer_size.height
        await seat.press("tab", "tab", "tab")
        await seat.until(lambda: seat.app.focused and seat.app.focused.id == "digits-list")
        await seat.press("1")
        await seat.until(lambda: digits.outer_size.height == 2)
        await seat.press("i")
        await seat.sees("0/1 correct")
        await seat.until(lambda: charts.outer_size.height == before - 14)
        await seat.press("Z")
        await seat.sees("0/1 correct  ✗ 7", "i sends one")
        assert digits.outer_size.height == 2
        await seat.press("4", "Z")
        await seat.until(lambda: digits.outer_size.height == 2)
        assert seat.monitor.current is PaneName.MODELS
        await seat.press("Z")
        await seat.until(lambda: digits.outer_size.height == 16)


async def test_workers_take_the_rows_they_have_and_the_rest_is_for_what_happened(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=2)
    fake.load("many", workers=60)
    async with watching(fake, options, size=(120, 30)) as seat:
        await seat.sees("60/60 ready", "Details")
        workers = seat.monitor.workers_pane
        tall = workers.outer_size.height
        assert seat.monitor.story.outer_size.height >= 4
        await seat.press("down")
        await seat.sees("2/2 ready")
        await seat.until(lambda: workers.outer_size.height == 6)
        assert tall > 6


async def test_a_narrow_key_bar_names_what_a_newcomer_looks_for(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(80, 24)) as seat:
        await seat.sees("enter in depth  r register  s scale  n send random  Y why?  ? help")


async def test_which_server_was_taken_is_said_and_how_to_take_another(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    note = "found by its process; 127.0.0.1:9081 also runs here: F lists them"
    async with watching(fake, replace(options, note=note), size=(140, 40)) as seat:
        await seat.sees("watching 127.0.0.1:8081, found by its process", "127.0.0.1:9081 also")
        assert "also runs" not in seat.text.splitlines()[0]


async def test_a_new_size_is_painted_only_when_it_is_filled(
    fake: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.load_many(5)
    monkeypatch.setattr("tsmon.tui.app.frames.LONGEST_S", PATIENCE_S)  # however slow the machine
    frames: list[tuple[tuple[int, int], str]] = []
    display = App._display

    def painted(app: App[int], screen: Screen[object], renderable: object) -> None:
        frames.append((app.size, screen_text(app)))
        display(app, screen, renderable)  # type: ignore[arg-type]

    async with watching(fake, options, size=(140, 40)) as seat:
        await seat.sees("model-004", "10 images")
        monkeypatch.setattr(App, "_display", painted)
        whole = {}
        for size in [(120, 30), (80, 24), (60, 20), (220, 60), (140, 40)] * 2:
            fake.serve("model-000", n=4)
            await seat.pilot.resize_terminal(*size)
            await seat.until(partial(painted_at, frames, size))
            whole[size] = titles(seat.text)
        assert {size for size, _ in frames} == set(whole)
        assert [(size, titles(text)) for size, text in frames] == [
            (size, whole[size]) for size, _ in frames
        ]


def painted_at(frames: list[tuple[tuple[int, int], str]], size: tuple[int, int]) -> bool:
    """Whether the last frame is of that size."""
    return bool(frames) and frames[-1][0] == size


def titles(text: str) -> str:
    """The line of the models' titles, without the blanks that texts give and take."""
    return " ".join(next(line for line in text.splitlines() if "MODEL " in line).split())
