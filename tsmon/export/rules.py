"""Recording and alerting rules, and the made series that they are tested with.

Rules aggregate by `without`, so that every label of a target (cluster, namespace, pod) stays.
Those of this module rest on what TorchServe exports by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from tsmon.export.targets import JOB

INTERVAL = "15s"
"""Between two values of the made series."""
QUEUE_SHARE = 0.5
"""Of the target for p95: a mean queue time above it leaves too little for the model."""
GROWTH = 1.2
"""How many times as long as five minutes before a queue time is that grows."""
MOST_5XX = 0.05
CRASHES = 3
"""Starts of one worker within 15 minutes that make a crash loop."""


class Recording(Struct, frozen=True):
    """A rule that keeps the value of an expression under a name."""

    record: str
    expr: str

    @property
    def rule(self) -> dict[str, Any]:
        """It as a rule file has it."""
        return {"record": self.record, "expr": self.expr}


class Alert(Struct, frozen=True, kw_only=True):
    """A rule that reports what needs a person."""

    name: str
    expr: str
    lasts: str
    """How long it must hold."""
    severity: str
    summary: str
    remedy: str

    @property
    def rule(self) -> dict[str, Any]:
        """It as a rule file has it."""
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.lasts,
            "labels": {"severity": self.severity},
            "annotations": {"summary": self.summary, "description": self.remedy},
        }


class Case(Struct, frozen=True, kw_only=True):
    """Made series on which an alert must be raised, or with no labels must not be."""

    alert: Alert
    series: Mapping[str, str]
    at: str
    labels: Mapping[str, str] | None = None
    value: str = ""
    """What the alert's texts say for its value."""

    @property
    def test(self) -> dict[str, Any]:
        """It as `promtool test rules` reads it."""
        expected: dict[str, Any] = {"eval_time": self.at, "alertname": self.alert.name}
        if self.labels is not None:
            texts = self.alert.rule["annotations"]
            expected["exp_alerts"] = [
                {
                    "exp_labels": {**self.labels, "severity": self.alert.severity},
                    "exp_annotations": {name: self._filled(text) for name, text in texts.items()},
                }
            ]
        series = [{"series": name, "values": values} for name, values in self.series.items()]
        return {"interval": INTERVAL, "input_series": series, "alert_rule_test": [expected]}

    def _filled(self, text: str) -> str:
        labels = self.labels or {}
        text = re.sub(r"{{ \$labels\.(\w+) }}", lambda found: labels[found[1]], text)
        return re.sub(r"{{ \$value[^}]*}}", lambda _: self.value, text)


class RuleSet(Struct, frozen=True):
    """The rules of a file, and the cases that test them."""

    name: str
    recordings: tuple[Recording, ...]
    alerts: tuple[Alert, ...]
    cases: tuple[Case, ...]

    @property
    def rules(self) -> dict[str, Any]:
        """The file of the rules; a recording is there before an alert uses it."""
        rules: Iterable[Recording | Alert] = (*self.recordings, *self.alerts)
        return {"groups": [{"name": self.name, "rules": [each.rule for each in rules]}]}

    def tests(self, file: str) -> dict[str, Any]:
        """The file of their tests; *file* is the path from there to the rules."""
        return {
            "rule_files": [file],
            "evaluation_interval": INTERVAL,
            "tests": [case.test for case in self.cases],
        }


REQUESTS = "model:ts_inference_requests:rate"
RESPONSE_TIME = "model:ts_inference_latency_seconds:mean"
QUEUE_TIME = "model:ts_queue_latency_seconds:mean"
"""The scaling signal."""
ERRORS = "instance:torchserve_responses_5xx:ratio"


def _per_request(microseconds: str, window: str) -> str:
    """Seconds per request, of models with requests; a rate of 0 would make it infinite."""
    return (
        f"sum without (hostname, model_version) (rate({microseconds}[{window}]))"
        f" / 1e6 / ({REQUESTS} > 0)"
    )


def torchserve_rules(p95_s: float, window: str) -> RuleSet:
    """The rules that need no exporter; rates are over a *window* of several scrapes."""
    alerts = _alerts(p95_s)
    cases = _cases(alerts, p95_s)
    return RuleSet("torchserve", _recordings(window), tuple(alerts.values()), cases)


_STATUSES = (
    "rate(Requests2XX[5m]) + (rate(Requests4XX[5m]) or 0 * rate(Requests2XX[5m]))"
    " + rate(Requests5XX[5m])"
)


def _recordings(window: str) -> tuple[Recording, ...]:
    requests = f"rate(ts_inference_requests_total[{window}])"
    return (
        Recording(REQUESTS, f"sum without (hostname, model_version) ({requests})"),
        Recording(RESPONSE_TIME, _per_request("ts_inference_latency_microseconds", window)),
        Recording(QUEUE_TIME, _per_request("ts_queue_latency_microseconds", window)),
        Recording(ERRORS, f"rate(Requests5XX[5m]) / ({_STATUSES})"),
    )


def _alerts(p95_s: float) -> dict[str, Alert]:
    queue = f"{QUEUE_TIME} > {p95_s * QUEUE_SHARE:g}"
    alerts = (
        Alert(
            name="TorchServeDown",
            expr=f'up{{job="{JOB}"}} == 0',
            lasts="1m",
            severity="critical",
            summary="TorchServe at {{ $labels.instance }} does not answer",
            remedy="Prometheus cannot scrape its metrics address. Run `tsmon doctor` against it.",
        ),
        Alert(
            name="TorchServeWithoutMetrics",
            expr=f'scrape_samples_scraped{{job="{JOB}"}} == 0 and up{{job="{JOB}"}} == 1',
            lasts="5m",
            severity="warning",
            summary="TorchServe at {{ $labels.instance }} answers /metrics with nothing",
            remedy="Its metrics_mode is log, which is the default, so no other alert can see it. "
            "Put metrics_mode=prometheus into its config.properties and restart it. In mode "
            "legacy this ends with its first request.",
        ),
        Alert(
            name="TorchServeWorkerLost",
            expr=f"changes(WorkerLoadTime[5m]) > 0 {_SAME_LIFE.format(window='5m')}",
            lasts="0m",
            severity="warning",
            summary="Worker {{ $labels.WorkerName }} at {{ $labels.instance }} was started again",
            remedy="Its process ended within the last 5 minutes, and what it was working on was "
            "lost. `tsmon events` and the monitor show what it died of.",
        ),
        Alert(
            name="TorchServeWorkerCrashLoop",
            expr=f"changes(WorkerLoadTime[15m]) >= {CRASHES} {_SAME_LIFE.format(window='15m')}",
            lasts="0m",
            severity="critical",
            summary="Worker {{ $labels.WorkerName }} at {{ $labels.instance }} keeps dying",
            remedy="It was started again {{ $value }} times in 15 minutes. A worker that dies "
            "before it has loaded its model is not in these series; tsmon's exporter counts it.",
        ),
        Alert(
            name="TorchServeQueueGrowing",
            expr=f"{queue} unless {QUEUE_TIME} <= {GROWTH:g} * ({QUEUE_TIME} offset 5m)",
            lasts="2m",
            severity="warning",
            summary="Requests to {{ $labels.model_name }} at {{ $labels.instance }} queue longer "
            "and longer",
            remedy="They wait {{ $value | humanizeDuration }} for a worker. `tsmon advise "
            "{{ $labels.model_name }}` says how many workers the rate needs.",
        ),
        Alert(
            name="TorchServeSlow",
            expr=f"{RESPONSE_TIME} > {p95_s:g}",
            lasts="5m",
            severity="warning",
            summary="{{ $labels.model_name }} at {{ $labels.instance }} is slower than its target",
            remedy=f"Its mean is {{{{ $value | humanizeDuration }}}}; the target for p95 is "
            f"{p95_s * 1e3:g} ms. TorchServe exports no percentiles; tsmon's exporter does.",
        ),
        Alert(
            name="TorchServeErrors",
            expr=f"{ERRORS} > {MOST_5XX:g}",
            lasts="2m",
            severity="critical",
            summary="TorchServe at {{ $labels.instance }} answers with errors of its own",
            remedy="{{ $value | humanizePercentage }} of its answers are 5xx; scrapes and health "
            "checks count as answers too. `tsmon doctor` shows why.",
        ),
    )
    return {alert.name: alert for alert in alerts}


_SAME_LIFE = (
    "unless ignoring (WorkerName) resets(Requests2XX[{window}]) > 0"
    " and ignoring (WorkerName, Level, Hostname)"
    f' min_over_time(up{{{{job="{JOB}"}}}}[{{window}}]) == 1'
)
"""A TorchServe that was restarted has new workers of the same names."""


def _cases(alerts: Mapping[str, Alert], p95_s: float) -> tuple[Case, ...]:
    at = 'job="torchserve",instance="ts:8082"'
    target = {"job": JOB, "instance": "ts:8082"}
    host = f'Level="Host",Hostname="h",{at}'
    model = f'model_name="mnist",model_version="default",hostname="h",{at}'
    worker = "W-9000-mnist_1.0"
    load_time = f'WorkerLoadTime{{WorkerName="{worker}",{host}}}'
    answers, up = f"Requests2XX{{{host}}}", f"up{{{at}}}"
    lost = {**target, "WorkerName": worker, "Level": "Host", "Hostname": "h"}
    of_model = {**target, "model_name": "mnist"}
    requests = f"ts_inference_requests_total{{{model}}}"
    queued = f"ts_queue_latency_microseconds{{{model}}}"
    answered = f"ts_inference_latency_microseconds{{{model}}}"
    # A request a second, each of which takes this long.
    slow, fast = p95_s * 2e6, p95_s * 1e5
    return (
        Case(alert=alerts["TorchServeDown"], series={up: "1 0x20"}, at="2m", labels=target),
        Case(alert=alerts["TorchServeDown"], series={up: "1 0 1x20"}, at="3m"),
        Case(
            alert=alerts["TorchServeWithoutMetrics"],
            series={up: "1x40", f"scrape_samples_scraped{{{at}}}": "0x40"},
            at="6m",
            labels=target,
        ),
        Case(
            alert=alerts["TorchServeWithoutMetrics"],
            series={up: "1x40", f"scrape_samples_scraped{{{at}}}": "8x40"},
            at="6m",
        ),
        Case(
            alert=alerts["TorchServeWorkerLost"],
            series={up: "1x40", answers: "0+1x40", load_time: "3306x20 129145x20"},
            at="6m",
            labels=lost,
        ),
        Case(
            alert=alerts["TorchServeWorkerLost"],
            series={up: "1x40", answers: "100+1x20 1+1x20", load_time: "3306x20 3307x20"},
            at="6m",
        ),
        Case(
            alert=alerts["TorchServeWorkerCrashLoop"],
            series={up: "1x60", answers: "0+1x60", load_time: "3306x20 5000+1000x4 9000x35"},
            at="14m",
            labels=lost,
            value="5",
        ),
        Case(
            alert=alerts["TorchServeWorkerCrashLoop"],
            series={up: "1x60", answers: "0+1x60", load_time: "3306x20 129145x40"},
            at="14m",
        ),
        Case(
            alert=alerts["TorchServeQueueGrowing"],
            series={
                requests: "0+15x60",
                queued: f"0+{fast * 15:g}x30 {fast * 450:g}+{slow * 15:g}x30",
            },
            at="12m",
            labels=of_model,
            value=seconds_word(slow / 1e6),
        ),
        Case(
            alert=alerts["TorchServeQueueGrowing"],
            series={requests: "0+15x60", queued: f"0+{slow * 15:g}x60"},
            at="12m",
        ),
        Case(
            alert=alerts["TorchServeSlow"],
            series={requests: "0+15x60", answered: f"0+{slow * 15:g}x60"},
            at="10m",
            labels=of_model,
            value=seconds_word(slow / 1e6),
        ),
        Case(
            alert=alerts["TorchServeSlow"],
            series={requests: "0+15x20 300x40", answered: f"0+{slow * 15:g}x60"},
            at="10m",
        ),
        Case(
            alert=alerts["TorchServeErrors"],
            series={answers: "0+9x60", f"Requests5XX{{{host}}}": "0+1x60"},
            at="8m",
            labels={**target, "Level": "Host", "Hostname": "h"},
            value="10%",
        ),
        Case(
            alert=alerts["TorchServeErrors"],
            series={answers: "0+99x60", f"Requests5XX{{{host}}}": "0+1x60"},
            at="8m",
        ),
    )


def seconds_word(seconds: float) -> str:
    """A duration as Prometheus' humanizeDuration writes those below a minute."""
    return f"{seconds * 1e3:.4g}ms" if seconds < 1 else f"{seconds:.4g}s"
