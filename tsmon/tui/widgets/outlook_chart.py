"""What requests took of late, and as a ghost what they would take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tsmon.tui.text.outlook import predicted_level
from tsmon.tui.text.symbols import TimedValue
from tsmon.tui.text.tones import Tone
from tsmon.tui.widgets.chart import Chart, Ghost
from tsmon.tui.widgets.chart_gaps import with_gaps
from tsmon.tui.widgets.time_axis import TimeSpan
from tsmon.units import milliseconds

if TYPE_CHECKING:
    from tsmon.load.capacity.advice import Advice
    from tsmon.telemetry.history import HistoryPoint
    from tsmon.telemetry.instant import Instant

SECONDS = 120.0
LEAST_LINES, FEW_LINES = 22, 28
"""Of the screen: on a lower one the words of the prediction have the room; on one lower than the
other one the chart is flat."""
FLAT = 4


class OutlookChart(Chart):
    """The p95 of each interval where the log has it, else the mean; the prediction is of the same.

    Both are of queue and service time together, as the server sees them.
    """

    def __init__(self) -> None:
        super().__init__(milliseconds, id="outlook-chart")

    def fit(self, lines: int) -> None:
        """Take what room there is on a screen of so many lines."""
        self.display = lines >= LEAST_LINES
        self.styles.height = FLAT if lines < FEW_LINES else None

    def show(
        self,
        points: Sequence[HistoryPoint],
        end: Instant,
        advice: Advice | None,
        workers: int | None,
    ) -> None:
        """The past up to `end`, and what so many workers would make of it, where that is known."""
        of_p95 = any(point.inference is not None for point in points)
        samples = [
            TimedValue(end.since(point.at), _p95(point) if of_p95 else point.inference_ms)
            for point in with_gaps(points)
        ]
        level = None
        if advice is not None and workers is not None:
            level = predicted_level(advice, workers, of_p95=of_p95)
        name = "p95 of requests" if of_p95 else "mean time of requests"
        note = "dashed: predicted" if level else "no prediction, see below"
        self.plot(
            samples,
            TimeSpan(SECONDS, edge_s=end.wall.timestamp()),
            math.inf,
            note="no requests in this time",
            heading=[(f"{name}, last 2 min  ", Tone.PLAIN), (note, Tone.MUTED)],
            ghost=Ghost(*level) if level else None,
        )


def _p95(point: HistoryPoint) -> float | None:
    return point.inference.p95 if point.inference is not None else None
