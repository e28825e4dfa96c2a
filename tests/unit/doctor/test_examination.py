"""The catalogue, and checks made together."""

from __future__ import annotations

import socket
import sys
from collections import Counter

import pytest
from msgspec.structs import replace

from tests.unit.doctor.made import config, facts, installation, machine, server
from tsmon.doctor.catalogue import CHECKS
from tsmon.doctor.examination import Report
from tsmon.doctor.facts import Facts
from tsmon.doctor.findings import Check, Finding, Severity, run_check
from tsmon.doctor.installation import look_at_installation, taken_ports
from tsmon.serving.errors import NoJava
from tsmon.serving.ports import free_ports
from tsmon.telemetry.source import Observation
from tsmon.torchserve.errors import TimedOut


def test_ids_are_unique_and_every_check_says_what_it_looks_at() -> None:
    ids = Counter(check.id for check in CHECKS)

    assert max(ids.values()) == 1
    assert all(check.about for check in CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_has_an_answer_whatever_is_missing(check: Check) -> None:
    late = TimedOut("no answer within 2 s")
    silent = Observation(server().observation.at, None, late, late)
    nothing = replace(machine(), server=None, why_no_server="why", logs=None, models=None)
    bare = installation(versions={}, java=NoJava("none"))
    situations = [
        facts(),
        facts(server=None),
        facts(server=server(observation=silent, ping=late, wants_token=None)),
        facts(server=None, machine=nothing, config=config(path=None), installation=bare),
    ]

    for situation in situations:
        findings = run_check(check, situation).findings
        assert findings
        assert not any("check itself failed" in finding.title for finding in findings)


def test_a_check_that_fails_is_a_finding_and_not_the_end() -> None:
    def broken(_: Facts) -> list[Finding]:
        raise ZeroDivisionError("by zero")

    (finding,) = run_check(replace(CHECKS[0], examine=broken), facts()).findings

    assert not finding.checked
    assert "ZeroDivisionError: by zero" in finding.title


def test_a_report_counts_what_was_checked() -> None:
    results = tuple(run_check(check, facts()) for check in CHECKS)

    report = Report(results, reachable=True)

    assert report.count(Severity.OK) == len(report.findings)
    assert (report.count(Severity.NOTE), report.not_checked) == (0, 0)


def test_all_taken_ports_are_found() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        numbers = [each.getsockname()[1] for each in (one, two)]
        ports = replace(free_ports(), inference=numbers[0], grpc_management=numbers[1])

        taken = taken_ports(ports)

    assert [each.address for each in taken] == [f"127.0.0.1:{number}" for number in numbers]


def test_the_installation_is_looked_at_without_importing_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tsmon.doctor.installation.find_java", _no_java)
    loaded = set(sys.modules)

    found = look_at_installation()

    assert not {"torch", "ts", "torchvision"} & (set(sys.modules) - loaded)
    assert found.python == sys.executable
    assert isinstance(found.java, NoJava)


def _no_java() -> None:
    raise NoJava("no Java found")
