"""Runs the benchmarks one after the other and writes docs/performance.md from what they print.

``python -m benchmarks`` is `make bench`. Names of benchmarks run those alone and print the page.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs/performance.md"
RUNS = (
    "start --rounds 7",
    "commands --rounds 10",
    "many_models --seconds 6",
    "moving --seconds 4",
    "keys --seconds 8",
    "log_reading",
    "fleet --servers 100 --seconds 15",
    "replay",
    "sender --rounds 4 --seconds 2",
    "serving --rounds 2 --seconds 4",
)
"""In the order of the page; `soak` and `advice` take half an hour and have targets of their own."""
HEAD = """# What tsmon costs

Made by `make bench` on {date}: {machine}, Python {python}, Textual {textual}, httpx {httpx},
TorchServe 0.12.0; the load of the machine was {load:.1f} before. A benchmark measures its peers in
the same run: compare the rows of one table with each other, not with those of another machine.
[benchmarks/README.md](../benchmarks/README.md) says what each of them does.
"""


def section(run: str) -> str:
    """One benchmark and what it printed."""
    name, *options = shlex.split(run)
    module = f"benchmarks.{name}"
    docs = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    title = docs.partition("\n")[0].strip('"').rstrip(".")
    ended = subprocess.run(
        [sys.executable, "-m", module, *options],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "140"},
    )
    said = ended.stdout.strip()
    if ended.returncode:
        last = ended.stderr.strip().splitlines()[-1:] or ["no reason was given"]
        said += f"\nnot measured here: {last[0]}"
    lines = "\n".join(line.rstrip() for line in said.strip().splitlines())
    command = " ".join([f"python -m {module}", *options])
    return f"\n## {title}\n\n```\n$ {command}\n{lines}\n```\n"


def main() -> None:
    """Run them and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="by default all, and the page is written")
    names = parser.parse_args().names
    head = HEAD.format(
        date=date.today().isoformat(),
        machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        python=platform.python_version(),
        textual=importlib.metadata.version("textual"),
        httpx=importlib.metadata.version("httpx"),
        load=os.getloadavg()[0],
    )
    parts = []
    for run in RUNS:
        if not names or run.split()[0] in names:
            parts.append(section(run))
            print(parts[-1], flush=True)
    if not names:
        PAGE.write_text(head + "".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
