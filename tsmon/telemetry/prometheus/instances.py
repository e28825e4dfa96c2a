"""The instances whose TorchServe metrics a Prometheus server has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.prometheus.samples import ANSWERS
from tsmon.telemetry.scrape import REQUESTS

if TYPE_CHECKING:
    from tsmon.telemetry.prometheus.client import Prometheus


class Instance(Struct, frozen=True):
    """One target of Prometheus: a TorchServe's metrics address."""

    instance: str
    """The label: host and port of the metrics address, unless relabelled."""
    job: str
    up: bool
    """Whether the last scrape succeeded."""


EXPORTS_TORCHSERVE = " or ".join(
    f"count by (job, instance) (count_over_time({name}[1h]))" for name in (REQUESTS, ANSWERS[0])
)


async def discover(client: Prometheus) -> list[Instance]:
    """The targets that exported TorchServe's metrics within the last hour, by instance, then job.

    One with metrics_mode log exports nothing and cannot be known from any other target.
    """
    found = await client.query(f"up and on (job, instance) ({EXPORTS_TORCHSERVE})")
    instances = {
        Instance(
            series.labels.get("instance", ""),
            series.labels.get("job", ""),
            series.samples[-1].value == 1,
        )
        for series in found
    }
    return sorted(instances, key=lambda each: (each.instance, each.job))


def quoted(text: str) -> str:
    """A string of PromQL, which escapes as Go and so as JSON does."""
    return json.dumps(text, ensure_ascii=False)
