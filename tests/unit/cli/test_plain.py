"""The monitor without a screen."""

from __future__ import annotations

import asyncio

import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon
from tsmon.cli.watching import watch_plainly


@pytest.fixture(autouse=True)
def three_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """End it after some ticks, as a person would with ctrl+c."""

    async def for_a_while(*args: object, **settings: object) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watch_plainly(*args, **settings), 0.7)  # type: ignore[arg-type]

    monkeypatch.setattr("tsmon.cli.monitor.watch_plainly", for_a_while)


def test_each_tick_is_a_line_with_time_verdict_and_workers(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    tsmon("register", "mnist.mar", "--workers", "2")

    first, *_ = tsmon("--plain", "--period", "0.2").stdout.splitlines()

    assert first.split()[1:6] == ["mnist", "1.0", "ready", "2/2", "ready"]
    assert first.isprintable()


def test_without_models_that_is_the_line(tsmon: Tsmon) -> None:
    first, *_ = tsmon("--plain", "--period", "0.2").stdout.splitlines()

    assert first.split(maxsplit=3)[2:] == ["up", "no models are registered"]
