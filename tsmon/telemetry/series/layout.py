"""What the lines of a scrape are: families with their type and HELP, samples with their labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property, lru_cache

from msgspec import Struct

from tsmon.telemetry.exposition import read_declaration, read_sample

UNTYPED = "untyped"
COUNTER, GAUGE, HISTOGRAM, SUMMARY = "counter", "gauge", "histogram", "summary"
PARTS = ("_bucket", "_sum", "_count")
"""Endings of the samples of a histogram and, but for the first, a summary."""
BOUND, QUANTILE = "le", "quantile"
"""Labels that distinguish the samples of one histogram or summary."""
_UNIT = re.compile(r"\bwith unit: *([^\s.,;]+)")
"""As TorchServe writes it into HELP."""
_HELD = 4
"""Layouts kept in memory."""


class Family(Struct, frozen=True):
    """Series of one name."""

    name: str
    kind: str = UNTYPED
    help: str = ""

    @property
    def unit(self) -> str:
        """The unit that HELP names; empty where it names none."""
        match = _UNIT.search(self.help)
        return "" if match is None else match[1]


class Sample(Struct, frozen=True):
    """One line with a value."""

    line: int
    name: str
    labels: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """As PromQL selects it."""
        return selector(self.name, self.labels)


class Layout:
    """The samples of a scrape by family."""

    def __init__(self, text: str) -> None:
        self.families: dict[str, Family] = {}
        """By name, in the order of the scrape; those that are only declared as well."""
        self.samples: dict[str, list[Sample]] = {}
        """By family."""
        lines = text.split("\n")
        for line in lines:
            if line.startswith("#"):
                self._declare(line)
        for number, line in enumerate(lines):
            if line and not line.startswith("#"):
                self._take(number, line)

    @cached_property
    def lines(self) -> Mapping[str, int]:
        """The line of each sample by its text."""
        return {each.text: each.line for group in self.samples.values() for each in group}

    def _declare(self, line: str) -> None:
        try:
            name, kind = read_declaration(line)
        except ValueError:
            return
        if not name:
            return
        known = self.families.get(name, Family(name))
        words = line[1:].split(None, 2)
        about = known.help if kind else _unescaped(words[2].strip() if len(words) > 2 else "")
        self.families[name] = Family(name, kind or known.kind, about)

    def _take(self, number: int, line: str) -> None:
        try:
            name, labels, _ = read_sample(f"{line} 0")
        except ValueError:
            return
        family = self._family_of(name)
        self.families.setdefault(family, Family(family))
        sample = Sample(number, name, tuple(labels.items()))
        self.samples.setdefault(family, []).append(sample)

    def _family_of(self, name: str) -> str:
        if name in self.families:
            return name
        for ending in PARTS:
            base = name.removesuffix(ending)
            if base != name and self._is_parted(base):
                return base
        return name

    def _is_parted(self, name: str) -> bool:
        family = self.families.get(name)
        return family is not None and family.kind in (HISTOGRAM, SUMMARY)


def declared(family: Family) -> tuple[str, str]:
    """The lines that declare a family."""
    about = family.help.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {family.name} {about}", f"# TYPE {family.name} {family.kind}"


@lru_cache(_HELD)
def read_layout(text: str) -> Layout:
    """The layout of a scrape; mostly that of the scrape before."""
    return Layout(text)


def selector(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    """A series as PromQL selects it: `name{label="value"}`."""
    inside = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels)
    return f"{name}{{{inside}}}" if inside else name


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _unescaped(text: str) -> str:
    """HELP as it was meant: a line break and a backslash are escaped in it."""
    return re.sub(r"\\([n\\])", lambda match: "\n" if match[1] == "n" else "\\", text)
