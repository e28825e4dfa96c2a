from __future__ import annotations

import pytest

from tests.unit.doctor.made import (
    PATHS,
    facts,
    found,
    java,
    machine,
    observation,
    only,
    remote,
    server,
    severity,
)
from tsmon.doctor.checks import server as checks
from tsmon.doctor.facts import Api, OtherServer
from tsmon.doctor.findings import Severity
from tsmon.telemetry.scrape import MetricsMode
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.errors import (
    KeyProblem,
    NotTorchServe,
    TimedOut,
    TokenRefused,
    TorchServeError,
)
from tsmon.torchserve.records import ApiDescription
from tsmon.torchserve.unreachable import unreachable

REFUSED = unreachable("http://127.0.0.1:8081", "connection refused")
NO_KEY = TokenRefused(400, "InvalidKeyException", "", KeyProblem.MISSING, "")


def described(**answers: ApiDescription | TorchServeError) -> dict[Api, object]:
    good = {api: ApiDescription("0.12.0", paths) for api, paths in PATHS.items()}
    return {**good, **{Api(name): answer for name, answer in answers.items()}}


def test_three_addresses_that_answer_are_well() -> None:
    assert severity(checks.ports, facts()) is Severity.OK


def test_a_server_that_is_away_is_one_error_with_the_way_to_start_one() -> None:
    away = server(descriptions=dict.fromkeys(Api, REFUSED))

    finding = only(checks.ports, facts(server=away))

    assert finding.severity is Severity.ERROR
    assert "connection refused" in finding.evidence
    assert "tsmon serve start" in finding.remedy


def test_a_server_that_accepts_but_does_not_answer_is_not_to_be_started() -> None:
    stuck = server(descriptions=dict.fromkeys(Api, TimedOut("no answer within 5 s")))

    finding = only(checks.ports, facts(server=stuck))

    assert "restart it" in finding.remedy
    assert "serve start" not in finding.remedy


def test_servers_that_listen_elsewhere_are_named() -> None:
    others = (OtherServer(7, (9081, 9082)), *(OtherServer(pid, ()) for pid in range(8, 12)))
    away = server(descriptions=dict.fromkeys(Api, REFUSED))

    finding = only(checks.ports, facts(server=away, machine=machine(server=None, others=others)))

    assert "the TorchServe of pid 7 listens on 9081, 9082" in finding.evidence
    assert "pid 8 is not listening yet: it is starting" in finding.evidence
    assert finding.evidence.endswith("and 2 more")


def test_one_silent_address_is_named_with_its_option() -> None:
    one = server(descriptions=described(metrics=REFUSED))

    finding = only(checks.ports, facts(server=one))

    assert finding.severity is Severity.ERROR
    assert "--metrics-url" in finding.remedy


def test_an_address_of_the_wrong_api_says_which_it_is() -> None:
    management = ApiDescription("0.12.0", PATHS[Api.MANAGEMENT])
    swapped = server(descriptions=described(inference=management))

    finding = only(checks.ports, facts(server=swapped))

    assert finding.title == "http://127.0.0.1:8080 is not the inference address"
    assert finding.evidence == "it serves management and metrics"


def test_another_program_at_an_address_is_told_from_silence() -> None:
    other = server(descriptions=described(inference=NotTorchServe("no TorchServe")))

    assert "something other than TorchServe" in only(checks.ports, facts(server=other)).title


@pytest.mark.parametrize(
    ("version", "expected"), [("0.12.0", Severity.OK), ("0.9.0", Severity.NOTE)]
)
def test_the_version_is_named(version: str, expected: Severity) -> None:
    old = {api: ApiDescription(version, paths) for api, paths in PATHS.items()}

    finding = only(checks.version, facts(server=server(descriptions=old)))

    assert (finding.severity, finding.title) == (expected, f"TorchServe {version}")


def test_addresses_of_two_servers_are_a_warning() -> None:
    mixed = described(metrics=ApiDescription("0.9.0", PATHS[Api.METRICS]))

    assert severity(checks.version, facts(server=server(descriptions=mixed))) is Severity.WARNING


@pytest.mark.parametrize(
    ("wants_token", "expected"), [(True, Severity.ERROR), (False, Severity.WARNING)]
)
def test_a_shared_port_is_worse_with_tokens(wants_token: bool, expected: Severity) -> None:
    one = Addresses(inference="http://127.0.0.1:8081")

    shared = server(addresses=one, wants_token=wants_token)

    assert severity(checks.shared_port, facts(server=shared)) is expected


def test_own_ports_are_well() -> None:
    assert severity(checks.shared_port, facts()) is Severity.OK


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Healthy", Severity.OK),
        ("Unhealthy", Severity.ERROR),
        (TimedOut("no answer within 2 s"), Severity.WARNING),
    ],
)
def test_the_ping(answer: str | TorchServeError, expected: Severity) -> None:
    assert severity(checks.ping, facts(server=server(ping=answer))) is expected


def test_a_refused_ping_says_nothing_of_health() -> None:
    assert not only(checks.ping, facts(server=server(ping=NO_KEY))).checked


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (MetricsMode.PROMETHEUS, Severity.OK),
        (MetricsMode.LEGACY, Severity.NOTE),
        (MetricsMode.LOG, Severity.WARNING),
    ],
)
def test_the_metrics_mode(mode: MetricsMode, expected: Severity) -> None:
    finding = only(checks.metrics_mode, facts(server=server(observation=observation(mode=mode))))

    assert finding.severity is expected
    assert ("metrics_mode=prometheus" in finding.remedy) is (expected is not Severity.OK)


@pytest.mark.parametrize(("enabled", "expected"), [(True, Severity.OK), (False, Severity.NOTE)])
def test_the_model_api(enabled: bool, expected: Severity) -> None:
    seen = server(observation=observation(model_api=enabled))

    assert severity(checks.model_api, facts(server=seen)) is expected


def test_a_read_only_session_reads_the_model_api_from_the_command_line() -> None:
    unasked = server(observation=observation(model_api=None))
    told = machine(server=java(command=("java", "--enable-model-api")))

    assert severity(checks.model_api, facts(server=unasked, machine=told)) is Severity.OK
    assert "--read-only" in only(checks.model_api, facts(server=unasked, machine=remote())).title


@pytest.mark.parametrize(
    "examine", [checks.version, checks.shared_port, checks.ping, checks.metrics_mode]
)
def test_nothing_is_said_of_a_server_that_is_away(examine: object) -> None:
    away = facts(server=server(descriptions=dict.fromkeys(Api, REFUSED)))

    assert [finding.title for finding in found(examine, away)] == [
        "not checked: the server does not answer"
    ]
