"""The Compose project and the manifests: what they mount and name is there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.export.conftest import Promtool
from tsmon.export.compose import compose_files
from tsmon.export.files import write
from tsmon.export.kubernetes import ClusterPlan, kubernetes_files
from tsmon.export.prometheus import Plan
from tsmon.serving.properties import parse


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, compose_files("./models", "tsmon", 15, 500), force=False)
    return tmp_path


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    plan = ClusterPlan(
        models=("mnist", 'o"ther'),
        namespace="ml",
        image="registry/tsmon:1",
        most_pods=3,
        prometheus="http://prometheus.monitoring.svc:9090/path",
        rules=Plan(targets=(), exporters=(), p95_ms=200),
    )
    write(tmp_path, kubernetes_files(plan), force=False)
    return tmp_path


def documents(file: Path) -> dict[str, Any]:
    """The documents of a file by their kind and name."""
    return {
        f"{each['kind']} {each['metadata']['name']}": each
        for each in yaml.safe_load_all(file.read_text())
    }


def test_compose_mounts_what_was_written(project: Path) -> None:
    services = yaml.safe_load((project / "compose.yaml").read_text())["services"]
    sources = {mount.split(":")[0] for each in services.values() for mount in each["volumes"]}

    mounted = {source for source in sources if source.startswith("./")} - {"./models"}
    assert mounted == {
        "./config.properties",
        "./prometheus",
        "./grafana/provisioning",
        "./grafana/dashboards",
    }
    assert all((project / source).exists() for source in mounted)


def test_compose_publishes_ports_to_this_machine_alone(project: Path) -> None:
    services = yaml.safe_load((project / "compose.yaml").read_text())["services"]

    ports = [port for each in services.values() for port in each["ports"]]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_docker_accepts_the_project(project: Path) -> None:
    here = shutil.which("docker") and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False
    )
    if not here or here.returncode:
        pytest.skip("no `docker compose`; Debian and Ubuntu: apt-get install docker-compose-plugin")

    command = ["docker", "compose", "--file", str(project / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_its_prometheus_scrapes_the_two_services(project: Path, promtool: Promtool) -> None:
    promtool("check", "config", project / "prometheus" / "prometheus.yml")
    jobs = yaml.safe_load((project / "prometheus/prometheus.yml").read_text())["scrape_configs"]

    assert [job["static_configs"] for job in jobs] == [
        [{"targets": ["torchserve:8082"], "labels": {"server": "torchserve"}}],
        [{"targets": ["exporter:10082"], "labels": {"server": "torchserve"}}],
    ]


def test_kubectl_builds_the_manifests(manifests: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("no `kubectl` on PATH; Debian: apt-get install kubernetes-client")
    command = ["kubectl", "kustomize", str(manifests)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    built = list(yaml.safe_load_all(done.stdout))
    assert {each["metadata"]["namespace"] for each in built} == {"ml"}
    assert "ServiceMonitor" in {each["kind"] for each in built}


def test_what_is_monitored_is_a_port_of_the_service(manifests: Path) -> None:
    service = documents(manifests / "torchserve.yaml")["Service torchserve"]["spec"]
    monitor = documents(manifests / "monitoring.yaml")["ServiceMonitor torchserve"]["spec"]

    ports = {port["name"] for port in service["ports"]}
    assert {endpoint["interval"] for endpoint in monitor["endpoints"]} == {"15s"}
    assert {endpoint["port"] for endpoint in monitor["endpoints"]} <= ports
    assert "management" not in ports


def test_the_management_api_is_for_the_pod_alone(manifests: Path) -> None:
    config = documents(manifests / "torchserve.yaml")["ConfigMap torchserve"]["data"]
    settings = parse(config["config.properties"])

    assert settings["management_address"] == "http://127.0.0.1:8081"
    assert settings["grpc_management_address"] == "127.0.0.1"
    assert settings["load_models"] == 'mnist=mnist.mar,o"ther=o"ther.mar'
    assert settings["metrics_mode"] == "prometheus"


def test_pods_are_scaled_by_rates_that_fall_when_the_queue_does(
    manifests: Path, promtool: Promtool, tmp_path: Path
) -> None:
    scaled = documents(manifests / "keda.yaml")["ScaledObject torchserve"]["spec"]
    query, other = (trigger["metadata"]["query"] for trigger in scaled["triggers"])
    recorded = [{"record": "queue:s", "expr": query}, {"record": "other:s", "expr": other}]
    rules = {"groups": [{"name": "scaling", "rules": recorded}]}
    (tmp_path / "scaling.yml").write_text(yaml.safe_dump(rules))
    labels = 'namespace="ml",model_name="mnist",pod="%s"'
    values = {
        "ts_inference_requests_total": "0+10x20 200x40",
        # A second each for five minutes, and nothing after it.
        "ts_queue_latency_microseconds": f"0+{10e6:.0f}x20 {200e6:.0f}x40",
    }
    tests = {
        "rule_files": ["scaling.yml"],
        "tests": [
            {
                "interval": "15s",
                "input_series": [
                    {"series": f"{name}{{{labels % pod}}}", "values": text}
                    for name, text in values.items()
                    for pod in ("a", "b")
                ],
                "promql_expr_test": [
                    _expected(query, at, value) for at, value in (("4m", 1), ("10m", 0))
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(tests))

    promtool("test", "rules", tmp_path / "test.yml")


def _expected(query: str, at: str, value: float) -> dict[str, Any]:
    return {"expr": query, "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}


def test_both_ways_of_scaling_have_the_same_threshold(manifests: Path) -> None:
    scaled = documents(manifests / "keda.yaml")["ScaledObject torchserve"]["spec"]
    autoscaler = documents(manifests / "hpa.yaml")["HorizontalPodAutoscaler torchserve"]["spec"]

    assert {each["metadata"]["threshold"] for each in scaled["triggers"]} == {"0.1"}
    assert {each["external"]["target"]["value"] for each in autoscaler["metrics"]} == {"100m"}
    adapter = yaml.safe_load((manifests / "prometheus-adapter-values.yaml").read_text())
    assert adapter["prometheus"] == {
        "url": "http://prometheus.monitoring.svc",
        "port": 9090,
        "path": "/path",
    }
