"""What `make lint` makes of pip-audit's answer, above all where there was none."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tools import audit

GOOD = {"name": "click", "version": "8.2", "vulns": []}
BAD = {
    "name": "httpx",
    "version": "0.1",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.2"]}, {"id": "PYSEC-2", "fix_versions": []}],
}
UNKNOWN = {"name": "mine", "version": "1", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "told", "bad"),
    [
        ([GOOD, GOOD], "nothing known of 2 packages", False),
        ([GOOD, UNKNOWN], "does not know 1 others", False),
        ([UNKNOWN, UNKNOWN], "not run, the advisory service here knows none of 2", False),
        ([GOOD, BAD], "httpx 0.1: PYSEC-1, fixed in 0.2\n  httpx 0.1: PYSEC-2", True),
        ([UNKNOWN, BAD], "PYSEC-1", True),
    ],
)
def test_a_known_fault_is_bad_and_what_nobody_knows_is_said(
    packages: list[dict[str, Any]], told: str, bad: bool
) -> None:
    verdict, is_bad = audit.judge(packages)

    assert told in verdict
    assert is_bad is bad


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (
            subprocess.CompletedProcess([], 1, "", "Traceback\nConnectionError: no route"),
            "no route",
        ),
        (subprocess.TimeoutExpired("pip-audit", 1), "did not answer within"),
    ],
)
def test_without_an_advisory_service_it_says_so_and_does_not_fail(
    outcome: Any, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*_: str) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(audit, "_run", run)

    assert not audit.audit_packages()
    printed = capsys.readouterr().out
    assert "not run" in printed
    assert told in printed
