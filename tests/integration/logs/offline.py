"""What a log says of requests, computed after the fact and on its own: no code of tsmon's reader.

Lines are read one by one with plain expressions; a doubled line is known by what makes it unique,
its request or its nanoseconds.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

WORKER = r"W-\d+-(?P<model>\w+)_(?P<version>[\d.]+)"
ANSWERED = re.compile(
    WORKER + r" ACCESS_LOG - \S+ \"POST /predictions/\S* \S+\" (?P<status>\d+) (?P<ms>\d+)$"
)
REFUSED = re.compile(r"epoll\S+ ACCESS_LOG - \S+ \"POST /predictions/(?P<model>\w+) .* 503 \d+$")
WAITED = re.compile(
    rf"(?P<thread>{WORKER}) \S+ - Waiting time ns: (?P<wait>\d+), Backend time ns: (?P<back>\d+)$"
)
HANDLED = re.compile(
    WORKER + r"-stdout \S+ - result=\[METRICS\]HandlerTime\.Milliseconds:(?P<ms>[\d.]+)"
    r".*,\d+,(?P<ids>[-0-9a-f,]+), pattern"
)


@dataclass
class Offline:
    """The samples of one model version, in milliseconds."""

    total: list[Fraction] = field(default_factory=list)
    queue: list[Fraction] = field(default_factory=list)
    backend: list[Fraction] = field(default_factory=list)
    inference: list[Fraction] = field(default_factory=list)
    handler: list[Fraction] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


def compute(log: str) -> dict[tuple[str, str], Offline]:
    """All samples of a ts_log by model and version; refused requests have no version."""
    found: defaultdict[tuple[str, str], Offline] = defaultdict(Offline)
    seen: set[tuple[str | Any, ...]] = set()
    for line in log.splitlines():
        if match := ANSWERED.search(line):
            of = found[match["model"], match["version"]]
            of.statuses[int(match["status"])] += 1
            if match["status"] == "200":
                of.total.append(Fraction(match["ms"]))
        elif match := REFUSED.search(line):
            found[match["model"], ""].statuses[503] += 1
        elif match := WAITED.search(line):
            if match.groups() in seen:
                continue
            seen.add(match.groups())
            of = found[match["model"], match["version"]]
            wait, back = Fraction(match["wait"]) / 10**6, Fraction(match["back"]) / 10**6
            of.queue.append(wait)
            of.backend.append(back)
            of.inference.append(wait + back)
        elif match := HANDLED.search(line):
            if (match["ids"],) in seen:
                continue
            seen.add((match["ids"],))
            times = [Fraction(match["ms"])] * len(match["ids"].split(","))
            found[match["model"], match["version"]].handler += times
    return dict(found)


def later(whole: Offline, early: Offline) -> Offline:
    """What came after the first samples; statuses are left out."""
    return Offline(
        *(
            getattr(whole, part)[len(getattr(early, part)) :]
            for part in ("total", "queue", "backend", "inference", "handler")
        )
    )


def percentile(samples: list[Fraction], percent: int) -> float:
    """Nearest rank: the smallest sample that at least `percent` of 100 do not exceed."""
    rank = math.ceil(Fraction(percent * len(samples), 100))
    return float(sorted(samples)[rank - 1])
