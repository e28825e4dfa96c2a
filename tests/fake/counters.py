"""The fake's counters, and `/metrics` in the words of the Java simpleclient 0.9."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

_THREE = (
    ("ts_inference_requests_total", "Count"),
    ("ts_inference_latency_microseconds", "Microseconds"),
    ("ts_queue_latency_microseconds", "Microseconds"),
)
_HOST_GAUGES = (
    ("CPUUtilization", "Percent", 12.5),
    ("MemoryUtilization", "Percent", 9.2),
    ("MemoryUsed", "Megabytes", 2216.953125),
)


@dataclass(slots=True)
class Sums:
    """One series of the three counters; a latency has no sample before the first answer."""

    requests: float = 0.0
    inference_us: float = 0.0
    queue_us: float = 0.0
    answered: bool = False


class Counters:
    """Everything counted since the server's start; nothing is ever removed."""

    def __init__(self, hostname: str = "vm") -> None:
        self._hostname = hostname
        self._series: dict[tuple[str, str], Sums] = {}
        self._answers: Counter[str] = Counter()

    def arrived(self, model: str, version: str | None, n: int = 1) -> None:
        """Count requests, as TorchServe does on arrival."""
        self._sums(model, version).requests += n

    def answered(
        self, model: str, version: str | None, n: int, inference_ms: float, queue_ms: float
    ) -> None:
        """Add the latencies of `n` answered requests."""
        sums = self._sums(model, version)
        sums.inference_us += n * inference_ms * 1000
        sums.queue_us += n * queue_ms * 1000
        sums.answered = True

    def http_answer(self, code: int) -> None:
        """Count an HTTP answer of any port."""
        self._answers[{2: "Requests2XX", 4: "Requests4XX"}.get(code // 100, "Requests5XX")] += 1

    def text(self, mode: str) -> str:
        """What `/metrics` answers in a metrics_mode."""
        if mode == "log":
            return ""
        lines: list[str] = []
        for name, unit in _THREE:
            lines += _head(name, "counter", unit) + self._samples(name)
        if mode == "prometheus":
            lines += self._host_lines()
        return "\n".join(lines) + "\n"

    def _sums(self, model: str, version: str | None) -> Sums:
        return self._series.setdefault((model, version or "default"), Sums())

    def _samples(self, name: str) -> list[str]:
        lines = []
        for (model, version), sums in self._series.items():
            value = {
                "ts_inference_requests_total": sums.requests,
                "ts_inference_latency_microseconds": sums.inference_us if sums.answered else None,
                "ts_queue_latency_microseconds": sums.queue_us if sums.answered else None,
            }[name]
            if value is not None:
                labels = {"model_name": model, "model_version": version}
                lines.append(sample(name, labels | {"hostname": self._hostname}, value))
        return lines

    def _host_lines(self) -> list[str]:
        labels = {"Level": "Host", "Hostname": self._hostname}
        lines: list[str] = []
        for name in ("Requests2XX", "Requests4XX", "Requests5XX"):
            lines += _head(name, "counter", "Count")
            if name in self._answers:
                lines.append(sample(name, labels, self._answers[name]))
        for name, unit, value in _HOST_GAUGES:
            lines += [*_head(name, "gauge", unit), sample(name, labels, value)]
        return lines + _head("GPUUtilization", "gauge", "Percent")


def _head(name: str, kind: str, unit: str) -> list[str]:
    return [
        f"# HELP {name} Torchserve prometheus {kind} metric with unit: {unit}",
        f"# TYPE {name} {kind}",
    ]


def sample(name: str, labels: dict[str, str], value: float) -> str:
    """One line of exposition text; every label is followed by a comma."""
    quoted = "".join(f'{label}="{_escape(text)}",' for label, text in labels.items())
    return f"{name}{{{quoted}}} {java_double(value)}"


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def java_double(value: float) -> str:
    """`Double.toString` but for its choice of the last digit: 3.0, 1.2E7."""
    if value == 0 or 1e-3 <= value < 1e7:
        return repr(float(value))
    mantissa, _, exponent = f"{value:.16e}".partition("e")
    digits = mantissa.rstrip("0")
    return f"{digits}{'0' if digits.endswith('.') else ''}E{int(exponent)}"
