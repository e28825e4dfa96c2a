"""Faults of what a server says in well-formed answers, by name: JSON and the metrics' text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx

from tests.fake.counters import sample
from tests.fake.fault_server import Answering, Fault, Talk, answer_bytes
from tests.fake.wire_faults import page

LIST = r"/models"
DESCRIBE = r"/models/mnist(/.*)?"
EVERY_DESCRIBE = r"/models/.+"
METRICS = r"/metrics"
REQUESTS = "ts_inference_requests_total"
LATENCY = "ts_inference_latency_microseconds"
HUGE = 10**400
SERIES = 1_000
ERROR = {"code": 500, "type": "InternalServerException", "message": "describe failed"}


def changed(change: Callable[[bytes], bytes]) -> Answering:
    """The fake's answer with other content."""

    async def answer(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
        headers = {"content-type": response.headers.get("content-type", "")}
        content = change(response.content)
        await talk.send(answer_bytes(httpx.Response(200, content=content, headers=headers)))

    return answer


def said(payload: Any, status: int = 200) -> Answering:
    """An answer of this JSON."""

    async def answer(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
        await talk.send(answer_bytes(httpx.Response(status, json=payload)))

    return answer


def in_json(change: Callable[[Any], Any]) -> Answering:
    """The fake's answer with other values."""
    return changed(lambda body: json.dumps(change(json.loads(body))).encode())


def in_each(**values: Any) -> Answering:
    """A description whose versions have other values."""
    return in_json(lambda versions: [version | values for version in versions])


def in_workers(**values: Any) -> Answering:
    """A description whose workers have other values."""

    def change(versions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            version | {"workers": [worker | values for worker in version["workers"]]}
            for version in versions
        ]

    return in_json(change)


def _more_models(*names: str) -> Answering:
    """The list with further names."""
    more = [{"modelName": name, "modelUrl": "more.mar"} for name in names]
    return in_json(lambda listed: listed | {"models": [*listed.get("models", []), *more]})


def _without(*keys: str) -> Answering:
    def change(versions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{k: v for k, v in version.items() if k not in keys} for version in versions]

    return in_json(change)


def _looping(listed: dict[str, Any]) -> dict[str, Any]:
    return listed | {"nextPageToken": "0"}


def in_text(*lines: str) -> Answering:
    """The metrics with further lines."""
    return changed(lambda body: body + "\n".join([*lines, ""]).encode())


def _counter(value: str, model: str = "mnist") -> tuple[str, str]:
    line = sample(REQUESTS, {"model_name": model, "model_version": "default"}, 1)
    return f"# TYPE {REQUESTS} counter", f"{line.rpartition(' ')[0]} {value}"


def _many() -> tuple[str, ...]:
    labels = ({"model_name": f"z{n}", "model_version": "default"} for n in range(SERIES))
    return (f"# TYPE {REQUESTS} counter", *(sample(REQUESTS, label, 1) for label in labels))


def _halved(body: bytes) -> bytes:
    """Counters that have fallen."""
    lines = []
    for line in body.decode().splitlines():
        name, _, value = line.rpartition(" ")
        is_counter = line.startswith("ts_")
        lines.append(f"{name} {float(value) / 2}" if is_counter else line)
    return "\n".join([*lines, ""]).encode()


_NESTED = b'{"models": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

_FAULTS: dict[str, Fault] = {
    # The management API.
    "no JSON": Fault(page(200, "hello"), where=LIST),
    "truncated JSON": Fault(changed(lambda body: body[: len(body) // 2]), where=LIST),
    "list of another type": Fault(said(["neither", "models"]), where=LIST),
    "models that are no list": Fault(said({"models": {"mnist": 1}}), where=LIST),
    "list entries of wrong types": Fault(
        in_json(lambda listed: {"models": [*listed["models"], 7, None, {"modelName": {}}]}),
        where=LIST,
    ),
    "deep nesting": Fault(changed(lambda _: _NESTED), where=LIST),
    "invalid UTF-8": Fault(changed(lambda body: body.replace(b"mnist", b"\xff\xfe")), where=LIST),
    "duplicate models": Fault(_more_models("mnist", "mnist"), where=LIST),
    "looping page token": Fault(in_json(_looping), where=LIST),
    "huge page token": Fault(in_json(lambda listed: listed | {"nextPageToken": HUGE}), where=LIST),
    "name with a slash": Fault(_more_models("org/llama"), where=LIST),
    "name with control characters": Fault(_more_models("evil\x1b]52;c;eA==\x07\n"), where=LIST),
    "name of 100 kB": Fault(_more_models("n" * 100_000), where=LIST),
    "empty name": Fault(_more_models(""), where=LIST),
    "describe: no JSON": Fault(page(200, "hello"), where=DESCRIBE),
    "describe: empty list": Fault(said([]), where=DESCRIBE),
    "describe: another type": Fault(said({"modelName": "mnist"}), where=DESCRIBE),
    "describe: 500": Fault(said(ERROR, 500), where=DESCRIBE),
    "describe: 500 for all": Fault(said(ERROR, 500), where=EVERY_DESCRIBE),
    "describe: wrong types": Fault(
        in_each(minWorkers="two", workers=[{"id": [], "pid": "x", "memoryUsage": {}}]),
        where=DESCRIBE,
    ),
    "describe: workers of another type": Fault(in_each(workers="none"), where=DESCRIBE),
    "describe: huge memory": Fault(in_workers(memoryUsage=HUGE), where=DESCRIBE),
    "describe: huge counts": Fault(
        in_each(
            minWorkers=HUGE,
            jobQueueStatus={"pendingRequests": HUGE, "remainingCapacity": HUGE},
            batchSize=HUGE,
        ),
        where=DESCRIBE,
    ),
    "describe: negative": Fault(
        in_each(
            minWorkers=-5,
            jobQueueStatus={"pendingRequests": -7, "remainingCapacity": -1},
            batchSize=-1,
        ),
        where=DESCRIBE,
    ),
    "describe: NaN": Fault(
        changed(lambda body: body.replace(b'"minWorkers": 1', b'"minWorkers": NaN')),
        where=DESCRIBE,
    ),
    "describe: missing fields": Fault(
        _without("minWorkers", "workers", "jobQueueStatus", "modelUrl"), where=DESCRIBE
    ),
    "describe: unknown fields": Fault(in_each(novel={"a": [1]}, status="new"), where=DESCRIBE),
    "describe: another model": Fault(in_each(modelName="other"), where=DESCRIBE),
    "describe: another pid each time": Fault(in_workers(pid=1), where=DESCRIBE),
    "error of 1 MB": Fault(said({"code": 500, "message": "x" * 1_000_000}, 500), where=LIST),
    # The metrics.
    "metrics: HTML": Fault(page(200, "hello"), where=METRICS),
    "metrics: 500": Fault(page(500, "500 Internal Server Error"), where=METRICS),
    "metrics: binary": Fault(changed(lambda _: bytes(range(256)) * 100), where=METRICS),
    "metrics: bad line": Fault(in_text("ts_{ no metric"), where=METRICS),
    "metrics: duplicate series": Fault(in_text(*_counter("5"), *_counter("7")), where=METRICS),
    "metrics: NaN": Fault(in_text(*_counter("NaN", "other")), where=METRICS),
    "metrics: negative": Fault(in_text(*_counter("-3", "other")), where=METRICS),
    "metrics: falling": Fault(changed(_halved), where=METRICS),
    "metrics: 1e308": Fault(in_text(*_counter("1e308"), *_counter("1e308")), where=METRICS),
    "metrics: 400 digits": Fault(in_text(*_counter("9" * 400, "other")), where=METRICS),
    "metrics: 1,000 series": Fault(in_text(*_many()), where=METRICS),
    "metrics: label of 1 MB": Fault(in_text(*_counter("1", "n" * 1_000_000)), where=METRICS),
    "metrics: empty": Fault(changed(lambda _: b""), where=METRICS),
}
CONTENT_FAULTS = {name: replace(fault, closes=False) for name, fault in _FAULTS.items()}
"""Connections go on behind these answers."""
