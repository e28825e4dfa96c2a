"""The draw pad and the picker by keyboard, on a real TorchServe with the digit model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.commands import Shell
from tests.tui.seat import Seat, seated
from tsmon.digits.images import label_in_name
from tsmon.serving.assets import digit_assets
from tsmon.serving.local_server import LocalServer
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.screens.draw_pad import DrawPad
from tsmon.tui.screens.picker import Picker
from tsmon.tui.state.session import LiveSession
from tsmon.tui.widgets.thumb_grid import ThumbGrid

pytestmark = pytest.mark.integration

PATIENCE_S = 60.0
LIMIT = 100_000
"""max_request_size of this server, in bytes."""
MNIST = ModelKey("mnist", "1.0")
SEVEN = ["space", *["right"] * 7, *["down"] * 14, "space"]
"""A stroke to the right, then down."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Shell]:
    """A server of its own with the digit model, one worker, and a small limit."""
    shell = Shell(tmp_path)
    limit = f"max_request_size={LIMIT}"
    for command in (
        ("serve", "start", "--ports", "free", "--set", limit),
        ("archive",),
        ("register", "mnist.mar", "--workers", "1"),
    ):
        ended = shell.tsmon(*command)
        assert ended.code == 0, ended.stderr
    yield shell
    shell.tsmon("serve", "stop")


async def test_draw_a_digit_keep_it_and_send_the_walkthroughs_batches(served: Shell) -> None:
    drawings = served.directory / "drawings"
    async with seated(_monitor(served, drawings), size=(140, 45), patience_s=PATIENCE_S) as seat:
        await seat.sees("● ready")
        await _load(seat)
        await _draw(seat, drawings)
        await _walk(seat)
        await _too_large(seat, drawings)


def _monitor(shell: Shell, drawings: Path) -> TsmonApp:
    record = LocalServer(shell.home).status().server
    assert record is not None
    addresses = Addresses(record.inference, record.management, record.metrics)
    options = MonitorOptions(
        model_store=record.model_store, samples=digit_assets().samples, drawings=drawings
    )
    return TsmonApp(LiveSession(TorchServe(addresses, KeyRing(record.key_file))), options)


async def _load(seat: Seat) -> None:
    await seat.press("L")
    await seat.sees("Load mnist 1.0")
    seat.app.screen.query_one("#requests Input").focus()
    await seat.pilot.pause()
    await seat.write("60")
    await seat.press("enter")
    await seat.sees("count reached", "answered        60", "correct", "esc closes")
    await seat.press("escape")
    await seat.sees("60 since start")


async def _draw(seat: Seat, drawings: Path) -> None:
    await seat.press("w")
    await seat.until(lambda: isinstance(seat.app.screen, DrawPad))
    await seat.press(*SEVEN)
    await seat.sees("predicted 7", "> 7 █")
    await seat.press("s", "7")
    await seat.until(lambda: _labels(drawings) == ["7"])
    await seat.press("escape")


def _labels(folder: Path) -> list[str | None]:
    return [label_in_name(path) for path in folder.glob("*.png")]


async def _walk(seat: Seat) -> None:
    desk = seat.monitor.sending.desk
    await seat.press("4", "b")
    await seat.until(lambda: isinstance(seat.app.screen, Picker))
    await seat.press("d")
    await seat.sees("what the model sees", "label 7")
    await seat.press("i")
    await seat.sees("1/1 correct", "predicted 7 ✓")
    await seat.press("d")
    await seat.until(lambda: desk.folder and desk.folder.path == digit_assets().samples)
    await seat.press("W")
    await seat.until(lambda: desk.book.of(MNIST).score.sent == 81 and not desk.under_way)
    assert desk.run is not None
    assert [batch.score.sent for batch in desk.run.results] == [10, 10, 10, 50]
    assert (desk.book.of(MNIST).score.accuracy or 0) > 0.9
    assert desk.book.of(MNIST).score.failed == 0


async def _too_large(seat: Seat, drawings: Path) -> None:
    """A file larger than the server takes is told with the limit that its log names."""
    (drawings / "large.1.png").write_bytes(bytes(LIMIT + 1))
    await seat.press("d")
    await seat.sees("2 images")
    seat.find(ThumbGrid).action_last()
    await seat.press("i")
    await seat.sees(f"max_request_size is {LIMIT:,}")
