"""Each step of the walkthrough by keyboard in the monitor, on a real TorchServe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen

from tests.integration.commands import Shell
from tests.tui.seat import Seat, seated
from tsmon.serving.assets import digit_assets
from tsmon.serving.local_server import LocalServer
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.screens.archive import ArchiveDialog
from tsmon.tui.screens.register import RegisterDialog
from tsmon.tui.state.session import LiveSession
from tsmon.tui.widgets.field import Field

pytestmark = pytest.mark.integration

PATIENCE_S = 60.0
"""A worker loads PyTorch before it is ready."""


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Shell]:
    """A server of its own, with nothing but the digit model in its store."""
    shell = Shell(tmp_path)
    started = shell.tsmon("serve", "start", "--ports", "free")
    assert started.code == 0, started.stderr
    yield shell
    shell.tsmon("serve", "stop")


async def test_package_register_scale_watch_send_conflict_unregister(fresh: Shell) -> None:
    archived = fresh.tsmon("archive")
    assert archived.code == 0, archived.stderr
    app = _monitor(fresh)
    async with seated(app, size=(140, 40), patience_s=PATIENCE_S) as seat:
        await seat.sees("● up", "No models are registered.")
        await _package(seat)
        await _register_without_workers(seat)
        await _scale_to_one(seat)
        await _describe(seat)
        await _send(seat)
        await _register_again(seat)
        await _unregister(seat)


def _monitor(shell: Shell) -> TsmonApp:
    record = LocalServer(shell.home).status().server
    assert record is not None
    addresses = Addresses(record.inference, record.management, record.metrics)
    options = MonitorOptions(model_store=record.model_store, samples=digit_assets().samples)
    return TsmonApp(LiveSession(TorchServe(addresses, KeyRing(record.key_file))), options)


async def _opened(seat: Seat, dialog: type[Screen[Any]]) -> None:
    """Wait until a dialog is there and listens to keys."""
    await seat.until(lambda: isinstance(seat.app.screen, dialog))
    await seat.until(lambda: seat.app.focused is not None)
    await seat.pilot.pause()


async def _package(seat: Seat) -> None:
    await seat.press("a")
    await _opened(seat, ArchiveDialog)
    await seat.sees("network.py", "mnist_handler.py")
    await seat.press("enter")
    await seat.sees("the button overwrites it", "Replace")
    await seat.press("enter")
    await seat.sees("r registers it")


async def _register_without_workers(seat: Seat) -> None:
    await seat.press("r")
    await _opened(seat, RegisterDialog)
    await seat.sees("○ mnist.mar")
    seat.find(Field, "#workers").text = "0"
    await seat.press("enter")
    await seat.sees("0/0 ready", "no workers")


async def _scale_to_one(seat: Seat) -> None:
    await seat.press("plus")
    await seat.sees("1/1 ready", "● ready")


async def _describe(seat: Seat) -> None:
    await seat.press("d")
    await seat.sees("● ready  1 of 1 ready")
    await seat.press("tab")
    await seat.sees('"modelName": "mnist"', '"modelVersion": "1.0"')
    await seat.press("escape")


async def _send(seat: Seat) -> None:
    await seat.press("4", "enter")
    await seat.sees("1/1 correct")
    await seat.press("n")
    await seat.sees("/11 correct")
    await seat.sees("11 since start")


async def _register_again(seat: Seat) -> None:
    await seat.press("1", "r")
    await _opened(seat, RegisterDialog)
    await seat.press("enter")
    await seat.sees("409 ConflictStatusException")
    await seat.press("escape")


async def _unregister(seat: Seat) -> None:
    await seat.press("u")
    await seat.sees("Unregister", "Type mnist to continue")
    await seat.write("mnist")
    await seat.press("enter")
    await seat.sees("No models are registered.")
