"""The lines that TorchServe 0.12 writes to its log files at its default level for one request."""

from __future__ import annotations

import random

from tsmon.logs.files import MODEL_LOG, TS_LOG, TS_METRICS

WORKERS = 4
_REQUEST = """\
[DEBUG] {w} org.pytorch.serve.wlm.WorkerThread - Flushing req.cmd PREDICT repeats 1 to backend at: {ms}
[DEBUG] {w} org.pytorch.serve.wlm.WorkerThread - Flushing req.cmd PREDICT repeats 1 to backend at: {ms}
[INFO ] {w} org.pytorch.serve.wlm.WorkerThread - Looping backend response at: {ms}
[INFO ] {w} org.pytorch.serve.wlm.WorkerThread - Looping backend response at: {ms}
[INFO ] {w}-stdout MODEL_LOG - Backend received inference at: {s}
[INFO ] {w}-stdout org.pytorch.serve.wlm.WorkerLifeCycle - result=[METRICS]HandlerTime.Milliseconds:{h}|#ModelName:mnist,Level:Model|#type:GAUGE|#hostname:vm,{s},{id}, pattern=[METRICS]
[INFO ] {w}-stdout org.pytorch.serve.wlm.WorkerLifeCycle - result=[METRICS]HandlerTime.Milliseconds:{h}|#ModelName:mnist,Level:Model|#type:GAUGE|#hostname:vm,{s},{id}, pattern=[METRICS]
[INFO ] {w}-stdout org.pytorch.serve.wlm.WorkerLifeCycle - result=[METRICS]PredictionTime.Milliseconds:{h}|#ModelName:mnist,Level:Model|#type:GAUGE|#hostname:vm,{s},{id}, pattern=[METRICS]
[INFO ] {w}-stdout org.pytorch.serve.wlm.WorkerLifeCycle - result=[METRICS]PredictionTime.Milliseconds:{h}|#ModelName:mnist,Level:Model|#type:GAUGE|#hostname:vm,{s},{id}, pattern=[METRICS]
[INFO ] {w} org.pytorch.serve.wlm.BatchAggregator - Sending response for jobId {id}
[INFO ] {w} org.pytorch.serve.wlm.BatchAggregator - Sending response for jobId {id}
[INFO ] {w} ACCESS_LOG - /127.0.0.1:37656 "PUT /predictions/mnist HTTP/1.1" 200 {total}
[DEBUG] {w} org.pytorch.serve.job.RestJob - Waiting time ns: {wait}, Backend time ns: {backend}
[DEBUG] {w} org.pytorch.serve.job.RestJob - Waiting time ns: {wait}, Backend time ns: {backend}
[INFO ] {w} org.pytorch.serve.wlm.WorkerThread - Backend response time: {total}
[INFO ] {w} org.pytorch.serve.wlm.WorkerThread - Backend response time: {total}
"""  # noqa: E501 (as TorchServe writes them)
_COUNTS = """\
[INFO ] epollEventLoopGroup-3-1 TS_METRICS - ts_inference_requests_total.Count:1.0{labels}
[INFO ] {w} TS_METRICS - Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:{s}
[INFO ] {w} TS_METRICS - ts_inference_latency_microseconds.Microseconds:{all_us}{labels}
[INFO ] {w} TS_METRICS - ts_queue_latency_microseconds.Microseconds:{wait_us}{labels}
[INFO ] {w} TS_METRICS - QueueTime.Milliseconds:0.0|#Level:Host|#hostname:vm,timestamp:{s}
[INFO ] {w} TS_METRICS - WorkerThreadTime.Milliseconds:1.0|#Level:Host|#hostname:vm,timestamp:{s}
"""
_PRINTED = " MODEL_LOG - "
STAMP = "2026-11-22T16:37:50,499"


class ServerLog:
    """Makes the lines of requests, always the same ones for the same seed."""

    def __init__(self, *, log_mode: bool, seed: int = 1) -> None:
        """With `log_mode` as at `metrics_mode=log`, where the counters are written as well."""
        self._log_mode = log_mode
        self._random = random.Random(seed)  # noqa: S311 (times of made requests)
        self._written = 0

    def requests(self, count: int) -> dict[str, bytes]:
        """What `count` more requests add to each of the files."""
        requests, counts = zip(*(self._request() for _ in range(count)), strict=True)
        server = "".join(a + b for a, b in zip(requests, counts, strict=True))
        printed = (line for line in server.splitlines(keepends=True) if _PRINTED in line)
        metrics = "".join(_without_thread(text) for text in counts)
        added = {TS_LOG: server, TS_METRICS: metrics, MODEL_LOG: "".join(printed)}
        return {name: text.encode() for name, text in added.items()}

    def _request(self) -> tuple[str, str]:
        self._written += 1
        wait, backend = (int(self._random.lognormvariate(14.5, 0.8)) for _ in "wb")
        seconds = 1795365470 + self._written // 1000
        facts = {
            "w": f"W-{9000 + self._written % WORKERS}-mnist_1.0",
            "ms": seconds * 1000,
            "s": seconds,
            "id": f"8b373f28-a911-422c-b1cf-{self._written:012x}",
            "h": round(backend / 1.1e6, 2),
            "total": (wait + backend) // 1_000_000,
            "wait": wait,
            "backend": backend,
            "wait_us": wait / 1000,
            "all_us": (wait + backend) / 1000,
            "labels": f"|#model_name:mnist,model_version:default|#hostname:vm,timestamp:{seconds}",
        }
        counts = _stamped(_COUNTS.format(**facts)) if self._log_mode else ""
        return _stamped(_REQUEST.format(**facts)), counts


def _stamped(text: str) -> str:
    return "".join(f"{STAMP} {line}\n" for line in text.splitlines())


def _without_thread(text: str) -> str:
    """The lines as ts_metrics.log has them, with neither level nor thread."""
    messages = (line.partition(" TS_METRICS - ")[2] for line in text.splitlines())
    return "".join(f"{STAMP} - {message}\n" for message in messages)
