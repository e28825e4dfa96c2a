"""What opens above the monitor, as pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.snapshots.album import at_each, box, rest
from tests.snapshots.scene import looking_at
from tests.tui.seat import Seat, watching
from tsmon.tui.app.app import MonitorOptions

SIZES = [(80, 24), (120, 30)]
ON_THE_SCENE = {
    "help": ("question_mark", "Help"),
    "events": ("e", "Events"),
    "why": ("Y", "Why?"),
    "timeline": ("J", "Workers over time"),
    "describe": ("d", "time-outs"),
    "time": ("at", "Go to a time"),
    "copy": ("y", "Copy"),
    "depth": ("enter", "cifar 1.0"),
    "command": ("colon", ":"),
    "settings": ("C", "Settings"),
    "fleet": ("F", "tsmon config init"),
}
"""By name: the key, and what is seen when it is there."""
ON_A_SERVER = {
    "register": ("r", "Register"),
    "scale": ("s", "Workers of mnist"),
    "unregister": ("u", "Type mnist to continue"),
    "start": ("S", "Start a TorchServe here"),
}


@pytest.fixture
def fake() -> FakeTorchServe:
    """A server with one model."""
    fake = FakeTorchServe()
    fake.load("mnist")
    return fake


async def test_on_a_recording(scene: Path) -> None:
    async with looking_at(scene, MonitorOptions(), SIZES[-1]) as seat:
        for name, (key, seen) in ON_THE_SCENE.items():
            await seat.press(key)
            await seat.sees(seen)
            await at_each(seat, name, SIZES)
            await close(seat)


async def test_dialogs_of_a_server(fake: FakeTorchServe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    home = Path("/home/user")
    options = MonitorOptions(period_s=0.2, model_store=home / "store", server_home=home / "server")
    async with watching(fake, options, size=SIZES[-1]) as seat:
        await seat.sees("mnist")
        for name, (key, seen) in ON_A_SERVER.items():
            await seat.press(key)
            await seat.sees(seen)
            await at_each(seat, name, SIZES, box)  # what is behind it changes with time
            await close(seat)


async def close(seat: Seat) -> None:
    """Go back to the monitor and all its models."""
    await seat.press("escape")
    await seat.until(lambda: seat.app.screen is seat.monitor)
    await rest(seat)
