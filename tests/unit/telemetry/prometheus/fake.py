"""A Prometheus in memory: it stores scrapes and answers the queries that tsmon asks, no others."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from tests.unit.telemetry.prometheus.fake_promql import Key, Targets, answers
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.telemetry.prometheus.samples import NAMES
from tsmon.telemetry.scrape import INFERENCE_US, QUEUE_US, REQUESTS, Counters, SeriesKey

INSTANCE, JOB = "gpu7:8082", "torchserve"
NOW = 1_790_000_000.0
"""Unix time that scrapes are counted from."""


@dataclass(slots=True)
class FakePrometheus:
    """Targets by instance and job, with what each of their scrapes brought."""

    now: float = NOW
    last_error: str = ""
    targets: dict[Key, dict[float, dict[Key, float]]] = field(default_factory=dict)
    """By their label sets."""
    queries: list[str] = field(default_factory=list)
    answer: httpx.Response | type[httpx.TransportError] | None = None
    """What is answered instead, to every request."""

    def client(self) -> Prometheus:
        """A client of it."""
        return Prometheus("http://prom:9090", transport=self.transport())

    def transport(self) -> httpx.MockTransport:
        """What carries requests to it."""
        return httpx.MockTransport(self._handle)

    def scrape(
        self,
        at: float,
        series: Mapping[SeriesKey, Counters] | None,
        others: Mapping[Key, float] | None = None,
        *,
        instance: str = INSTANCE,
        job: str = JOB,
        **more: str,
    ) -> None:
        """Store a scrape `at` seconds after NOW, which is now then; without series it failed."""
        stored: dict[Key, float] = {labels("up"): float(series is not None)}
        for key, sums in (series or {}).items():
            model = {"model_name": key.model, "model_version": key.version}
            stored[labels(REQUESTS, **model)] = sums.requests
            stored[labels(INFERENCE_US, **model)] = sums.inference_us
            stored[labels(QUEUE_US, **model)] = sums.queue_us
        self.now = NOW + at
        target = tuple(sorted({"instance": instance, "job": job, **more}.items()))
        self.targets.setdefault(target, {})[NOW + at] = stored | dict(others or {})

    def _handle(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self.answer, httpx.Response):
            return self.answer
        if self.answer is not None:
            raise self.answer("it failed")
        path = request.url.path.removeprefix("/api/v1/")
        if path == "targets":
            return _success({"activeTargets": self._active()})
        query = request.url.params["query"]
        self.queries.append(query)
        return self._query(query, float(request.url.params.get("time", self.now)))

    def _query(self, query: str, at: float) -> httpx.Response:
        chosen = self._chosen(query)
        if re.fullmatch(r"\{.*\}\[([0-9]+)ms\]", query):
            return self._samples(query, at)
        if match := re.fullmatch(r"up.*\[([0-9]+)s\]", query):
            return _scrapes(chosen, at - int(match[1]), at)
        return _success({"resultType": "vector", "result": list(answers(query, chosen, at))})

    def _samples(self, query: str, at: float) -> httpx.Response:
        match = re.fullmatch(r'\{__name__=~"([^"]*)".*\}\[([0-9]+)ms\]', query)
        assert match, query
        names = match[1].split("|")
        assert set(names) <= set(NAMES)
        start, matrix = at - int(match[2]) / 1000, []
        for target, scrapes in self._chosen(query).items():
            found: dict[Key, list[tuple[float, str]]] = {}
            for time, stored in scrapes.items():
                for key, value in stored.items():
                    if start <= time <= at and dict(key)["__name__"] in names:
                        found.setdefault(key, []).append((time, repr(value)))
            for key, values in found.items():
                matrix.append({"metric": {**dict(key), **dict(target)}, "values": values})
        return _success({"resultType": "matrix", "result": matrix})

    def _chosen(self, query: str) -> Targets:
        exact = dict(re.findall(r'\b(\w+)=("(?:[^"\\]|\\.)*")', query))
        jobs = re.search(r'job=~("(?:[^"\\]|\\.)*")', query)
        return {
            target: scrapes
            for target, scrapes in self.targets.items()
            if all(dict(target).get(name, "") == json.loads(text) for name, text in exact.items())
            and (not jobs or re.fullmatch(json.loads(jobs[1]), dict(target)["job"]))
        }

    def _active(self) -> list[object]:
        return [{"labels": dict(each), "lastError": self.last_error} for each in self.targets]


def labels(name: str, **others: str) -> Key:
    """The labels of a series, without those of its target."""
    return (("__name__", name), *sorted(others.items()))


def _success(data: object) -> httpx.Response:
    return httpx.Response(200, json={"status": "success", "data": data})


def _scrapes(targets: Targets, start: float, end: float) -> httpx.Response:
    times = {target: sorted(each) for target, each in targets.items()}
    matrix = [
        {"metric": dict(target), "values": [(at, "1") for at in found if start < at <= end]}
        for target, found in times.items()
    ]
    return _success({"resultType": "matrix", "result": matrix})
