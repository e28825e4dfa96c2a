"""Why `/metrics` is empty, as far as the server's version says."""

from __future__ import annotations

import re
from typing import NamedTuple

PROMETHEUS_HINT = "set metrics_mode=prometheus in its config.properties and restart it"
REQUEST_HINT = "it has counters from the first request on: `tsmon predict MODEL FILE` sends one"
_NUMBERS = re.compile(r"(\d+)\.(\d+)")


class NoCounters(NamedTuple):
    """What is wrong, and the way out."""

    problem: str
    hint: str


def why_empty(version: str) -> NoCounters:
    """Why a server of this version, empty where it is not known, publishes no counters.

    Before 0.8.0 there was no metrics_mode, and counters came with the first request, as they do
    with metrics_mode legacy, which 0.10.0 brought and which 0.12.0 declares at once.
    """
    found = _NUMBERS.match(version)
    release = (int(found[1]), int(found[2])) if found else None
    if release is not None and release < (0, 8):
        return NoCounters("/metrics is empty: no request has come yet", REQUEST_HINT)
    if release is None or (0, 10) <= release < (0, 12):
        mode = "metrics_mode is log, or no request has come yet"
        return NoCounters(f"/metrics is empty: {mode}", PROMETHEUS_HINT)
    return NoCounters("/metrics is empty: this server's metrics_mode is log", PROMETHEUS_HINT)
