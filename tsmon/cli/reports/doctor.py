"""Makes the examination of `tsmon doctor` and shows what it found."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group as Stack
from rich.table import Table
from rich.text import Text

from tsmon.cli.console import data_console, talk
from tsmon.cli.outcome import Exit
from tsmon.cli.output import LONGEST_HINT, emit_json, emit_table, say
from tsmon.doctor.catalogue import CHECKS
from tsmon.doctor.examination import Examination, Report
from tsmon.doctor.findings import Check, Finding, Result, Severity
from tsmon.units import plural
from tsmon.untrusted.text import one_line, visible

if TYPE_CHECKING:
    from tsmon.cli.target import Target

_GLYPHS = {
    Severity.OK: ("✓", "green"),
    Severity.NOTE: ("•", "cyan"),
    Severity.WARNING: ("!", "yellow"),
    Severity.ERROR: ("✗", "bold red"),
}
_NOT_CHECKED = ("–", "dim")
_WIDEST = len("not checked")


async def examine(target: Target, checks: list[Check], config: Path | None) -> Report:
    """Make these checks, saying on stderr that they take a moment."""
    with talk.status("examining…") as status:
        async with target.client() as client:
            examination = Examination(
                client,
                client.without_keys,
                config=config,
                on_progress=status.update,
            )
            return await examination.make(checks)


def exit_code(report: Report, strict: bool) -> Exit:
    """How the command ends."""
    if report.reachable is False:
        return Exit.UNREACHABLE
    bad = report.count(Severity.ERROR) or (strict and report.count(Severity.WARNING))
    return Exit.FAILED if bad else Exit.DONE


def show_checks(checks: list[Check], as_json: bool) -> None:
    """List what can be checked."""
    if as_json:
        emit_json([{"id": c.id, "group": c.group.value, "about": c.about} for c in checks])
    else:
        emit_table(("CHECK", "GROUP", "WHAT IT CHECKS"), [(c.id, c.group, c.about) for c in checks])


def show(target: Target, report: Report, as_json: bool) -> None:
    """Write the report."""
    if as_json:
        emit_json(_record(target, report))
    else:
        _print(report)


def _record(target: Target, report: Report) -> dict[str, object]:
    return {
        "server": target.addresses().label,
        "reachable": report.reachable,
        "counts": {severity.value: report.count(severity) for severity in Severity}
        | {"not_checked": report.not_checked},
        "findings": [
            {
                "id": result.check.id,
                "group": result.check.group.value,
                "severity": finding.severity.value,
                "checked": finding.checked,
                "title": finding.title,
                "evidence": finding.evidence,
                "remedy": finding.remedy,
            }
            for result in report.results
            for finding in result.findings
        ],
    }


def _print(report: Report) -> None:
    parts: list[Table | Text] = []
    for group, results in groupby(report.results, key=lambda result: result.check.group):
        parts += [Text(group.value, style="bold"), _table(list(results)), Text()]
    data_console().print(Stack(*parts[:-1]))
    counts = [
        plural(report.count(Severity.ERROR), "error"),
        plural(report.count(Severity.WARNING), "warning"),
        plural(report.count(Severity.NOTE), "note"),
    ]
    say(", ".join([*counts, f"{report.count(Severity.OK)} ok, {report.not_checked} not checked"]))


def _table(results: list[Result]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=_WIDEST + 4)
    table.add_column(no_wrap=True, min_width=max(len(check.id) for check in CHECKS))
    table.add_column(overflow="fold")
    skipped: dict[str, list[str]] = {}
    for result in results:
        for finding in result.findings:
            if finding.checked:
                table.add_row(_word(finding), Text(result.check.id), _text(finding))
            else:
                skipped.setdefault(finding.title, []).append(result.check.id)
    glyph, style = _NOT_CHECKED
    for title, ids in skipped.items():
        reason = title.partition(": ")[2]
        reason = one_line(reason)
        text = Text(f"{', '.join(ids)}: {reason}" if len(ids) > 1 else reason, style=style)
        first = ids[0] if len(ids) == 1 else f"{len(ids)} checks"
        table.add_row(Text(f"  {glyph} not checked", style=style), Text(first, style=style), text)
    return table


def _word(finding: Finding) -> Text:
    glyph, style = _GLYPHS[finding.severity]
    return Text(f"  {glyph} {finding.severity}", style=style)


def _text(finding: Finding) -> Text:
    text = Text(one_line(finding.title))
    if finding.evidence:
        gap = "  " if finding.severity is Severity.OK else "\n"
        evidence = visible(finding.evidence[:LONGEST_HINT], keep_lines=True)
        text.append(f"{gap}{evidence}", style="dim")
    if finding.remedy:
        text.append(f"\n→ {one_line(finding.remedy, LONGEST_HINT)}")
    return text
