"""The monitor as pictures, at the sizes that terminals have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.snapshots.album import at_each
from tests.snapshots.scene import looking_at
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.text.symbols import Symbols

SIZES = [(60, 20), (80, 24), (120, 30), (140, 40), (220, 60)]
PANES = {"1": "models", "2": "workers", "3": "metrics"}


async def test_the_monitor_at_each_size(scene: Path) -> None:
    async with looking_at(scene, MonitorOptions(), SIZES[0]) as seat:
        await at_each(seat, "monitor", SIZES)


async def test_each_pane_alone(scene: Path) -> None:
    async with looking_at(scene, MonitorOptions(), (80, 24)) as seat:
        for key, name in PANES.items():
            await seat.press(key, "z")
            await at_each(seat, name, [(80, 24)])
            await seat.press("z")


@pytest.mark.parametrize("symbols", [Symbols.BLOCK, Symbols.ASCII])
async def test_the_charts_in_other_symbols(scene: Path, symbols: Symbols) -> None:
    async with looking_at(scene, MonitorOptions(symbols=symbols), (120, 30)) as seat:
        await at_each(seat, f"monitor-{symbols}", [(120, 30)])
