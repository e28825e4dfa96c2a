"""Runs the benchmarks one after the other and writes docs/performance.md from what they print.

``python -m benchmarks`` is `make bench`. Names of benchmarks run those alone; the other sections of
the page stay as they are.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
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
    "many_targets",
    "replay",
    "sender --rounds 4 --seconds 2",
    "grpc_sender --rounds 4 --seconds 2",
    "serving --rounds 2 --seconds 4",
    "hours --minutes 60",
)
"""In the order of the page; `soak` and `advice` have targets of their own."""
_COMMAND = re.compile(r"^\$ python -m benchmarks\.(\w+)", re.MULTILINE)
HOURS = "hours"
"""Runs when it is named alone, since it takes an hour."""
HEAD = """# What tsmon costs

Made by `make bench`. A benchmark measures its peers in the same run: compare the rows of one table
with each other, not with those of another machine. `python -m benchmarks NAME` writes one section
again; [benchmarks/README.md](../benchmarks/README.md) says what each of them does.
"""
SECTION = """
## {title}

{date}, {machine}, Python {python}, Textual {textual}, httpx {httpx}; load {load:.1f} before.

```
$ python -m benchmarks.{run}
{said}
```
"""


def section(run: str) -> str:
    """One benchmark and what it printed."""
    load = os.getloadavg()[0]
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
    return SECTION.format(
        title=title,
        run=run,
        said="\n".join(line.rstrip() for line in said.strip().splitlines()),
        date=date.today().isoformat(),
        machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        python=platform.python_version(),
        textual=importlib.metadata.version("textual"),
        httpx=importlib.metadata.version("httpx"),
        load=load,
    )


def read_page() -> dict[str, str]:
    """The sections that the page has, by their benchmarks."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    parts = re.split(r"(?=^\n## )", page, flags=re.MULTILINE)[1:]
    return {found[1]: part for part in parts if (found := _COMMAND.search(part))}


def main() -> None:
    """Run them, and write the page after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="by default all but the one that takes an hour")
    names = parser.parse_args().names
    sections = read_page()
    for run in RUNS:
        name = run.split()[0]
        if name in names or (not names and name != HOURS):
            sections[name] = section(run)
            print(sections[name], flush=True)
            kept = [sections[each.split()[0]] for each in RUNS if each.split()[0] in sections]
            PAGE.write_text(HEAD + "".join(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
