from __future__ import annotations

import pytest

from tests.unit.doctor.made import facts, installation, java, machine, only, severity
from tsmon.doctor.checks import serving as checks
from tsmon.doctor.findings import Severity
from tsmon.serving.errors import NoJava, PortTaken

ALL = (
    checks.packages,
    checks.torchserve_version,
    checks.java,
    checks.default_ports,
    checks.handlers,
    checks.gpu_metrics,
)
BASE = installation(versions={})


def without(*packages: str) -> dict[str, str]:
    return {k: v for k, v in installation().versions.items() if k not in packages}


@pytest.mark.parametrize("examine", ALL)
def test_a_full_installation_is_well(examine: object) -> None:
    assert severity(examine, facts()) is Severity.OK


def test_an_installation_without_the_extra_is_a_note() -> None:
    finding = only(checks.packages, facts(installation=BASE))

    assert finding.severity is Severity.NOTE
    assert "pip install 'tsmon[server]'" in finding.remedy


def test_half_an_installation_is_an_error_with_its_symptom() -> None:
    made = facts(installation=installation(versions=without("pyyaml")))

    finding = only(checks.packages, made)

    assert (finding.severity, finding.title) == (Severity.ERROR, "not installed: pyyaml")
    assert "No module named 'yaml'" in finding.evidence


def test_another_torchserve_is_a_warning() -> None:
    other = installation(versions={"torchserve": "0.9.0"})

    assert severity(checks.torchserve_version, facts(installation=other)) is Severity.WARNING
    assert not only(checks.torchserve_version, facts(installation=BASE)).checked


@pytest.mark.parametrize(
    ("versions", "expected"),
    [({}, Severity.NOTE), ({"torchserve": "0.12.0"}, Severity.ERROR)],
)
def test_no_java_matters_where_torchserve_is(versions: dict[str, str], expected: Severity) -> None:
    bare = installation(java=NoJava("no Java found", "install one"), versions=versions)

    assert severity(checks.java, facts(installation=bare)) is expected


def test_a_port_of_somebody_else_is_named() -> None:
    taken = installation(taken=(PortTaken("127.0.0.1:8080", 5, "nginx"),))

    finding = only(checks.default_ports, facts(installation=taken))

    assert finding.evidence == "127.0.0.1:8080 is taken by nginx (pid 5)"
    assert "--ports free" in finding.remedy


def test_ports_of_the_server_itself_are_well() -> None:
    taken = installation(taken=(PortTaken("127.0.0.1:8080", 99, "java"),))
    made = facts(installation=taken, machine=machine(server=java(pid=99)))

    assert severity(checks.default_ports, made) is Severity.OK


def test_captum_is_a_note() -> None:
    made = facts(installation=installation(versions=without("captum")))

    assert severity(checks.handlers, made) is Severity.NOTE


def test_gpu_packages_matter_where_a_gpu_is() -> None:
    finding = only(checks.gpu_metrics, facts(installation=installation(gpu=True)))

    assert (finding.severity, finding.remedy) == (Severity.WARNING, "pip install nvgpu pynvml")
