"""A Prometheus in memory: it stores scrapes and answers the queries that tsmon asks, no others."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.telemetry.prometheus.samples import NAMES
from tsmon.telemetry.scrape import INFERENCE_US, QUEUE_US, REQUESTS, Counters, SeriesKey

INSTANCE, JOB = "gpu7:8082", "torchserve"
NOW = 1_790_000_000.0
"""Unix time that scrapes are counted from."""

Key = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class FakePrometheus:
    """Targets by instance and job, with what each of their scrapes brought."""

    now: float = NOW
    last_error: str = ""
    targets: dict[tuple[str, str], dict[float, dict[Key, float]]] = field(default_factory=dict)
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
    ) -> None:
        """Store a scrape `at` seconds after NOW, which is now then; without series it failed."""
        stored: dict[Key, float] = {labels("up"): float(series is not None)}
        for key, sums in (series or {}).items():
            model = {"model_name": key.model, "model_version": key.version}
            stored[labels(REQUESTS, **model)] = sums.requests
            stored[labels(INFERENCE_US, **model)] = sums.inference_us
            stored[labels(QUEUE_US, **model)] = sums.queue_us
        self.now = NOW + at
        self.targets.setdefault((instance, job), {})[NOW + at] = stored | dict(others or {})

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
        if query == "vector(0)":
            return _success({"resultType": "vector", "result": [_vector({}, at, 0.0)]})
        chosen = self._chosen(query)
        if query.startswith("up and on"):
            vector = [
                _vector({"instance": i, "job": j}, at, last[labels("up")])
                for (i, j), scrapes in self.targets.items()
                if (last := scrapes[max(scrapes)]) and any(_torchserve(key) for key in last)
            ]
            return _success({"resultType": "vector", "result": vector})
        if query.startswith("timestamp(up{"):
            vector = [
                _vector({"instance": i, "job": j}, at, max(times))
                for (i, j), scrapes in chosen.items()
                if (times := [time for time in scrapes if at - 300 <= time <= at])
            ]
            return _success({"resultType": "vector", "result": vector})
        return self._samples(query, at)

    def _samples(self, query: str, at: float) -> httpx.Response:
        match = re.fullmatch(r'\{__name__=~"([^"]*)".*\}\[([0-9]+)ms\]', query)
        assert match, query
        names = match[1].split("|")
        assert set(names) <= set(NAMES)
        start, matrix = at - int(match[2]) / 1000, []
        for (instance, job), scrapes in self._chosen(query).items():
            found: dict[Key, list[tuple[float, str]]] = {}
            for time, stored in scrapes.items():
                for key, value in stored.items():
                    if start <= time <= at and dict(key)["__name__"] in names:
                        found.setdefault(key, []).append((time, repr(value)))
            for key, values in found.items():
                metric = {**dict(key), "instance": instance, "job": job}
                matrix.append({"metric": metric, "values": values})
        return _success({"resultType": "matrix", "result": matrix})

    def _chosen(self, query: str) -> dict[tuple[str, str], dict[float, dict[Key, float]]]:
        wanted = {
            name: json.loads(text)
            for name, text in re.findall(r'\b(instance|job)=("(?:[^"\\]|\\.)*")', query)
        }
        return {
            (instance, job): scrapes
            for (instance, job), scrapes in self.targets.items()
            if wanted.get("instance", instance) == instance and wanted.get("job", job) == job
        }

    def _active(self) -> list[object]:
        return [
            {"labels": {"instance": i, "job": j}, "lastError": self.last_error}
            for i, j in self.targets
        ]


def labels(name: str, **others: str) -> Key:
    """The labels of a series, without those of its target."""
    return (("__name__", name), *sorted(others.items()))


def _torchserve(key: Key) -> bool:
    return dict(key)["__name__"] in {REQUESTS, "Requests2XX"}


def _vector(metric: dict[str, str], at: float, value: float) -> object:
    return {"metric": metric, "value": [at, repr(value)]}


def _success(data: object) -> httpx.Response:
    return httpx.Response(200, json={"status": "success", "data": data})
