from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doctor.made import config, facts, found, java, machine, only, remote, severity
from tsmon.doctor.checks import configuration as checks
from tsmon.doctor.facts import ConfigFacts
from tsmon.doctor.findings import Severity

ALL = (checks.keys, checks.values, checks.features, checks.exposure, checks.snapshots)


@pytest.mark.parametrize("examine", ALL)
def test_a_good_file_is_well(examine: object) -> None:
    assert severity(examine, facts()) is Severity.OK


@pytest.mark.parametrize("examine", ALL)
def test_without_a_file_the_reason_is_told(examine: object) -> None:
    nothing = facts(config=ConfigFacts(problem="no config.properties is known"), machine=remote())

    assert only(examine, nothing).title == "not checked: no config.properties is known"


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("enable_modl_api", "did you mean enable_model_api?"),
        ("min_workers_please", "remove the line"),
    ],
)
def test_an_unknown_setting_gets_the_nearest_known_one(key: str, remedy: str) -> None:
    finding = only(checks.keys, facts(config=config({key: "1"})))

    assert finding.severity is Severity.WARNING
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("job_queue_size", "100", Severity.OK),
        ("job_queue_size", "100 ", Severity.ERROR),
        ("job_queue_size", "0", Severity.ERROR),
        ("default_response_timeout", "0", Severity.ERROR),
        ("grpc_inference_port", "70000", Severity.ERROR),
        ("enable_model_api", "yes", Severity.WARNING),
        ("enable_model_api", "True", Severity.OK),
        ("metrics_mode", "promethius", Severity.WARNING),
        ("metrics_mode", " Prometheus", Severity.OK),
        ("token_expiration_min", "1.5", Severity.OK),
        ("token_expiration_min", "an hour", Severity.WARNING),
        ("inference_address", "127.0.0.1:8080", Severity.ERROR),
        ("inference_address", "https://[::1]:8443", Severity.OK),
        ("metrics_address", "unix:/tmp/metrics.sock", Severity.OK),
        ("job_queue_size", "$$QUEUE$$", Severity.OK),
        ("models", '{"mnist": {"1.0": {}}}', Severity.OK),
        ("models", "{", Severity.ERROR),
        ("models", "[]", Severity.ERROR),
    ],
)
def test_values(key: str, value: str, expected: Severity) -> None:
    assert severity(checks.values, facts(config=config({key: value}))) is expected


def test_a_blank_at_the_end_of_a_number_is_named() -> None:
    finding = only(checks.values, facts(config=config({"job_queue_size": "100 "})))

    assert "ends in a space" in finding.title


def test_missing_features_get_their_lines() -> None:
    finding = only(checks.features, facts(config=config({})))

    assert finding.severity is Severity.NOTE
    assert "metrics_mode=prometheus and enable_model_api=true" in finding.remedy


def test_the_command_line_counts_for_the_model_api() -> None:
    told = machine(server=java(command=("java", "--enable-model-api")))
    made = facts(config=config({"metrics_mode": "log"}), machine=told)

    assert severity(checks.features, made) is Severity.OK


def test_an_environment_that_wins_is_mentioned() -> None:
    made = facts(config=config({"enable_envvars_config": "true"}))

    assert "TS_" in found(checks.features, made)[0].title


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"management_address": "http://0.0.0.0:8081", "disable_token_authorization": "true"},
            Severity.ERROR,
        ),
        ({"management_address": "http://0.0.0.0:8081"}, Severity.OK),
        ({"disable_token_authorization": "true"}, Severity.OK),
        ({"inference_address": "http://127.0.0.1:8081"}, Severity.WARNING),
    ],
)
def test_exposure(settings: dict[str, str], expected: Severity) -> None:
    assert severity(checks.exposure, facts(config=config(settings))) is expected


def test_tokens_switched_off_on_the_command_line_count() -> None:
    told = machine(server=java(command=("java", "--disable-token-auth")))
    made = facts(config=config({"inference_address": "http://0.0.0.0:80"}), machine=told)

    assert severity(checks.exposure, made) is Severity.ERROR


def test_a_server_that_runs_from_a_snapshot() -> None:
    snapshot = config(path=Path("/srv/logs/config/20261122-startup.cfg"))

    assert "--ncs" in only(checks.snapshots, facts(config=snapshot)).remedy


def test_a_file_that_is_a_snapshot() -> None:
    made = facts(config=config({"model_snapshot": "{}"}))

    assert severity(checks.snapshots, made) is Severity.WARNING


def test_snapshots_that_wait_for_the_next_start() -> None:
    waiting = config(snapshots=Path("/srv/logs/config/20261122-shutdown.cfg"))
    with_snapshots = machine(server=java(command=("java",)))

    made = facts(config=waiting, machine=with_snapshots)

    assert severity(checks.snapshots, made) is Severity.NOTE
