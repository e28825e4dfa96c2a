"""What an examination finds: findings, each with its evidence and its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from tsmon.doctor.facts import Facts


class Severity(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"
    """Good to know; nothing needs to be done."""
    WARNING = "warning"
    """It works, but not as well as it should."""
    ERROR = "error"
    """Something does not work, or will not."""


class CheckGroup(StrEnum):
    """What a check is about, in the order of the report."""

    SERVER = "server"
    MODELS = "models"
    CONFIGURATION = "config.properties"
    MACHINE = "machine"
    SERVING = "running a server here"


class Finding(Struct, frozen=True):
    """One thing found out.

    Attributes:
        title: what is so, in one sentence.
        evidence: the figures it was seen by.
        remedy: the line or command that fixes it.
        checked: False when the check could not be done; the title then says why.
    """

    severity: Severity
    title: str
    evidence: str = ""
    remedy: str = ""
    checked: bool = True


class NotChecked(Exception):
    """A check cannot be done; the message says why."""


class Check(Struct, frozen=True):
    """One examination.

    Attributes:
        id: stable name, as `--only` takes it.
        about: one line that says what is looked at.
        examine: gives the findings, at least one.
        needs_server: whether the server has to be asked for it.
    """

    id: str
    group: CheckGroup
    about: str
    examine: Callable[[Facts], Iterable[Finding]]
    needs_server: bool = True


class Result(Struct, frozen=True):
    """What one check found."""

    check: Check
    findings: tuple[Finding, ...]


def run_check(check: Check, facts: Facts) -> Result:
    """Make a check; whatever goes wrong in it is a finding as well."""
    try:
        findings = tuple(check.examine(facts))
    except NotChecked as reason:
        findings = (not_checked(str(reason)),)
    except Exception as error:  # noqa: BLE001 - the other checks are worth their answers
        findings = (not_checked(f"the check itself failed: {type(error).__name__}: {error}"),)
    return Result(check, findings)


def ok(title: str, evidence: str = "") -> Finding:
    """All is well."""
    return Finding(Severity.OK, title, evidence)


def note(title: str, evidence: str = "", remedy: str = "") -> Finding:
    """Good to know."""
    return Finding(Severity.NOTE, title, evidence, remedy)


def warning(title: str, evidence: str = "", remedy: str = "") -> Finding:
    """It works, but badly."""
    return Finding(Severity.WARNING, title, evidence, remedy)


def error(title: str, evidence: str = "", remedy: str = "") -> Finding:
    """It does not work."""
    return Finding(Severity.ERROR, title, evidence, remedy)


def not_checked(reason: str) -> Finding:
    """Nothing can be said."""
    return Finding(Severity.NOTE, f"not checked: {reason}", checked=False)
