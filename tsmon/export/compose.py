"""A Docker Compose project: TorchServe, the exporter, Prometheus and Grafana."""

from __future__ import annotations

from typing import Any

from tsmon.export.files import ExportFile, yaml_file
from tsmon.export.grafana import DASHBOARDS, grafana_files
from tsmon.export.prometheus import Plan, prometheus_files
from tsmon.export.targets import EXPORTER_PORT, ScrapeTarget
from tsmon.serving.image import DEFAULT_IMAGE, HOME, MODEL_STORE
from tsmon.serving.ports import LOOPBACK, Ports
from tsmon.serving.properties import render_pair

PROMETHEUS_IMAGE = "prom/prometheus:v3.5.0"
GRAFANA_IMAGE = "grafana/grafana:12.1.0"
TORCHSERVE = "torchserve"
TEMP = f"{HOME}/tmp"  # noqa: S108 (inside the container)
"""The image's own folder for what is written, and so its user's, in a new volume too."""
LOGS = f"{TEMP}/logs"
CONFIG = f"{HOME}/config.properties"
EVERYWHERE = "0.0.0.0"  # noqa: S104 (inside the container)
_PORTS = Ports()
_WHY_OPEN = "Without tokens, so its ports are published on the loopback address alone."


def compose_files(models: str, image: str, interval_s: int, p95_ms: float) -> list[ExportFile]:
    """The files of `tsmon export compose`.

    *models* is the folder of the archives, *image* that of tsmon.
    """
    scraped = ScrapeTarget(f"{TORCHSERVE}:{_PORTS.metrics}", TORCHSERVE)
    exporter = ScrapeTarget(f"exporter:{EXPORTER_PORT}", TORCHSERVE)
    plan = Plan(targets=(scraped,), exporters=(exporter,), interval_s=interval_s, p95_ms=p95_ms)
    return [
        yaml_file("compose.yaml", _project(models, image), about="docker compose up"),
        ExportFile("config.properties", torchserve_properties(EVERYWHERE, _WHY_OPEN)),
        *_below("prometheus", prometheus_files(plan), without="tsmon-exporter.service"),
        *_below("grafana", grafana_files("http://prometheus:9090")),
    ]


def torchserve_properties(management: str, why: str, **more: str) -> str:
    """The configuration of a TorchServe in a container; *management* is where that API listens."""
    settings = {
        "inference_address": f"http://{EVERYWHERE}:{_PORTS.inference}",
        "management_address": f"http://{management}:{_PORTS.management}",
        "metrics_address": f"http://{EVERYWHERE}:{_PORTS.metrics}",
        "grpc_inference_address": EVERYWHERE,
        "grpc_management_address": management,
        "model_store": MODEL_STORE,
        "enable_model_api": "true",
        "metrics_mode": "prometheus",
        "default_workers_per_model": "1",
        **more,
    }
    pairs = (render_pair(key, value) for key, value in settings.items())
    return "\n".join((f"# {why}", *pairs)) + "\n"


def log_variables() -> dict[str, str]:
    """Where TorchServe writes its log files."""
    return {"TEMP": TEMP, "LOG_LOCATION": LOGS, "METRICS_LOCATION": LOGS}


def _below(folder: str, files: list[ExportFile], without: str = "") -> list[ExportFile]:
    return [ExportFile(f"{folder}/{path}", text) for path, text in files if path != without]


def _project(models: str, image: str) -> dict[str, Any]:
    services: dict[str, dict[str, Any]] = {
        TORCHSERVE: {
            "image": DEFAULT_IMAGE,
            "environment": {**log_variables(), "OMP_NUM_THREADS": "1"},
            "ports": [_published(port) for port in (8080, 8081, 8082)],
            "volumes": [
                f"{models}:{MODEL_STORE}",
                f"./config.properties:{CONFIG}:ro",
                f"logs:{TEMP}",
            ],
        },
        "exporter": {
            "image": image,
            "command": exporter_command(f"http://{TORCHSERVE}:{_PORTS.management}"),
            "ports": [_published(EXPORTER_PORT)],
            "volumes": [f"logs:{TEMP}:ro"],
            "depends_on": [TORCHSERVE],
        },
        "prometheus": {
            "image": PROMETHEUS_IMAGE,
            "ports": [_published(9090)],
            "volumes": ["./prometheus:/etc/prometheus:ro", "prometheus:/prometheus"],
        },
        "grafana": {
            "image": GRAFANA_IMAGE,
            "environment": {
                "GF_AUTH_ANONYMOUS_ENABLED": "true",
                "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": f"{DASHBOARDS}/torchserve.json",
            },
            "ports": [_published(3000)],
            "volumes": [
                "./grafana/provisioning:/etc/grafana/provisioning:ro",
                f"./grafana/dashboards:{DASHBOARDS}:ro",
                "grafana:/var/lib/grafana",
            ],
            "depends_on": ["prometheus"],
        },
    }
    restarted = {
        name: {**service, "restart": "unless-stopped"} for name, service in services.items()
    }
    return {
        "name": "torchserve",
        "services": restarted,
        "volumes": {"logs": {}, "prometheus": {}, "grafana": {}},
    }


def exporter_command(server: str) -> list[str]:
    """The arguments of tsmon's image beside a TorchServe."""
    address = ["--listen", EVERYWHERE, "--port", str(EXPORTER_PORT)]
    return ["exporter", *address, "--server", server, "--logs", LOGS, "--log-zone", "UTC"]


def _published(port: int) -> str:
    return f"{LOOPBACK}:{port}:{port}"
