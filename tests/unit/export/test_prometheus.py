"""The configuration and rules, judged by Prometheus' own tool."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.export.conftest import Promtool
from tsmon.config.schema import ServerSettings
from tsmon.export.files import write
from tsmon.export.prometheus import Plan, prometheus_files
from tsmon.export.targets import ScrapeTarget, exporters_beside, scrape_target

ONE = ScrapeTarget("ts:8082", "prod")
TLS = ScrapeTarget(
    "ts:443", "edge", "edge", "https", "/ts/metrics", {"tls_config": {"ca_file": "ca.pem"}}
)


def plan(*targets: ScrapeTarget, **settings: Any) -> Plan:
    return Plan(targets=targets, exporters=exporters_beside(targets), **settings)


def loaded(files: Path, name: str) -> Any:
    return yaml.safe_load((files / name).read_text())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"interval_s": 60, "p95_ms": 33},
        {"interval_s": 1, "p95_ms": 2500, "alertmanagers": ("am:9093",), "file_sd": True},
    ],
    ids=["defaults", "seldom and fast", "often and slow"],
)
def test_promtool_accepts_all_of_it(
    promtool: Promtool, tmp_path: Path, settings: dict[str, Any]
) -> None:
    (tmp_path / "ca.pem").touch()
    write(tmp_path, prometheus_files(plan(ONE, TLS, **settings)), force=False)

    assert "is valid" in promtool("check", "config", tmp_path / "prometheus.yml")
    promtool("test", "rules", *(tmp_path / "tests").glob("*.yml"))


def test_every_alert_is_tested_with_series_that_raise_it() -> None:
    for rules in plan(ONE).rule_sets:
        raised = {case.alert.name for case in rules.cases if case.labels is not None}
        assert raised == {alert.name for alert in rules.alerts}


def test_alerts_on_torchserve_itself_ask_for_no_series_of_the_exporter() -> None:
    of_torchserve, of_exporter = plan(ONE).rule_sets

    assert not [rule for rule in of_torchserve.alerts if "tsmon_" in rule.expr]
    assert [rule for rule in of_exporter.alerts if "tsmon_" in rule.expr]


def test_targets_that_are_reached_alike_share_a_job_and_all_have_its_label(tmp_path: Path) -> None:
    write(tmp_path, prometheus_files(plan(ONE, TLS, ScrapeTarget("b:8082"))), force=False)
    plain, encrypted, exporter = loaded(tmp_path, "prometheus.yml")["scrape_configs"]

    assert plain["static_configs"] == [
        {"targets": ["ts:8082"], "labels": {"server": "prod"}},
        {"targets": ["b:8082"], "labels": {"server": "b:8082"}},
    ]
    assert encrypted["metrics_path"] == "/ts/metrics"
    assert encrypted["static_configs"][0]["labels"] == {"server": "edge", "job": "torchserve"}
    assert [group["targets"] for group in exporter["static_configs"]] == [
        ["ts:10082"],
        ["ts:10083"],
        ["b:10082"],
    ]


def test_file_sd_names_the_same_targets_in_a_file(tmp_path: Path) -> None:
    write(tmp_path, prometheus_files(plan(ONE, file_sd=True)), force=False)

    (job, _) = loaded(tmp_path, "prometheus.yml")["scrape_configs"]
    assert job["file_sd_configs"] == [{"files": ["targets/torchserve.json"]}]
    assert loaded(tmp_path, "targets/torchserve.json") == [ONE.group]


def test_settings_of_a_server_become_those_of_its_job() -> None:
    target = scrape_target(
        ServerSettings(
            url="https://[::1]:9444/ts",
            ca_file=Path("/ca.pem"),
            client_cert=Path("/client.pem"),
            bearer_file=Path("/token"),
            proxy="http://proxy:3128",
        ),
        "edge",
    )

    assert target is not None
    assert target.address == "[::1]:9444"
    assert target.job_settings == {
        "scheme": "https",
        "metrics_path": "/ts/metrics",
        "tls_config": {
            "ca_file": "/ca.pem",
            "cert_file": "/client.pem",
            "key_file": "/client.pem",
        },
        "authorization": {"credentials_file": "/token"},
        "proxy_url": "http://proxy:3128",
    }


def test_a_socket_is_no_target() -> None:
    assert scrape_target(ServerSettings(url="unix:/run/ts.sock")) is None


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no `systemd-analyze` on PATH")
    write(tmp_path, prometheus_files(plan(ONE)), force=False)

    command = ["systemd-analyze", "verify", str(tmp_path / "tsmon-exporter.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # What else it says is about other units of this machine.
    assert "tsmon-exporter" not in done.stderr
