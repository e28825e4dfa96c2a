"""Look for security faults: in this source with bandit, in what it depends on with pip-audit.

    python -m tools.audit

Ruff's S rules are bandit's own, so bandit is asked only for what ruff does not know. pip-audit asks
an advisory service; where none can be reached, that is said, and is no failure.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SOURCES = ("tsmon", "handler", "model", "tools", "benchmarks")
LONGEST_S = 120.0
BIN = Path(sys.executable).parent


def main() -> int:
    """Run both and give the exit code."""
    source, packages = audit_source(), audit_packages()
    return int(source or packages)


def audit_source() -> bool:
    """Whether bandit found something, which it prints."""
    known = json.loads(_run("ruff", "rule", "--all", "--output-format", "json").stdout)
    codes = (rule["code"] or "" for rule in known)
    skipped = ",".join(f"B{code[1:]}" for code in codes if re.fullmatch(r"S\d{3}", code))
    ended = _run("bandit", "--quiet", "--recursive", "--skip", skipped, *SOURCES)
    _say(f"bandit: {ended.stdout}{ended.stderr}" if ended.returncode else "bandit: nothing found")
    return bool(ended.returncode)


def audit_packages() -> bool:
    """Whether a package that is installed here has a known vulnerability; prints which."""
    try:
        ended = _run("pip-audit", "--progress-spinner", "off", "--skip-editable", "-f", "json")
    except subprocess.TimeoutExpired:
        _say(f"pip-audit: not run, the advisory service did not answer within {LONGEST_S:g} s")
        return False
    try:
        packages = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (ended.stderr.strip() or "no answer").splitlines()[-1]
        _say(f"pip-audit: not run, the advisory service cannot be reached: {reason}")
        return False
    verdict, bad = judge(packages)
    _say(f"pip-audit: {verdict}")
    return bad


def judge(packages: Iterable[dict[str, Any]]) -> tuple[str, bool]:
    """What to say of pip-audit's answer, and whether it is bad."""
    audited = [each for each in packages if "skip_reason" not in each]
    unknown = len([*packages]) - len(audited)
    found = [
        f"{each['name']} {each['version']}: {fault['id']}"
        + (f", fixed in {', '.join(fault['fix_versions'])}" if fault["fix_versions"] else "")
        for each in audited
        for fault in each["vulns"]
    ]
    if not audited:
        return f"not run, the advisory service here knows none of {unknown} packages", False
    rest = f"; the advisory service does not know {unknown} others" if unknown else ""
    message = "\n  ".join(["", *found]) if found else f"nothing known of {len(audited)} packages"
    return f"{message}{rest}", bool(found)


def _run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / name, *arguments], capture_output=True, text=True, check=False, timeout=LONGEST_S
    )


def _say(words: str) -> None:
    print(words)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
