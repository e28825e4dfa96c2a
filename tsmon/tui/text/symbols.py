"""From samples to characters: the arithmetic of a chart, without a widget around it.

A chart is a row of dot columns. Each holds a height in dots, counted from the zero baseline, or
None where nothing is known, which stays empty: a gap is a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class TimedValue(NamedTuple):
    """A value that was measured some time ago."""

    age_s: float
    value: float | None
    """None where it could not be known."""
    band: tuple[float, float] | None = None
    """Two more values above it, such as two higher percentiles."""


class Symbols(StrEnum):
    """The characters a chart is drawn with."""

    BRAILLE = "braille"
    BLOCK = "block"
    ASCII = "ascii"

    @property
    def dots_across(self) -> int:
        """Dot columns in a character."""
        return 2 if self is Symbols.BRAILLE else 1

    @property
    def dots_up(self) -> int:
        """Dots on top of each other in a character."""
        return {Symbols.BRAILLE: 4, Symbols.BLOCK: 8, Symbols.ASCII: 3}[self]

    @property
    def following(self) -> Symbols:
        """The next kind, after the last one the first."""
        kinds = list(Symbols)
        return kinds[(kinds.index(self) + 1) % len(kinds)]


_PLAIN = frozenset({"linux", "vt52", "vt100", "vt102", "vt220"})
"""Terminals whose font or protocol has little besides ASCII."""


_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
"""The variables that show the encoding; the first one that is set counts."""


_NO_LOCALE = ("C", "POSIX")


_COERCED = ("C.UTF-8", "C.utf8")
"""What Python itself puts into LC_CTYPE where it finds no locale (PEP 538)."""


def symbols_of(environment: Mapping[str, str]) -> Symbols:
    """The richest characters that the terminal has, as far as it says.

    A locale that is not set at all says nothing: terminals in containers are mostly UTF-8.
    """
    locale_variables = {name: environment[name] for name in _LOCALE if environment.get(name)}
    if locale_variables.get("LC_CTYPE") in _COERCED and locale_variables.get("LANG") in _NO_LOCALE:
        del locale_variables["LC_CTYPE"]
    locale = next(iter(locale_variables.values()), "utf-8")
    plain = environment.get("TERM") in _PLAIN or "utf" not in locale.lower()
    return Symbols.ASCII if plain else Symbols.BRAILLE
