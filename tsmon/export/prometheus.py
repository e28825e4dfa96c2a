"""The configuration of a Prometheus that scrapes TorchServe and the exporter, and its rules."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tsmon.export.exporter_rules import exporter_rules
from tsmon.export.files import ExportFile, json_file, yaml_file
from tsmon.export.rules import RuleSet, torchserve_rules
from tsmon.export.targets import EXPORTER_JOB, JOB, ScrapeTarget, by_settings

RULES = "rules"
TARGETS = "targets"


class Plan(Struct, frozen=True, kw_only=True):
    """What an export is about."""

    targets: tuple[ScrapeTarget, ...]
    exporters: tuple[ScrapeTarget, ...]
    """One for each of them."""
    interval_s: int = 15
    p95_ms: float = 500.0
    alertmanagers: tuple[str, ...] = ()
    file_sd: bool = False

    @property
    def interval(self) -> str:
        """Between two scrapes, as Prometheus writes it."""
        return f"{self.interval_s}s"

    @property
    def window(self) -> str:
        """What rates are taken over: long enough to have several scrapes in it."""
        return f"{max(4 * self.interval_s, 60)}s"

    @property
    def rule_sets(self) -> tuple[RuleSet, ...]:
        """What is recorded and reported, a file each."""
        p95_s = self.p95_ms / 1e3
        return torchserve_rules(p95_s, self.window), exporter_rules(p95_s)


def prometheus_files(plan: Plan) -> list[ExportFile]:
    """The files of `tsmon export prometheus`."""
    files = [yaml_file("prometheus.yml", _configuration(plan), about="prometheus --config.file=")]
    if plan.file_sd:
        files += [json_file(name, groups) for name, groups in _target_files(plan)]
    for rules in plan.rule_sets:
        name = f"{rules.name}.yml"
        files.append(
            yaml_file(f"{RULES}/{name}", rules.rules, about=f"promtool check rules {name}")
        )
        tests = rules.tests(f"../{RULES}/{name}")
        files.append(yaml_file(f"tests/{name}", tests, about=f"promtool test rules {name}"))
    return [*files, ExportFile("tsmon-exporter.service", _UNIT)]


def _configuration(plan: Plan) -> dict[str, Any]:
    alerting = {"alertmanagers": [{"static_configs": [{"targets": list(plan.alertmanagers)}]}]}
    return {
        "global": {"scrape_interval": plan.interval, "evaluation_interval": plan.interval},
        **({"alerting": alerting} if plan.alertmanagers else {}),
        "rule_files": [f"{RULES}/*.yml"],
        "scrape_configs": [*_jobs(plan), _exporter_job(plan)],
    }


def _jobs(plan: Plan) -> list[dict[str, Any]]:
    """A job for all targets that are reached in the same way."""
    jobs: list[dict[str, Any]] = []
    for number, (settings, targets) in enumerate(by_settings(plan.targets), 1):
        discovered: dict[str, Any] = {"static_configs": _groups(targets, number)}
        if plan.file_sd:
            discovered = {"file_sd_configs": [{"files": [_target_file(number)]}]}
        jobs.append({"job_name": _job_name(number), **settings, **discovered})
    return jobs


def _target_files(plan: Plan) -> list[tuple[str, list[dict[str, Any]]]]:
    return [
        (_target_file(number), _groups(targets, number))
        for number, (_, targets) in enumerate(by_settings(plan.targets), 1)
    ]


def _target_file(number: int) -> str:
    return f"{TARGETS}/{_job_name(number)}.json"


def _job_name(number: int) -> str:
    return JOB if number == 1 else f"{JOB}-{number}"


def _groups(targets: list[ScrapeTarget], number: int) -> list[dict[str, Any]]:
    """The targets as Prometheus lists them; those of any job have the label of the first."""
    groups = [target.group for target in targets]
    if number == 1:
        return groups
    return [{**group, "labels": {**group["labels"], "job": JOB}} for group in groups]


def _exporter_job(plan: Plan) -> dict[str, Any]:
    groups = [target.group for target in plan.exporters]
    return {"job_name": EXPORTER_JOB, "static_configs": groups}


_UNIT = """\
# Copy it to /etc/systemd/system, then: systemctl enable --now tsmon-exporter
[Unit]
Description=tsmon exporter: what TorchServe does not export by itself
Wants=network-online.target
After=network-online.target

[Service]
# A user who may read TorchServe's logs and its key_file.json.
#User=torchserve
# With the whole path of tsmon, unless it is in /usr/local/bin or /usr/bin.
ExecStart=/usr/bin/env tsmon exporter
Restart=on-failure
RestartSec=5
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=read-only

[Install]
WantedBy=multi-user.target
"""
