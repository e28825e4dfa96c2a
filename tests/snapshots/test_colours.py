"""What a text picture cannot show: every screen in other themes, without colours, in ASCII."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from rich.color import Color, ColorType

from tests.fake import FakeTorchServe
from tests.snapshots.album import draw, rest
from tests.snapshots.clock import SceneClock
from tests.snapshots.stage import Stage, staged
from tests.snapshots.test_themes import segments, unreadable
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.themes import LIGHT

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
SIXTEEN = "ansi-dark"
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


async def each_screen(stage: Stage) -> AsyncIterator[str]:
    """Open one screen after the other, and go back to the monitor each time."""
    home = stage.app.screen
    for name, key in SCREENS.items():
        await stage.press(key)
        if name not in IN_PLACE:
            await stage.until(lambda: stage.app.screen is not home)
        await rest(stage)
        yield name
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is home)


def colours(stage: Stage) -> Iterator[tuple[str, Color]]:
    """Each piece of text with its colour, and with the one behind it."""
    for each in segments(stage):
        if each.style and each.text.strip():
            both = (each.style.color, each.style.bgcolor)
            yield from ((each.text, color) for color in both if color is not None)


async def test_every_screen_in_a_light_theme_and_in_sixteen_colours(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    themes = [LIGHT, SIXTEEN]
    wrong = set()
    async with asked(elsewhere, clock, replace(project, theme=LIGHT)) as stage:
        async for name in each_screen(stage):
            for theme in themes:
                stage.app.theme = theme
                await rest(stage)
                draw(stage, f"{theme}-{name}")
                seen = unreadable(stage) if theme == LIGHT else foreign(stage)
                wrong |= {(theme, name, *each) for each in seen}
            themes.reverse()  # the next screen opens in the theme of this one
    assert not wrong


def foreign(stage: Stage) -> Iterator[tuple[str]]:
    """The words in other colours than the terminal's own."""
    for text, color in colours(stage):
        if color.type not in SYSTEM and any(map(str.isalnum, text)):
            yield (text,)


async def test_every_screen_without_colours_and_in_ascii(
    elsewhere: FakeTorchServe,
    clock: SceneClock,
    project: MonitorOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    coloured, others = set(), set()
    async with asked(elsewhere, clock, replace(project, symbols=Symbols.ASCII)) as stage:
        async for name in each_screen(stage):
            draw(stage, f"plain-{name}")
            others |= {(name, letter) for letter in stage.text if not letter.isascii()}
            coloured |= {
                (name, text)
                for text, color in colours(stage)
                if color.triplet and len(set(color.triplet)) > 1
            }
    assert not others
    assert not coloured
