"""Fuzzes the parsers one after the other: `make fuzz`, or `python -m tests.fuzz NAME…`.

FUZZ_SECONDS (by default 15) and FUZZ_RUNS (by default a million) end each; what comes first counts,
and 0 stands for no such limit. Corpora, findings and counts are in build/fuzz.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.fuzz.targets import BY_NAME

FOLDER = Path("build/fuzz")
COUNTS = FOLDER / "counts.json"
_RUNS = re.compile(r"stat::number_of_executed_units: (\d+)")
_COVERED = re.compile(r"cov: (\d+)")
_ERROR = re.compile(r"^(?:\s*=== Uncaught|[\w.]+(?:Error|Exception)\b).*$", re.MULTILINE)


def main() -> int:
    """Fuzz the parsers named on the command line, or all."""
    names = sys.argv[1:] or list(BY_NAME)
    seconds, runs = os.environ.get("FUZZ_SECONDS", "15"), os.environ.get("FUZZ_RUNS", "1000000")
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = 0
    print(f"{'PARSER':<24} {'INPUTS':>10} {'SECONDS':>8} {'COVERED':>8}  FINDING", flush=True)
    for name in names:
        counts = _fuzz(name, seconds, runs)
        found += bool(counts["finding"])
        _keep(name, counts)
        print(
            f"{name:<24} {counts['inputs']:>10,} {counts['seconds']:>8.0f} "
            f"{counts['covered']:>8}  {counts['finding'] or '-'}",
            flush=True,
        )
    return int(found > 0)


def _fuzz(name: str, seconds: str, runs: str) -> dict[str, Any]:
    corpus = FOLDER / re.sub(r"\W+", "-", name).strip("-")
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.one", name, seconds, runs, str(corpus)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    output = ended.stdout + ended.stderr
    corpus.with_suffix(".log").write_text(output)
    tried, covered = _RUNS.findall(output), _COVERED.findall(output)
    errors = _ERROR.findall(output)
    finding = "" if ended.returncode == 0 else (errors or [f"exit code {ended.returncode}"])[-1]
    return {
        "inputs": int(tried[-1]) if tried else 0,
        "seconds": time.monotonic() - began,
        "covered": int(covered[-1]) if covered else 0,
        "finding": finding[:200],
    }


def _keep(name: str, counts: dict[str, Any]) -> None:
    """Write the counts beside those of other parsers."""
    kept = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}
    COUNTS.write_text(json.dumps(kept | {name: counts}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
