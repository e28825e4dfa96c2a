"""The monitor as pictures, at the sizes that terminals have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.snapshots.conftest import Compare
from tests.snapshots.scene import looking_at
from tsmon.tui.app import MonitorOptions
from tsmon.tui.widgets.raster import Symbols

SIZES = [(60, 20), (80, 24), (120, 30), (140, 40), (220, 60)]
PANES = {"1": "models", "2": "workers", "3": "metrics"}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_monitor_at_each_size(
    scene: Path, same_as_taken: Compare, size: tuple[int, int]
) -> None:
    async with looking_at(scene, MonitorOptions(), size) as seat:
        same_as_taken(f"monitor-{size[0]}x{size[1]}", seat.text)


@pytest.mark.parametrize("key", PANES)
async def test_each_pane_alone(scene: Path, same_as_taken: Compare, key: str) -> None:
    async with looking_at(scene, MonitorOptions(), (80, 24)) as seat:
        await seat.press(key, "z")
        same_as_taken(f"{PANES[key]}-80x24", seat.text)


@pytest.mark.parametrize("symbols", [Symbols.BLOCK, Symbols.ASCII])
async def test_the_charts_in_other_symbols(
    scene: Path, same_as_taken: Compare, symbols: Symbols
) -> None:
    async with looking_at(scene, MonitorOptions(symbols=symbols), (120, 30)) as seat:
        same_as_taken(f"monitor-120x30-{symbols}", seat.text)
