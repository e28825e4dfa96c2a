from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doctor.made import config, facts, java, machine, only, remote, severity
from tsmon.doctor.checks import configuration as checks
from tsmon.doctor.checks.named_files import certificates, files
from tsmon.doctor.checks.startup_models import startup_models
from tsmon.doctor.facts import ConfigFacts
from tsmon.doctor.findings import Severity

ALL = (
    *(checks.keys, checks.values, checks.features, checks.exposure, checks.snapshots),
    *(checks.environment, startup_models, files, certificates),
)


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


def test_a_setting_that_is_there_twice_is_named() -> None:
    finding = only(
        checks.keys, facts(config=config({"job_queue_size": "2"}, doubled=("job_queue_size",)))
    )

    assert finding.severity is Severity.WARNING
    assert finding.title == "job_queue_size is set more than once; the last line of it holds"
    assert "job_queue_size='2'" in finding.evidence


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ({"enable_envvars_config": "true"}, "variables of the environment win over the file"),
        ({}, "TorchServe ignores TS_JOB_QUEUE_SIZE in the environment of the server"),
    ],
)
def test_variables_win_or_are_ignored(settings: dict[str, str], title: str) -> None:
    made = config(settings, variables={"job_queue_size": "TS_JOB_QUEUE_SIZE"})

    finding = only(checks.environment, facts(config=made))

    assert (finding.severity, finding.title) == (Severity.NOTE, title)


def test_a_variable_that_the_file_names_and_that_does_not_exist() -> None:
    finding = only(checks.environment, facts(config=config({"model_store": "$$STORE$$/a"})))

    assert finding.severity is Severity.ERROR
    assert "has no STORE" in finding.title


def test_a_missing_file_is_an_error_where_the_server_runs_here_alone() -> None:
    made = config({}, missing={"keystore": Path("/srv/keys.p12")})

    assert severity(files, facts(config=made)) is Severity.ERROR
    assert severity(files, facts(config=made, machine=remote())) is Severity.NOTE


def test_plugins_are_mentioned() -> None:
    finding = only(files, facts(config=config({"plugins_path": "/srv/plugins"})))

    assert (finding.severity, "plug-ins" in finding.title) == (Severity.NOTE, True)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, Severity.WARNING),
        ({"certificate_file": "/a"}, Severity.WARNING),
        ({"certificate_file": "/a", "private_key_file": "/b"}, Severity.OK),
        ({"keystore": "/a"}, Severity.WARNING),
        ({"keystore": "/a", "keystore_pass": "secret"}, Severity.OK),
    ],
)
def test_certificates(settings: dict[str, str], expected: Severity) -> None:
    made = config({"management_address": "https://0.0.0.0:8444", **settings})

    assert severity(certificates, facts(config=made)) is expected


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
    finding = only(checks.snapshots, facts(config=config({"model_snapshot": "{}"})))

    assert finding.severity is Severity.NOTE
    assert "without it none of them is loaded" in finding.remedy


def test_snapshots_that_wait_for_the_next_start() -> None:
    waiting = config(snapshots=Path("/srv/logs/config/20261122-shutdown.cfg"))
    with_snapshots = machine(server=java(command=("java",)))

    made = facts(config=waiting, machine=with_snapshots)

    assert severity(checks.snapshots, made) is Severity.NOTE
