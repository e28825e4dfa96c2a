"""The wall clock is set while the monitor runs: nothing that is measured depends on it."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import PERIOD_S, Seat, watching
from tsmon.telemetry import instant
from tsmon.telemetry.traffic import Missing
from tsmon.tui.app.app import MonitorOptions


class Shifted(datetime):
    """A clock that can be set."""

    by = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.by


@pytest.mark.parametrize("hours", [-30, -3, 3, 30])
async def test_rates_and_states_go_on_over_a_step_of_the_clock(
    hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instant, "datetime", Shifted)
    monkeypatch.setattr(Shifted, "by", timedelta())
    fake = FakeTorchServe()
    fake.load("mnist")
    fake.serve("mnist", n=5)

    def rate() -> float:
        snapshot = seat.monitor.snapshot
        assert snapshot is not None
        usage = snapshot.models[0].traffic.window
        return -1.0 if isinstance(usage, Missing) else usage.per_second

    async with watching(fake, MonitorOptions(period_s=PERIOD_S)) as seat:
        await seat.sees("● up", "mnist")
        fake.serve("mnist", n=5)
        await seat.until(lambda: rate() > 0)
        monkeypatch.setattr(Shifted, "by", timedelta(hours=hours))
        await _tick(seat)
        fake.serve("mnist", n=5)
        for _ in range(3):
            await _tick(seat)
            # Ten requests in a window of a few seconds; a window of hours would make it nothing.
            assert rate() > 0.05
        assert "stale" not in seat.text
        assert "gone" not in seat.text
        assert "● up" in seat.text
        assert "● ready" in seat.text


async def _tick(seat: Seat) -> None:
    shown = seat.monitor.snapshot
    await seat.until(lambda: seat.monitor.snapshot is not shown)
