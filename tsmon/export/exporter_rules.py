"""The rules that rest on what `tsmon exporter` adds: percentiles, workers, queues, tokens."""

from __future__ import annotations

from collections.abc import Mapping

from tsmon.export.rules import CRASHES, MOST_5XX, Alert, Case, Recording, RuleSet, seconds_word
from tsmon.export.targets import EXPORTER_JOB

P95 = "model:tsmon_request_duration_seconds:p95"
DEATHS = "model:tsmon_worker_deaths:sum"
ERRORS = "model:tsmon_requests_5xx:ratio"
FULL = 0.5
"""Of the job queue; from 1 on TorchServe refuses requests."""
TOKEN_S = 600

_RECORDINGS = (
    Recording(P95, "histogram_quantile(0.95, rate(tsmon_request_duration_seconds_bucket[5m]))"),
    Recording(DEATHS, "sum without (cause) (tsmon_worker_deaths_total)"),
    Recording(
        ERRORS,
        'sum without (code) (rate(tsmon_requests_total{code=~"5.."}[5m]))'
        " / sum without (code) (rate(tsmon_requests_total[5m]))",
    ),
)
_MODEL = "{{ $labels.model_name }} {{ $labels.model_version }} at {{ $labels.instance }}"


def exporter_rules(p95_s: float) -> RuleSet:
    """The rules on the exporter's series."""
    alerts = _alerts(p95_s)
    return RuleSet("tsmon", _RECORDINGS, tuple(alerts.values()), _cases(alerts, p95_s))


def _alerts(p95_s: float) -> dict[str, Alert]:
    alerts = (*_of_models(p95_s), *_of_servers())
    return {alert.name: alert for alert in alerts}


def _of_models(p95_s: float) -> tuple[Alert, ...]:
    return (
        Alert(
            name="TorchServeWorkersMissing",
            expr="tsmon_model_min_workers"
            ' - ignoring (state) tsmon_model_workers{state="ready"} > 0',
            lasts="2m",
            severity="critical",
            summary=f"{_MODEL} has too few workers",
            remedy="{{ $value }} of its min workers are not ready. `tsmon describe "
            "{{ $labels.model_name }}` says how they are, and why.",
        ),
        Alert(
            name="TorchServeWorkerStuck",
            expr='tsmon_model_workers{state=~"stuck|given_up"} > 0',
            lasts="1m",
            severity="critical",
            summary=f"{_MODEL} has workers that are {{{{ $labels.state }}}}",
            remedy="They do not come back by themselves: `tsmon restart {{ $labels.model_name }}`.",
        ),
        Alert(
            name="TorchServeModelCrashLoop",
            # A cause that is new has no earlier value, and rate() would miss its first death.
            expr=f"{DEATHS} - ({DEATHS} offset 15m or 0 * {DEATHS}) >= {CRASHES}",
            lasts="0m",
            severity="critical",
            summary=f"Workers of {_MODEL} keep dying",
            remedy="{{ $value }} died in 15 minutes; tsmon_worker_deaths_total has the causes.",
        ),
        Alert(
            name="TorchServeQueueFilling",
            expr=f"tsmon_queue_length / tsmon_queue_capacity > {FULL:g}",
            lasts="1m",
            severity="warning",
            summary=f"The job queue of {_MODEL} fills",
            remedy="{{ $value | humanizePercentage }} of its places are taken; when it is full "
            "TorchServe answers 503. `tsmon advise {{ $labels.model_name }}` says how many workers "
            "the rate needs.",
        ),
        Alert(
            name="TorchServeP95OverTarget",
            expr=f"{P95} > {p95_s:g}",
            lasts="2m",
            severity="warning",
            summary=f"{_MODEL} is slower than its target",
            remedy="p95 of the last 5 minutes is {{ $value | humanizeDuration }}; the target is "
            f"{p95_s * 1e3:g} ms.",
        ),
        Alert(
            name="TorchServeModelErrors",
            expr=f"{ERRORS} > {MOST_5XX:g}",
            lasts="2m",
            severity="critical",
            summary=f"Requests to {_MODEL} fail",
            remedy="{{ $value | humanizePercentage }} of them are answered with 5xx. "
            "`tsmon doctor` shows why.",
        ),
    )


def _of_servers() -> tuple[Alert, ...]:
    return (
        Alert(
            name="TorchServeTokenExpiring",
            expr=f"tsmon_token_remaining_seconds < {TOKEN_S}",
            lasts="1m",
            severity="warning",
            summary="The {{ $labels.key }} token at {{ $labels.instance }} is about to expire",
            remedy="It has {{ $value | humanizeDuration }} left, after which TorchServe refuses "
            "requests: `tsmon token refresh`.",
        ),
        Alert(
            name="TsmonServerUnread",
            expr='tsmon_server_state{state!="up"} == 1',
            lasts="2m",
            severity="warning",
            summary="The exporter at {{ $labels.instance }} cannot read its TorchServe: "
            "{{ $labels.state }}",
            remedy="Alerts about models, workers and queues have nothing to go by meanwhile. "
            "`tsmon doctor` shows why.",
        ),
        Alert(
            name="TsmonExporterDown",
            expr=f'up{{job="{EXPORTER_JOB}"}} == 0',
            lasts="2m",
            severity="warning",
            summary="The exporter at {{ $labels.instance }} does not answer",
            remedy="Alerts about percentiles, workers, queues and tokens have nothing to go by.",
        ),
    )


def _cases(alerts: Mapping[str, Alert], p95_s: float) -> tuple[Case, ...]:
    at = f'job="{EXPORTER_JOB}",instance="ts:10082"'
    target = {"job": EXPORTER_JOB, "instance": "ts:10082"}
    model = f'model_name="mnist",model_version="1.0",{at}'
    of_model = {**target, "model_name": "mnist", "model_version": "1.0"}
    wanted, length = f"tsmon_model_min_workers{{{model}}}", f"tsmon_queue_length{{{model}}}"
    ready = f'tsmon_model_workers{{{model},state="ready"}}'
    given_up = f'tsmon_model_workers{{{model},state="given_up"}}'
    deaths = f'tsmon_worker_deaths_total{{{model},cause="%s"}}'
    answered, failed = (f'tsmon_requests_total{{{model},code="{code}"}}' for code in (200, 503))
    token = f'tsmon_token_remaining_seconds{{{at},key="inference"}}'
    fast, slow, most = (
        f'tsmon_request_duration_seconds_bucket{{{model},le="{bound}"}}'
        for bound in (f"{p95_s:g}", f"{2 * p95_s:g}", "+Inf")
    )
    return (
        Case(
            alert=alerts["TorchServeWorkersMissing"],
            series={wanted: "2x40", ready: "2x8 1x31"},
            at="6m",
            labels=of_model,
            value="1",
        ),
        Case(
            alert=alerts["TorchServeWorkersMissing"],
            series={wanted: "2x40", ready: "1x4 2x35"},
            at="6m",
        ),
        Case(
            alert=alerts["TorchServeWorkerStuck"],
            series={given_up: "0x8 1x31"},
            at="6m",
            labels={**of_model, "state": "given_up"},
        ),
        Case(
            alert=alerts["TorchServeModelCrashLoop"],
            series={
                deaths % "unknown_cause": "0x100",
                deaths % "out_of_memory": "_x70 1x4 2x4 3x20",
            },
            at="21m",
            labels=of_model,
            value="3",
        ),
        Case(
            alert=alerts["TorchServeModelCrashLoop"],
            series={deaths % "out_of_memory": "7x100"},
            at="21m",
        ),
        Case(
            alert=alerts["TorchServeQueueFilling"],
            series={length: "60x40", f"tsmon_queue_capacity{{{model}}}": "100x40"},
            at="6m",
            labels=of_model,
            value="60%",
        ),
        Case(
            alert=alerts["TorchServeQueueFilling"],
            series={length: "40x40", f"tsmon_queue_capacity{{{model}}}": "100x40"},
            at="6m",
        ),
        Case(
            # Half of the requests are slow: 19 in 20 take less than 1.9 times the target.
            alert=alerts["TorchServeP95OverTarget"],
            series={fast: "0+10x60", slow: "0+20x60", most: "0+20x60"},
            at="10m",
            labels=of_model,
            value=seconds_word(1.9 * p95_s),
        ),
        Case(
            alert=alerts["TorchServeP95OverTarget"],
            series={fast: "0+199x60", slow: "0+200x60", most: "0+200x60"},
            at="10m",
        ),
        Case(
            alert=alerts["TorchServeModelErrors"],
            series={answered: "0+9x60", failed: "0+1x60"},
            at="10m",
            labels=of_model,
            value="10%",
        ),
        Case(
            alert=alerts["TorchServeModelErrors"],
            series={answered: "0+99x60", failed: "0+1x60"},
            at="10m",
        ),
        Case(
            alert=alerts["TorchServeTokenExpiring"],
            series={token: "600-15x40"},
            at="5m",
            labels={**target, "key": "inference"},
            value="5m 0s",
        ),
        Case(alert=alerts["TorchServeTokenExpiring"], series={token: "3600-15x40"}, at="5m"),
        Case(
            alert=alerts["TsmonServerUnread"],
            series={
                f'tsmon_server_state{{{at},state="up"}}': "1x4 0x30",
                f'tsmon_server_state{{{at},state="away"}}': "0x4 1x30",
            },
            at="6m",
            labels={**target, "state": "away"},
        ),
        Case(
            alert=alerts["TsmonExporterDown"],
            series={f"up{{{at}}}": "1x4 0x30"},
            at="6m",
            labels=target,
        ),
    )
