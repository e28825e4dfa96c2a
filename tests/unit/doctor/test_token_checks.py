from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.doctor.made import (
    NOW,
    STARTED,
    facts,
    found,
    java,
    key_file,
    machine,
    observation,
    only,
    remote,
    server,
    severity,
)
from tsmon.doctor.checks import tokens as checks
from tsmon.doctor.facts import Facts, KeyFileFacts
from tsmon.doctor.findings import Severity
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.errors import KeyProblem, TokenRefused
from tsmon.torchserve.tokens import KeyKind

REFUSED = TokenRefused(400, "InvalidKeyException", "", KeyProblem.WRONG, "")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The key file of the server that runs in this folder."""
    path = tmp_path / "key_file.json"
    path.touch()
    return path


def using(file: KeyFileFacts, directory: Path, **changes: object) -> Facts:
    here = machine(server=java(directory=directory))
    return facts(server=server(key_file=file, **changes), machine=here)


def test_a_private_file_of_this_server_is_well(own: Path) -> None:
    assert severity(checks.key_file, using(key_file(own), own.parent)) is Severity.OK


def test_without_a_file_the_servers_own_is_named(own: Path) -> None:
    finding = only(checks.key_file, using(KeyFileFacts(), own.parent))

    assert finding.severity is Severity.ERROR
    assert finding.remedy == f"use --key-file {own}"


def test_without_a_file_of_a_remote_server_the_option_is_named() -> None:
    nothing = facts(server=server(key_file=KeyFileFacts()), machine=remote())

    assert "--key-file" in only(checks.key_file, nothing).remedy


def test_a_file_that_cannot_be_read_says_why(own: Path) -> None:
    broken = KeyFileFacts(own, problem=f"cannot read {own}: Permission denied")

    assert "Permission denied" in only(checks.key_file, using(broken, own.parent)).evidence


def test_a_file_that_others_can_read_is_a_warning(own: Path) -> None:
    finding = only(checks.key_file, using(key_file(own, mode=0o644), own.parent))

    assert (finding.severity, finding.remedy) == (Severity.WARNING, f"chmod 600 {own}")


def test_a_file_older_than_the_server_is_stale(own: Path) -> None:
    stale = key_file(own, written=STARTED - 3600)

    assert "older than the server" in only(checks.key_file, using(stale, own.parent)).title


def test_the_file_of_another_server_is_told_from_its_own(own: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.touch()

    finding = only(checks.key_file, using(key_file(other), own.parent))

    assert "a different server" in finding.title
    assert str(own) in finding.remedy


def test_a_refused_key_that_has_not_expired_is_an_error(own: Path) -> None:
    refusing = replace(observation(), models=REFUSED)

    finding = only(checks.key_file, using(key_file(own), own.parent, observation=refusing))

    assert "rejects the key" in finding.title


def test_an_open_server_is_worse_over_the_network() -> None:
    far = Addresses.from_server("models.example.org:8081")

    assert severity(checks.key_file, facts(server=server(wants_token=False))) is Severity.NOTE
    over_network = facts(server=server(wants_token=False, addresses=far))
    assert severity(checks.key_file, over_network) is Severity.WARNING


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(60, Severity.OK), (9, Severity.WARNING), (0, Severity.ERROR), (-5, Severity.ERROR)],
)
def test_keys_near_their_end(own: Path, minutes: int, expected: Severity) -> None:
    file = key_file(own, expires={KeyKind.INFERENCE: NOW + timedelta(minutes=minutes)})

    finding = only(checks.token_expiry, using(file, own.parent))

    assert finding.severity is expected
    if expected is not Severity.OK:
        assert "tsmon token refresh" in finding.remedy


def test_each_key_but_the_api_key_is_told(own: Path) -> None:
    findings = found(checks.token_expiry, using(key_file(own), own.parent))

    assert [finding.title.split()[1] for finding in findings] == ["management", "inference"]


def test_expiry_without_keys_is_not_checked() -> None:
    assert not only(checks.token_expiry, facts(server=server(key_file=KeyFileFacts()))).checked
    assert only(checks.token_expiry, facts(server=server(wants_token=False))).checked


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8081", Severity.OK),
        ("https://prod:8081", Severity.OK),
        ("http://prod:8081", Severity.WARNING),
        ("http://127.0.0.1.example.com:8081", Severity.WARNING),
    ],
)
def test_keys_that_others_can_read_on_the_way_are_told(url: str, expected: Severity) -> None:
    made = facts(server=server(addresses=Addresses.from_server(url)))

    assert severity(checks.transport, made) is expected


def test_where_no_key_is_sent_nobody_can_read_one() -> None:
    assert not only(checks.transport, facts(server=server(key_file=KeyFileFacts()))).checked
    assert not only(checks.transport, facts(server=server(wants_token=False))).checked
