"""The instant queries that tsmon asks, and no others, evaluated over scrapes in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

LOOKBACK_S = 300.0

Key = tuple[tuple[str, str], ...]
Targets = dict[Key, dict[float, dict[Key, float]]]
"""By label set, what each scrape brought, by its time."""
Samples = list[tuple[float, float]]
OWN = {"ts_inference_requests_total", "Requests2XX", "WorkerLoadTime"}


def answers(query: str, targets: Targets, at: float) -> Iterator[object]:
    """The entries of the answer."""
    for target, scrapes in targets.items():
        present = {time: each for time, each in scrapes.items() if at - LOOKBACK_S <= time <= at}
        if present:
            yield from _of_target(query, dict(target), present, at)


def _of_target(
    query: str, target: dict[str, str], scrapes: dict[float, dict[Key, float]], at: float
) -> Iterator[object]:
    last = scrapes[max(scrapes)]
    up = last[(("__name__", "up"),)]
    if " and on (" in query:
        if any(dict(key)["__name__"] in OWN for stored in scrapes.values() for key in stored):
            yield _entry(target, at, up)
    elif query.startswith("timestamp(up"):
        yield _entry(target, at, max(scrapes))
    elif query.startswith("time() - timestamp(up"):
        yield _entry(target, at, at - max(scrapes))
    elif query.endswith("== 0"):
        if up == 0:
            yield _entry(target, at, up)
    elif query.startswith("{"):
        names = re.findall(r"\w+", query.partition('"')[2].partition('"')[0])
        for key, value in last.items():
            if dict(key)["__name__"] in names:
                yield _entry(target | dict(key), at, value)
    else:
        yield from _sums(query, target, scrapes, at)


def _sums(
    query: str, target: dict[str, str], scrapes: dict[float, dict[Key, float]], at: float
) -> Iterator[object]:
    grouping = re.search(r"(sum|count) by \(([^)]*)\)", query)
    assert grouping, query
    by = grouping[2].split(", ")
    sums: dict[Key, float] = {}
    for key, value in _numbers(query, grouping[1], scrapes, at):
        labels = target | dict(key)
        group = tuple((name, labels[name]) for name in by if name in labels)
        sums[group] = sums.get(group, 0.0) + value
    for group, value in sums.items():
        if not query.endswith("> 0") or value > 0:
            yield _entry(dict(group), at, value)


def _numbers(
    query: str, kind: str, scrapes: dict[float, dict[Key, float]], at: float
) -> Iterator[tuple[Key, float]]:
    if kind == "count":
        names = re.findall(r"Requests\wXX|WorkerLoadTime", query)
        for key in scrapes[max(scrapes)]:
            worker = re.fullmatch(r"W-[0-9]+-(.+)", dict(key).get("WorkerName", ""))
            if dict(key)["__name__"] in names:
                yield (*key, *((("worker_of", worker[1]),) if worker else ())), 1.0
        return
    windows = [
        (name, int(length)) for name, length in re.findall(r"rate\((\w+).*?\[(\d+)s\]", query)
    ]
    series: dict[Key, Samples] = {}
    for time in sorted(scrapes):
        for key, value in scrapes[time].items():
            if dict(key)["__name__"] == windows[0][0]:
                series.setdefault(key, []).append((time, value))
    for key, samples in series.items():
        rates = [_rate([each for each in samples if each[0] > at - w]) for _, w in windows]
        known = [rate for rate in rates if rate is not None]
        if known or "NaN" in query:
            yield key, known[0] if known else float("nan")


def _rate(samples: Samples) -> float | None:
    if len(samples) < 2:
        return None
    (first, low), (last, high) = samples[0], samples[-1]
    return (high - low) / (last - first)


def _entry(labels: dict[str, str], at: float, value: float) -> object:
    return {"metric": labels, "value": [at, repr(value)]}
