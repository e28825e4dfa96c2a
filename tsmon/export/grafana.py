"""A dashboard of TorchServe and the exporter, and what has Grafana load it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from tsmon.export.files import ExportFile, json_file, yaml_file
from tsmon.export.targets import JOB

DASHBOARDS = "/var/lib/grafana/dashboards"
"""Where Grafana finds the dashboards, on its own machine."""
UID = "tsmon-torchserve"
SOURCE_UID = "tsmon-prometheus"
WIDTH, HEIGHT = 24, 8
SCHEMA_VERSION = 39
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


class Query(Struct, frozen=True):
    """An expression of a panel, and how its series are called."""

    expr: str
    legend: str = "{{model_name}}"


class Panel(Struct, frozen=True, kw_only=True):
    """A panel, without its place."""

    title: str
    about: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8

    def json(self, number: int, x: int, y: int) -> dict[str, Any]:
        """It as a dashboard has it, at a place."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.about,
            "datasource": _SOURCE,
            "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
            "fieldConfig": {"defaults": {"unit": self.unit, "min": 0}, "overrides": []},
            "options": _OPTIONS[self.kind],
            "targets": [self._target(query, place) for place, query in enumerate(self.queries)],
        }

    @property
    def height(self) -> int:
        """In rows of the grid."""
        return HEIGHT // 2 if self.kind == "stat" else HEIGHT

    def _target(self, query: Query, place: int) -> dict[str, Any]:
        return {
            "refId": chr(ord("A") + place),
            "datasource": _SOURCE,
            "expr": query.expr,
            "legendFormat": query.legend,
            "format": "heatmap" if self.kind == "heatmap" else "time_series",
            "range": self.kind != "stat",
            "instant": self.kind == "stat",
            "editorMode": "code",
        }


_TOOLTIP = {"mode": "multi", "sort": "desc"}
_OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": _TOOLTIP,
    },
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "showPercentChange": False,
        "textMode": "auto",
        "wideLayout": True,
    },
    "heatmap": {
        "calculate": False,
        "cellGap": 1,
        "color": {
            "mode": "scheme",
            "scheme": "Oranges",
            "fill": "dark-orange",
            "exponent": 0.5,
            "steps": 64,
            "reverse": False,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": False},
        "yAxis": {"unit": "s"},
    },
}
_SERVER = 'server=~"$server"'
_MODEL = f'{_SERVER}, model_name=~"$model"'


def _rate(counter: str, labels: str = _MODEL) -> str:
    return f"rate({counter}{{{labels}}}[$__rate_interval])"


def _per_request(microseconds: str) -> str:
    requests = f"sum by (model_name) ({_rate('ts_inference_requests_total')}) > 0"
    return f"sum by (model_name) ({_rate(microseconds)}) / 1e6 / ({requests})"


def _quantile(share: float, part: str) -> str:
    buckets = _rate(f"tsmon_request_{part}_bucket")
    return f"histogram_quantile({share:g}, sum by (le, model_name) ({buckets}))"


def _by_model(gauge: str) -> str:
    return f"sum by (model_name) ({gauge}{{{_MODEL}}})"


_ROWS: dict[str, tuple[Panel, ...]] = {
    "At a glance": (
        Panel(
            title="Servers that answer",
            about="TorchServes whose metrics address Prometheus can scrape.",
            queries=(Query(f'sum(up{{job="{JOB}", {_SERVER}}})', ""),),
            kind="stat",
            width=6,
        ),
        Panel(
            title="Ready workers",
            about="Workers that take requests, and those that are wanted.",
            queries=(
                Query(f'sum(tsmon_model_workers{{{_MODEL}, state="ready"}})', "ready"),
                Query(f"sum(tsmon_model_min_workers{{{_MODEL}}})", "wanted"),
            ),
            kind="stat",
            width=6,
        ),
        Panel(
            title="Requests",
            about="Counted on arrival, refused ones too.",
            queries=(Query(f"sum({_rate('ts_inference_requests_total')})", ""),),
            unit="reqps",
            kind="stat",
            width=6,
        ),
        Panel(
            title="Alerts",
            about="Alerts of the exported rules that are raised now.",
            queries=(
                Query(
                    'count(ALERTS{alertstate="firing", alertname=~"TorchServe.+|Tsmon.+"})'
                    " or vector(0)",
                    "",
                ),
            ),
            kind="stat",
            width=6,
        ),
    ),
    "Requests, as TorchServe counts them": (
        Panel(
            title="Requests by model",
            about="Counted on arrival, refused ones too.",
            queries=(Query(f"sum by (model_name) ({_rate('ts_inference_requests_total')})"),),
            unit="reqps",
        ),
        Panel(
            title="Mean time of a request",
            about="Inference includes the queue; it leaves out failed requests, so it reads low "
            "while requests fail or pile up.",
            queries=(
                Query(
                    _per_request("ts_inference_latency_microseconds"), "{{model_name}} inference"
                ),
                Query(_per_request("ts_queue_latency_microseconds"), "{{model_name}} queue"),
            ),
            unit="s",
        ),
        Panel(
            title="Answers by status",
            about="Of every address; scrapes and health checks count as answers too.",
            queries=tuple(
                Query(f"sum({_rate(f'Requests{status}', _SERVER)}) or vector(0)", status)
                for status in ("2XX", "4XX", "5XX")
            ),
            unit="reqps",
        ),
    ),
    "Requests, as the exporter reads them from the log files": (
        Panel(
            title="Response time: percentiles",
            about="Of requests answered with 2xx, from the server's log files.",
            queries=tuple(
                Query(_quantile(share, "duration_seconds"), f"{{{{model_name}}}} p{share * 100:g}")
                for share in (0.5, 0.95, 0.99)
            ),
            unit="s",
        ),
        Panel(
            title="Response time: all requests",
            about="How many requests had which response time.",
            queries=(
                Query(
                    f"sum by (le) (increase(tsmon_request_duration_seconds_bucket{{{_MODEL}}}"
                    "[$__rate_interval]))",
                    "{{le}}",
                ),
            ),
            kind="heatmap",
        ),
        Panel(
            title="p95 of queue, backend and handler",
            about="Where a slow request spends its time.",
            queries=tuple(
                Query(_quantile(0.95, f"{part}_seconds"), f"{{{{model_name}}}} {part}")
                for part in ("queue", "backend", "handler")
            ),
            unit="s",
        ),
        Panel(
            title="Requests by status",
            about="Requests that ended, by model and status.",
            queries=(
                Query(
                    f"sum by (model_name, code) ({_rate('tsmon_requests_total')})",
                    "{{model_name}} {{code}}",
                ),
            ),
            unit="reqps",
        ),
        Panel(
            title="Job queue",
            about="Requests without a worker yet, and the places for them; when they are taken "
            "TorchServe answers 503.",
            queries=(
                Query(_by_model("tsmon_queue_length"), "{{model_name}} queued"),
                Query(_by_model("tsmon_queue_capacity"), "{{model_name}} places"),
            ),
        ),
        Panel(
            title="Tokens",
            about="Time until a token expires.",
            queries=(
                Query(
                    f"min by (server, key) (tsmon_token_remaining_seconds{{{_SERVER}}})", "{{key}}"
                ),
            ),
            unit="s",
        ),
    ),
    "Workers": (
        Panel(
            title="Workers by state",
            about="What the exporter sees of them.",
            queries=(
                Query(
                    f"sum by (model_name, state) (tsmon_model_workers{{{_MODEL}}}) > 0",
                    "{{model_name}} {{state}}",
                ),
            ),
        ),
        Panel(
            title="Workers that died",
            about="By cause, since the exporter began.",
            queries=(
                Query(
                    f"sum by (model_name, cause) (tsmon_worker_deaths_total{{{_MODEL}}})",
                    "{{model_name}} {{cause}}",
                ),
            ),
        ),
        Panel(
            title="Load time of the workers",
            about="As TorchServe exports it: from the worker's first start, so that it jumps when "
            "the worker is started again.",
            queries=(
                Query(f"max by (WorkerName) (WorkerLoadTime{{{_SERVER}}})", "{{WorkerName}}"),
            ),
            unit="ms",
        ),
        Panel(
            title="Memory of the workers",
            about="Resident set of each; pages that workers share count in each.",
            queries=(
                Query(
                    f"sum by (model_name, worker) (tsmon_worker_resident_memory_bytes{{{_MODEL}}})",
                    "{{model_name}} {{worker}}",
                ),
            ),
            unit="bytes",
        ),
        Panel(
            title="CPU of the workers",
            about="Cores in use, where the exporter runs on the server's machine.",
            queries=(
                Query(
                    f"sum by (model_name, worker) ({_rate('tsmon_worker_cpu_seconds_total')})",
                    "{{model_name}} {{worker}}",
                ),
            ),
        ),
        Panel(
            title="Host",
            about="TorchServe writes these once a minute (metric_time_interval).",
            queries=(
                Query(
                    'max by (server, __name__) ({__name__=~"(Memory|Disk|GPU|GPUMemory)Utilization"'
                    f", {_SERVER}}})",
                    "{{__name__}} {{server}}",
                ),
            ),
            unit="percent",
        ),
    ),
}


def grafana_files(prometheus: str, dashboards: str = DASHBOARDS) -> list[ExportFile]:
    """The files of `tsmon export grafana`; *prometheus* is its URL as Grafana reaches it."""
    source = {
        "name": "Prometheus",
        "uid": SOURCE_UID,
        "type": "prometheus",
        "access": "proxy",
        "url": prometheus,
        "isDefault": True,
    }
    provider = {"name": "tsmon", "type": "file", "options": {"path": dashboards}}
    return [
        json_file("dashboards/torchserve.json", dashboard()),
        yaml_file(
            "provisioning/datasources/tsmon.yml",
            {"apiVersion": 1, "datasources": [source]},
            about="Grafana: conf/provisioning/datasources",
        ),
        yaml_file(
            "provisioning/dashboards/tsmon.yml",
            {"apiVersion": 1, "providers": [provider]},
            about="Grafana: conf/provisioning/dashboards",
        ),
    ]


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana's JSON."""
    return {
        "uid": UID,
        "title": "TorchServe",
        "description": "TorchServe's own metrics and those of tsmon's exporter.",
        "tags": ["torchserve", "tsmon"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "annotations": {"list": []},
        "templating": {"list": [_source_variable(), *_label_variables()]},
        "panels": list(_placed()),
    }


def _source_variable() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
    }


def _label_variables() -> Iterator[dict[str, Any]]:
    of_model = 'ts_inference_requests_total{server=~"$server"}'
    for name, label, series in (("server", "server", "up"), ("model", "model_name", of_model)):
        query = f"label_values({series}, {label})"
        yield {
            "name": name,
            "label": name.capitalize(),
            "type": "query",
            "datasource": _SOURCE,
            "query": query,
            "definition": query,
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            # Matches series without the label as well, as of a configuration of one's own.
            "allValue": ".*",
            "current": {"text": "All", "value": "$__all"},
        }


def _placed() -> Iterator[dict[str, Any]]:
    """The panels in rows, each with its place in a grid of 24 columns."""
    number, y = 1, 0
    for title, panels in _ROWS.items():
        place = {"h": 1, "w": WIDTH, "x": 0, "y": y}
        row = {"type": "row", "title": title, "collapsed": False, "panels": []}
        yield {"id": number, **row, "gridPos": place}
        number, y, x = number + 1, y + 1, 0
        for panel in panels:
            if x + panel.width > WIDTH:
                x, y = 0, y + panel.height
            yield panel.json(number, x, y)
            number, x = number + 1, x + panel.width
        y += panels[-1].height
