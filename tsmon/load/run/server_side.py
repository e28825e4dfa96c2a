"""The same requests as a run's server saw them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.load.refusals import Failure
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.units import count, known

if TYPE_CHECKING:
    from tsmon.load.readings import Cost
    from tsmon.load.run.report import RunReport

NOT_COUNTED = frozenset({Failure.UNREACHABLE, Failure.TOO_LARGE, Failure.REFUSED})
"""Requests that fail so never arrive at a model, which is where TorchServe counts."""


class ServerSide(Struct, frozen=True):
    """What its counters and its log say of the time of a run, and of this version alone."""

    counted: int | None
    """Requests that arrived, other clients' as well; None while unknown."""
    queue_ms: float | None
    """Mean; None where requests failed: the counters share out all the times over all requests."""
    service_ms: float | None
    """Mean time in the worker; where requests failed, of those that the log has."""
    times: Percentiles | None
    """Of that same time, by the log."""
    missing: str
    """Why the counters say nothing."""
    log_problem: str

    @classmethod
    def of(cls, cost: Cost, report: RunReport) -> ServerSide:
        """What was read before and after the run."""
        usage = cost.usage
        inference_ms = queue_ms = service_ms = None
        if usage is not None and not report.failed:
            inference_ms, queue_ms = known(usage.inference_ms), known(usage.queue_ms)
        if inference_ms is not None and queue_ms is not None:
            service_ms = inference_ms - queue_ms
        elif cost.backend.count:
            service_ms = cost.backend.mean
        return cls(
            None if usage is None else round(usage.arrived),
            queue_ms,
            service_ms,
            cost.profile.get(RequestPhase.INFERENCE),
            cost.missing,
            cost.log_problem,
        )

    @property
    def mean_ms(self) -> float | None:
        """Mean time in queue and worker together."""
        if self.queue_ms is None or self.service_ms is None:
            return None
        return self.queue_ms + self.service_ms

    def outside_ms(self, report: RunReport) -> float | None:
        """Mean time of a response that the server knows nothing of: the network and this client.

        None unless both sides' means are of the same requests.
        """
        same = self.counted == report.sent == report.answered
        if not same or self.mean_ms is None or report.latency is None:
            return None
        return max(report.latency.mean - self.mean_ms, 0.0)

    def difference(self, report: RunReport) -> str:
        """Why other requests were counted than sent, as far as that is known; empty for none."""
        if self.counted is None or self.counted == report.sent:
            return ""
        if self.counted > report.sent:
            more = count(self.counted - report.sent)
            return f"the server counted {more} more than were sent: those of other clients"
        left_out = report.sent - self.counted
        lost = {cause: n for cause, n in report.causes.items() if cause.kind in NOT_COUNTED}
        words = f"{count(left_out)} of {count(report.sent)} sent were not counted by the server"
        names = ", ".join(dict.fromkeys(cause.label for cause in lost))
        explained = sum(lost.values())
        if explained >= left_out:
            return f"{words}: {names}"
        if explained:
            return f"{words}: {count(explained)} of them {names}, the others for an unknown reason"
        return f"{words}, for an unknown reason"
