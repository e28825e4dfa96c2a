"""Runs the tests of a real server on every TorchServe of the table, and writes the table.

``python -m tools.versions`` installs each version beside the others into ``build/torchserve``, runs
`PARTS` on it and writes ``docs/versions.md``. With versions as arguments it runs those alone; the
others keep the results they had.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

VERSIONS = (
    "0.4.2", "0.5.3", "0.6.1", "0.7.1", "0.8.2", "0.9.0", "0.10.0", "0.11.1", "0.12.0",
)  # fmt: skip
PARTS = {
    "API": "tests/contract",
    "logs": "tests/integration/logs",
    "causes of failures": "tests/integration/causes",
}
BUILD = Path("build/torchserve")
PAGE = Path("docs/versions.md")
INTRODUCTION = """# Versions of TorchServe

`make test-versions` runs the same tests on a real server of each version, and writes this page:
passed / failed. A test of what a version does not have yet is left out; the last column names it.

"""


@dataclass(frozen=True, slots=True)
class Result:
    """How the tests of one part ended."""

    passed: int
    failed: int
    lacking: tuple[str, ...]
    """What the version does not have yet."""


def run(version: str) -> None:
    """Run all parts on this version."""
    package = BUILD / version
    if not package.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        wanted = ["--target", str(package), f"torchserve=={version}"]
        subprocess.run([*pip, *wanted], check=True)
    python_path = os.pathsep.join([str(package.resolve()), *_python_path()])
    for part, tests in PARTS.items():
        pytest = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "integration"]
        report = f"--junitxml={_report(version, part)}"
        environment = os.environ | {"PYTHONPATH": python_path}
        subprocess.run([*pytest, report, tests], env=environment, check=False)


def _python_path() -> Iterable[str]:
    return filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))


def _report(version: str, part: str) -> Path:
    return BUILD / "reports" / f"{version} {part}.xml"


def read(path: Path) -> Result:
    """Read the report of a part."""
    ends: Counter[str] = Counter()
    lacking = {}
    for case in ElementTree.parse(path).iter("testcase"):  # noqa: S314 (pytest wrote it)
        end = next((each for each in case if each.tag in ("failure", "error", "skipped")), None)
        ends[end.tag if end is not None else "passed"] += 1
        if end is not None and end.tag == "skipped":
            lacking[end.get("message", "").partition(": since")[0]] = True
    return Result(ends["passed"], ends["failure"] + ends["error"], tuple(lacking))


def page() -> str:
    """The table of all versions that were run."""
    rows = [["TorchServe", *PARTS, "does not have yet"], ["---"] * (len(PARTS) + 2)]
    for version in VERSIONS:
        paths = [_report(version, part) for part in PARTS]
        if all(path.exists() for path in paths):
            results = [read(path) for path in paths]
            lacking = dict.fromkeys(what for result in results for what in result.lacking)
            ends = [f"{result.passed} / {result.failed}" for result in results]
            rows.append([version, *ends, ", ".join(lacking)])
    return INTRODUCTION + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="*", help="by default all")
    for version in parser.parse_args(arguments).versions or VERSIONS:
        run(version)
        PAGE.write_text(page())


if __name__ == "__main__":
    main()
