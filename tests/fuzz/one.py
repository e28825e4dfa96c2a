"""Fuzzes one parser in this process until it has had enough, or a finding ends it.

`python -m tests.fuzz.one NAME SECONDS RUNS CORPUS`: with atheris the inputs follow the coverage of
tsmon's own code; where it is not installed they are those of `tests.fuzz.mutation`.
"""

from __future__ import annotations

import itertools
import logging
import os
import random
import sys
import time
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LONGEST_INPUT = 1 << 14
SLOWEST_S = 10
MOST_MB = 2048
INSTRUMENTED = ["tsmon", "tomllib"]
OWN_MUTATIONS = 0.3


def main() -> None:
    """Fuzz the parser named on the command line."""
    name, seconds, runs, corpus = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    warnings.simplefilter("ignore")  # patterns that a person may type
    logging.disable()
    if find_spec("atheris") is not None:
        _guided(name, seconds, runs, corpus)
    else:
        _blind(name, seconds, runs, corpus)


def _guided(name: str, seconds: int, runs: int, corpus: Path) -> None:
    import atheris

    from tests.fuzz.mutation import changed

    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.targets import BY_NAME, feed
    target = BY_NAME[name]
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}"] if seconds else []
    limits += [f"-runs={runs}"] if runs else []
    arguments = [
        *(sys.argv[0], str(corpus), f"-artifact_prefix={corpus.parent}/finding-{corpus.name}-"),
        *(f"-max_len={LONGEST_INPUT}", f"-timeout={SLOWEST_S}", f"-rss_limit_mb={MOST_MB}"),
        *("-print_final_stats=1", "-len_control=20", *limits),
    ]

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        """The engine's own mutation, or one with parts that parsers stumble over."""
        rng = random.Random(seed)
        if rng.random() < OWN_MUTATIONS:
            return changed(rng, data, target.seeds)[:longest]
        mutated: bytes = atheris.Mutate(data, len(data) + rng.randrange(64))
        return mutated[:longest]

    atheris.Setup(arguments, lambda data: feed(target, data), custom_mutator=mutate)
    atheris.Fuzz()


def _blind(name: str, seconds: int, runs: int, corpus: Path) -> None:
    from tests.fuzz.mutation import inputs
    from tests.fuzz.targets import BY_NAME, feed

    target: Any = BY_NAME[name]
    ends = time.monotonic() + seconds if seconds else float("inf")
    tried = 0
    for data in itertools.islice(inputs(target.seeds, sys.maxsize, os.getpid()), runs or None):
        try:
            feed(target, data)
        except Exception:
            corpus.parent.mkdir(parents=True, exist_ok=True)
            finding = corpus.parent / f"finding-{corpus.name}-{os.getpid()}"
            finding.write_bytes(data)
            print(f"Test unit written to {finding}", file=sys.stderr)
            raise
        tried += 1
        if time.monotonic() > ends:
            break
    print(f"stat::number_of_executed_units: {tried}", file=sys.stderr)


if __name__ == "__main__":
    main()
