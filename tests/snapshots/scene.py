"""A scene that is the same each time: a recording of two models, made from the fake server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, seated
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.scrape import Scrape
from tsmon.telemetry.source import Observation
from tsmon.torchserve.addresses import Addresses
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import ReplaySession

ELSEWHERE = Addresses.from_server("gpu-1.example:8081")
"""Not this machine: its processes and log files are not looked at."""
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LENGTH_S = 300
STEP_S = 2
MNIST_FROM_S = 20
CIFAR_FROM_S = 120
LOOKED_AT = "12:04:20"
"""The moment that the pictures show; both models have traffic then."""


async def record_scene(file: Path) -> None:
    """Five minutes: mnist computes, and from the second minute cifar lets its requests wait."""
    fake = FakeTorchServe(addresses=ELSEWHERE)
    async with fake.client() as client:
        source = LiveSource(client)
        with closing(Writer(file, "127.0.0.1:8081")) as writer:
            for second in range(0, LENGTH_S + 1, STEP_S):
                if second == MNIST_FROM_S:
                    fake.load("mnist", workers=2)
                if second == CIFAR_FROM_S:
                    fake.load("cifar")
                if second > MNIST_FROM_S:
                    fake.serve("mnist", n=20 + second % 30, inference_ms=8.0, queue_ms=0.4)
                if second > CIFAR_FROM_S:
                    fake.serve("cifar", n=6, inference_ms=35 + second / 2, queue_ms=second / 2)
                writer.write(_as_of(await source.observe(None), second))


def _as_of(observation: Observation, second: float) -> Observation:
    at = Instant(5000.0 + second, START + timedelta(seconds=second))
    assert isinstance(observation.scrape, Scrape)
    return replace(observation, at=at, scrape=replace(observation.scrape, at=at))


@asynccontextmanager
async def looking_at(
    file: Path, options: MonitorOptions, size: tuple[int, int]
) -> AsyncIterator[Seat]:
    """The monitor on the scene, held at the moment of the pictures."""
    session = ReplaySession(Recording(file))
    async with seated(TsmonApp(session, options), size=size) as seat:
        await seat.until(lambda: session.progress == 1)
        await seat.press("at")
        await seat.write(LOOKED_AT)
        await seat.press("enter")
        await seat.sees(f"PAUSED {LOOKED_AT} RECORDING", "mnist", "cifar")
        yield seat
