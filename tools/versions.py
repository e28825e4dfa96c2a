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
passed / failed. Tests of what a version does not have yet are left out.

"""


@dataclass(frozen=True, slots=True)
class Result:
    """How the tests of one part ended."""

    passed: int
    failed: int
    lacking: tuple[tuple[str, str], ...]
    """What the version does not have yet, each after the version that has it."""


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
            what, _, since = end.get("message", "").partition(": since TorchServe ")
            lacking[since.partition(",")[0], what] = True
    return Result(ends["passed"], ends["failure"] + ends["error"], tuple(lacking))


def page() -> str:
    """The table of all versions that were run."""
    rows = [["TorchServe", *PARTS, "left out"], ["---"] * (len(PARTS) + 2)]
    lacking: dict[str, dict[str, bool]] = {}
    for version in VERSIONS:
        paths = [_report(version, part) for part in PARTS]
        if all(path.exists() for path in paths):
            results = [read(path) for path in paths]
            ends = [f"{result.passed} / {result.failed}" for result in results]
            left_out = [each for result in results for each in result.lacking]
            rows.append([version, *ends, str(len(left_out))])
            for since, what in left_out:
                lacking.setdefault(since, {})[what] = True
    notes = [
        f"- before {since}: {', '.join(lacking[since])}\n"
        for since in sorted(lacking, key=lambda since: [*map(int, since.split("."))])
    ]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"{INTRODUCTION}{table}\nWhat was left out:\n\n{''.join(notes)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="*", help="by default all")
    for version in parser.parse_args(arguments).versions or VERSIONS:
        run(version)
        PAGE.write_text(page())


if __name__ == "__main__":
    main()
