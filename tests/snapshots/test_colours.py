"""What a text picture cannot show: every screen in other themes, without colours, in ASCII."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from rich.color import Color, ColorType

from tests.fake import FakeTorchServe
from tests.snapshots.album import draw, rest
from tests.snapshots.clock import SceneClock
from tests.snapshots.stage import Stage, staged
from tests.snapshots.test_themes import LEAST_CONTRAST, contrasts, segments
from tsmon.tui.app import MonitorOptions
from tsmon.tui.widgets.raster import Symbols

SCREENS = {
    "monitor": "1",
    "depth": "enter",
    "help": "question_mark",
    "describe": "d",
    "register": "r",
    "scale": "s",
    "restart": "W",
    "load": "L",
    "experiment": "x",
    "picker": "b",
    "pad": "w",
    "logs": "l",
    "requests": "Q",
    "events": "e",
    "settings": "C",
    "fleet": "F",
    "command": "colon",
    "palette": "ctrl+p",
    "copy": "y",
    "time": "at",
}
"""By name, the key that opens each from the monitor."""
IN_PLACE = {"monitor", "depth"}
"""What is no screen of its own."""
SYSTEM = {ColorType.DEFAULT, ColorType.STANDARD}
"""The sixteen colours of a terminal, and its own two."""


@asynccontextmanager
async def asked(
    fake: FakeTorchServe, clock: SceneClock, options: MonitorOptions
) -> AsyncIterator[Stage]:
    """The monitor of a server that answers requests."""
    async with staged(fake, clock, options) as stage:
        await stage.ticks(
            9, lambda: fake.serve("mnist", "1.0", n=9, inference_ms=8.0, queue_ms=0.6)
        )
        await stage.until(lambda: stage.monitor.sending.desk.folder)
        yield stage


async def each_screen(stage: Stage, theme: str) -> AsyncIterator[str]:
    """Open one screen after the other, and go back to the monitor each time."""
    home = stage.app.screen
    for name, key in SCREENS.items():
        await stage.press(key)
        if name not in IN_PLACE:
            await stage.until(lambda: stage.app.screen is not home)
        await rest(stage)
        draw(stage, f"{theme}-{name}")
        yield name
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is home)


def colours(stage: Stage) -> Iterator[tuple[str, Color]]:
    """Each piece of text with its colour, and with the one behind it."""
    for each in segments(stage):
        if each.style and each.text.strip():
            both = (each.style.color, each.style.bgcolor)
            yield from ((each.text, color) for color in both if color is not None)


@pytest.mark.parametrize("theme", ["textual-light", "textual-dark"])
async def test_the_words_of_every_screen_are_readable(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions, theme: str
) -> None:
    async with asked(elsewhere, clock, replace(project, theme=theme)) as stage:
        weak = {
            (name, text, round(ratio, 1))
            async for name in each_screen(stage, theme)
            for text, ratio in contrasts(stage)
            if ratio < LEAST_CONTRAST and any(map(str.isalnum, text))
        }
    assert not weak


async def test_sixteen_colours_are_the_terminals_own(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with asked(elsewhere, clock, replace(project, theme="ansi-dark")) as stage:
        foreign = {
            (name, text)
            async for name in each_screen(stage, "ansi-dark")
            for text, color in colours(stage)
            if color.type not in SYSTEM and any(map(str.isalnum, text))
        }
    assert not foreign


async def test_without_colours_there_are_shades_alone(
    elsewhere: FakeTorchServe,
    clock: SceneClock,
    project: MonitorOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with asked(elsewhere, clock, project) as stage:
        coloured = {
            (name, text)
            async for name in each_screen(stage, "no-color")
            for text, color in colours(stage)
            if color.triplet and len(set(color.triplet)) > 1
        }
    assert not coloured


async def test_in_ascii_every_screen_is(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with asked(elsewhere, clock, replace(project, symbols=Symbols.ASCII)) as stage:
        others = {
            (name, letter)
            async for name in each_screen(stage, "ascii")
            for letter in stage.text
            if not letter.isascii()
        }
    assert not others
