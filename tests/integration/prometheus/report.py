"""The measured differences, as a table at the end of a verbose run."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.integration.prometheus.archives import MODELS
from tests.integration.prometheus.compare import Largest

QUANTITIES = ("requests/s", "inference ms", "queue ms")
HEAD = ("compared", "phase", "windows", "quantity", *MODELS)


@dataclass(slots=True)
class Report:
    """Lines that tests add."""

    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """A sentence of its own."""
        self.lines.append(line)

    def table(self, comparison: str, phase: str, largest: Largest) -> None:
        """A row per quantity: each model's largest difference, with the two figures."""
        if not self.lines:
            self.lines += [_row(HEAD), _row(["---"] * len(HEAD))]
        for quantity in QUANTITIES:
            pairs = [largest.pairs[quantity, model] for model in MODELS]
            cells = [
                f"{pair.difference * 100:.2g} % ({pair.ours:.4g} / {pair.theirs:.4g})"
                for pair in pairs
            ]
            self.lines.append(_row([comparison, phase, str(largest.windows), quantity, *cells]))


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


REPORT = pytest.StashKey[Report]()
