"""What completes, filters and is filled in as one types, as pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.snapshots.album import at_each
from tests.snapshots.clock import SceneClock
from tests.snapshots.stage import staged
from tests.tui.test_settings_page import WRITTEN, go_to
from tsmon.config.changes import Origins
from tsmon.config.files import load
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.commands.command_line import CommandLine
from tsmon.tui.screens.settings import SettingsPage

SIZES = [(60, 20), (80, 24), (120, 30)]


@pytest.fixture
def configured(project: MonitorOptions) -> MonitorOptions:
    """With a file of settings."""
    file = Path("config.toml")
    file.write_text(WRITTEN)
    loaded = load(file, folder=Path())
    return replace(
        project,
        config=loaded.config,
        span_s=loaded.config.monitor.span,
        origins=Origins(loaded.origins, {}, loaded.own, loaded.files),
    )


async def test_commands_as_they_are_typed(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, project) as stage:
        await stage.ticks(2)
        await stage.press("colon")
        await stage.until(lambda: isinstance(stage.app.screen, CommandLine) and stage.app.focused)
        await stage.write("sc")
        await at_each(stage, "command-typed", SIZES)
        await stage.write("scale many")
        await stage.press("enter")
        await stage.sees("✗")
        await at_each(stage, "command-wrong", SIZES)


async def test_the_palette(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, project) as stage:
        await stage.ticks(2)
        await stage.press("ctrl+p")
        await stage.sees("Search for commands")
        await stage.write("worker")
        await stage.sees("Add one worker")
        await at_each(stage, "palette", [(80, 24), (120, 30)])


async def test_a_filter_and_marks(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, project) as stage:
        await stage.ticks(2)
        await stage.press("space", "space")
        await stage.press("slash")
        await stage.write("mni")
        await stage.misses("resnet")
        await at_each(stage, "filter", SIZES)


async def test_settings_being_changed(
    elsewhere: FakeTorchServe, clock: SceneClock, configured: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, configured) as stage:
        await stage.press("C")
        await stage.until(lambda: isinstance(stage.app.screen, SettingsPage))
        await go_to(stage, "monitor.theme")
        await stage.press("enter")
        await stage.sees("dracula")
        await at_each(stage, "settings-choice", SIZES)
        await stage.press("escape")
        await go_to(stage, "monitor.span")
        await stage.press("enter")
        await stage.write("long")
        await stage.press("enter")
        await stage.sees("✗")
        await at_each(stage, "settings-wrong", SIZES)
