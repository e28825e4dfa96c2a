"""Keys that come at once, as from a person who types ahead or from a slow line."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual.keys import key_to_character
from textual.widgets import Input

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.tui.app import key_queue
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.bulk import ScaleMany
from tsmon.tui.screens.logs import Logs
from tsmon.tui.screens.scale import ScaleDialog
from tsmon.tui.widgets.filter_bar import FilterBar
from tsmon.tui.widgets.models_pane import ModelsPane


def type_at_once(seat: Seat, *keys: str) -> None:
    for key in keys:
        seat.app.post_message(events.Key(key, key_to_character(key)))


def selected(seat: Seat) -> str:
    """The model that the panes are about."""
    return seat.monitor.selected.name if seat.monitor.selected else ""


async def test_a_filter_gets_all_letters_and_the_rows_what_follows_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("bert")
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("mnist", "bert")
        type_at_once(seat, "slash", *"nums", "backspace", "backspace", "backspace", *"ist", "enter")
        type_at_once(seat, "space")
        models = seat.monitor.query_one(ModelsPane)
        await seat.until(lambda: [model.key.name for model in models.marked] == ["mnist"])
        assert seat.find(FilterBar, "#models-filter").filter.text == "nist"
        assert seat.app.screen is seat.monitor


async def test_a_dialog_gets_the_keys_that_were_pressed_while_it_opened(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("mnist")
        type_at_once(seat, "s", "backspace", "3")
        await seat.until(lambda: isinstance(seat.app.screen, ScaleDialog))
        await seat.until(lambda: seat.find(Input).value == "3")
        await seat.press("escape")
        type_at_once(seat, "space", "s", "backspace", "2")
        await seat.until(lambda: isinstance(seat.app.screen, ScaleMany))
        await seat.until(lambda: seat.find(Input).value == "2")


async def test_keys_go_on_where_no_dialog_comes(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        await seat.sees("no model")
        type_at_once(seat, "L", "4")  # there is no model to load
        await seat.until(lambda: seat.monitor.current == "digits")


async def test_no_key_waits_for_a_dialog_that_the_server_holds_up(
    fake: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_queue, "KEY_PATIENCE_S", 0.2)
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("mnist")
        fake.hold("/models/mnist")
        type_at_once(seat, "W", "4")  # asks the server before it asks the person
        await seat.until(lambda: seat.monitor.current == "digits")
        fake.heal()


async def test_a_key_that_comes_while_the_monitor_is_left_does_nothing(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        seat.app._screen_stack.clear()
        await seat.app.on_event(events.Key("x", "x"))
        await seat.app.on_event(events.Paste("x"))


async def test_keys_that_still_wait_when_the_monitor_was_left_go_nowhere(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        queue = seat.app.key_queue
        queue.waiting.append(events.Key("j", "j"))
    await queue._hand_on()
    assert not queue.waiting


async def test_keys_wait_for_the_widgets_of_the_page_that_they_are_for(
    fake: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = asyncio.Event()

    async def wait_to_compose(page: Logs) -> None:
        await mounted.wait()

    monkeypatch.setattr(Logs, "on_compose", wait_to_compose, raising=False)
    async with watching(fake, options) as seat:
        type_at_once(seat, "l")
        while not isinstance(seat.app.screen, Logs):  # noqa: ASYNC110 (the pilot would wait too)
            await asyncio.sleep(0.01)
        type_at_once(seat, "escape")
        await asyncio.sleep(0.05)
        mounted.set()
        await seat.until(lambda: seat.app.screen is seat.monitor)


async def test_what_follows_the_cursor_acts_on_the_row_that_it_came_to(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    for number in range(8):
        fake.load(f"model-{number}")
    async with watching(fake, options) as seat:
        await seat.until(lambda: selected(seat) == "model-0")
        type_at_once(seat, *"jjjjjjk", "space", "k", "s", "backspace", "4")
        models = seat.monitor.query_one(ModelsPane)
        await seat.until(lambda: isinstance(seat.app.screen, ScaleMany))
        assert [model.key.name for model in models.marked] == ["model-5"]
        await seat.until(lambda: seat.find(Input).value == "4")
        await seat.press("escape", "escape")
        type_at_once(seat, "k", "k", "s", "backspace", "3")
        await seat.until(lambda: isinstance(seat.app.screen, ScaleDialog))
        assert selected(seat) == "model-3"
        await seat.until(lambda: seat.find(Input).value == "3")


async def test_a_cursor_that_is_held_waits_for_no_screen(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    for number in range(8):
        fake.load(f"model-{number}")
    async with watching(fake, options) as seat:
        await seat.until(lambda: selected(seat) == "model-0")
        seen: list[str] = []
        seat.app.watch(seat.monitor, "selected", lambda key: seen.append(key.name), init=False)
        type_at_once(seat, *"jjjjjj")
        await seat.until(lambda: selected(seat) == "model-6")
        assert len(seen) < 6  # the panes were not turned to every row on the way


async def test_a_paste_goes_into_the_field_that_the_key_before_it_opens(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("bert")
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("mnist", "bert")
        type_at_once(seat, "slash")
        seat.app.post_message(events.Paste("mnist"))
        type_at_once(seat, "enter", "space")
        models = seat.monitor.query_one(ModelsPane)
        await seat.until(lambda: [model.key.name for model in models.marked] == ["mnist"])
