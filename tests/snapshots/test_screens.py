"""What opens above the monitor, as pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.snapshots.album import box
from tests.snapshots.conftest import Compare
from tests.snapshots.scene import looking_at
from tests.tui.seat import watching
from tsmon.tui.app import MonitorOptions

SIZES = [(80, 24), (120, 30)]
ON_THE_SCENE = {
    "help": ("question_mark", "Help"),
    "events": ("e", "Events"),
    "describe": ("d", "batchSize"),
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
    "unregister": ("u", "Type mnist to go on"),
    "start": ("S", "Start a TorchServe here"),
}


@pytest.fixture
def fake() -> FakeTorchServe:
    """A server with one model."""
    fake = FakeTorchServe()
    fake.load("mnist")
    return fake


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", ON_THE_SCENE)
async def test_on_a_recording(
    scene: Path, same_as_taken: Compare, name: str, size: tuple[int, int]
) -> None:
    key, seen = ON_THE_SCENE[name]
    async with looking_at(scene, MonitorOptions(), size) as seat:
        await seat.press(key)
        await seat.sees(seen)
        same_as_taken(f"{name}-{size[0]}x{size[1]}", seat.text)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", ON_A_SERVER)
async def test_dialogs_of_a_server(
    fake: FakeTorchServe,
    same_as_taken: Compare,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    size: tuple[int, int],
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    home = Path("/home/user")
    options = MonitorOptions(period_s=0.2, model_store=home / "store", server_home=home / "server")
    key, seen = ON_A_SERVER[name]
    async with watching(fake, options, size=size) as seat:
        await seat.sees("mnist")
        await seat.press(key)
        await seat.sees(seen)
        same_as_taken(f"{name}-{size[0]}x{size[1]}", box(seat))
