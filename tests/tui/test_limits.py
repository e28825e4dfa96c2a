"""Limits in the monitor: on the row, with their reason, as events."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fake import FakeTorchServe
from tests.tui.seat import PERIOD_S, watching
from tsmon.config.schema import Config, LimitSettings
from tsmon.tui.app.app import MonitorOptions


def limited(limits: Mapping[str, LimitSettings]) -> MonitorOptions:
    return MonitorOptions(period_s=PERIOD_S, config=Config(limits=limits))


async def test_a_row_says_that_a_limit_is_exceeded_and_why(fake: FakeTorchServe) -> None:
    limits = {
        "few": LimitSettings(when="ready < 2", model="mnist"),
        "silent": LimitSettings(when="rate < 1/s for 1 h"),
    }
    fake.load("mnist", "1.0")
    async with watching(fake, limited(limits)) as seat:
        await seat.sees("! over limit")
        await seat.press("e")
        await seat.sees("limit exceeded", "few: ready 1 (ready < 2)")
        await seat.press("escape", "Y")
        await seat.sees("Limits", "exceeded for", "few: ready 1 (ready < 2)")


async def test_it_is_over_when_it_does_not_hold_any_more(fake: FakeTorchServe) -> None:
    limits = {"few": LimitSettings(when="ready < 2", clear="0.5 s")}
    fake.load("mnist", "1.0")
    async with watching(fake, limited(limits)) as seat:
        await seat.sees("! over limit")
        await seat.press("+")
        await seat.misses("! over limit")
        await seat.press("e")
        await seat.sees("limit cleared", "few: ready 2, exceeded for")


async def test_it_holds_on_a_screen_in_ascii_and_without_colours(fake: FakeTorchServe) -> None:
    fake.load("mnist", "1.0")
    async with watching(fake, limited({"few": LimitSettings(when="ready < 2")})) as seat:
        await seat.press("g", "g")
        await seat.sees("! over limit")
