"""Keys that come at once, as from a person who types ahead or from a slow line."""

from __future__ import annotations

from textual import events
from textual.keys import key_to_character
from textual.widgets import Input

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.tui.app import MonitorOptions
from tsmon.tui.screens.bulk import ScaleMany
from tsmon.tui.screens.scale import ScaleDialog
from tsmon.tui.widgets.filter_bar import FilterBar
from tsmon.tui.widgets.models_pane import ModelsPane


def type_at_once(seat: Seat, *keys: str) -> None:
    for key in keys:
        seat.app.post_message(events.Key(key, key_to_character(key)))


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
