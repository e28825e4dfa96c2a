"""What commands cost in CPU, beside the least that they could.

``python -m benchmarks.commands`` runs commands in turn, those that ask a server on a stand-in with
eight models (`benchmarks.many_servers`), and prints the median of their CPU seconds (user and
system), and how much more that is: than importing click for words alone, and than a bare Python
plus curl where a server is asked.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fleet import servers
from benchmarks.table import print_table

MODELS = 8
COLUMNS = ("command", "CPU s", "more than the least")
WORDS = (["--version"], ["--help"], ["config", "show"], ["explain", "p95"], ["keys"])
"""Commands that ask no server."""
ASKING = (["models", "--json"], ["models"], ["ping"], ["metrics"], ["describe", "model-0"])


def cpu_seconds(command: Sequence[str], env: dict[str, str]) -> float:
    """CPU seconds of one run of a command, and of what it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(rounds: int) -> list[list[str]]:
    """A row for each command."""
    with tempfile.TemporaryDirectory() as name, servers(1, Path(name), MODELS) as config:
        server, settings = next(iter(config.servers.items()))
        env = os.environ | {"XDG_CONFIG_HOME": name, "XDG_STATE_HOME": name}
        tsmon = [sys.executable, "-m", "tsmon"]
        least = {
            "import click": [sys.executable, "-c", "import click"],
            "bare Python": [sys.executable, "-c", "pass"],
            "curl": ["curl", "--silent", f"{settings.url}/models"],
        }
        words = {" ".join(each): [*tsmon, *each] for each in WORDS}
        on_server = ["--config", f"{name}/tsmon.toml", "--server", server]
        asking = {" ".join(each): [*tsmon, *on_server, *each] for each in ASKING}
        spent: dict[str, list[float]] = {name: [] for name in [*least, *words, *asking]}
        for _ in range(rounds):
            for each, command in (least | words | asking).items():
                spent[each].append(cpu_seconds(command, env))
    median = {each: statistics.median(seconds) for each, seconds in spent.items()}
    base = dict.fromkeys(words, median["import click"])
    base |= dict.fromkeys(asking, median["bare Python"] + median["curl"])
    return [
        [each, f"{seconds:.3f}", f"{seconds - base[each]:.3f}" if each in base else ""]
        for each, seconds in median.items()
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    print_table("CPU of commands", COLUMNS, measure(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
