"""The monitor without a screen."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon
from tsmon.cli.reports.plain import WIDTH
from tsmon.cli.watch import watch_plainly


@pytest.fixture(autouse=True)
def three_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """End it after some ticks, as a person would with ctrl+c."""

    async def for_a_while(*args: object, **settings: object) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watch_plainly(*args, **settings), 0.7)  # type: ignore[arg-type]

    monkeypatch.setattr("tsmon.cli.watch.watch_plainly", for_a_while)


def test_a_tick_is_a_line_with_the_verdict_first_and_the_time_last(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    tsmon("register", "mnist.mar", "--workers", "2")

    first, *_ = tsmon("--plain", "--period", "0.2").stdout.splitlines()

    assert first.startswith("ready: mnist 1.0, 2/2 workers, ")
    assert re.search(r", \d\d:\d\d:\d\d$", first)
    assert first.isprintable()


def test_without_models_that_is_the_line(tsmon: Tsmon) -> None:
    first, *_ = tsmon("--plain", "--period", "0.2").stdout.splitlines()

    assert first.startswith("up: ")
    assert ", no models are registered, " in first


def test_of_several_models_the_worst_is_named(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")
    server.load("cifar")
    server.load("with-a-name-longer-than-any-line-has-room-for-" + "x" * 60, workers=0)

    first, *_ = tsmon("--plain", "--period", "0.2").stdout.splitlines()

    assert first.startswith("no workers: with-a-name-longer-")
    assert "0/0 workers, 2 of 3 models are ready" in first
    assert len(first) <= WIDTH


def test_models_that_are_all_well_are_told_together(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")
    server.load("cifar")

    first, *_ = tsmon("--plain", "--period", "0.2").stdout.splitlines()

    assert first.startswith("ready: all 2 models, ")


def test_a_server_that_is_away_is_told_so(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.kill()

    first, *_ = tsmon("--plain", "--period", "0.2").stdout.splitlines()

    assert first.startswith("away: ")
