"""What the terminal can show, and what is drawn in place of what it cannot."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tsmon.tui.widgets.raster import Symbols

_DUMB = frozenset({"linux", "vt52", "vt100", "vt102", "vt220", "dumb"})
"""Terminals whose font or protocol has little besides ASCII."""
_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
"""The variables that tell the encoding; the first one that is set counts."""


class _InAscii(dict[int, str]):
    """For `str.translate`: the character that stands for another one, as wide as that."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = character if code < 128 else "?" * cell_len(character)
        return self[code]


_TABLE = _InAscii(
    {
        ord(character): ascii_
        for characters, ascii_ in (
            ("╭╮╰╯┌┐└┘┏┓┗┛├┤┬┴┼╔╗╚╝╟╢╤╧", "+"),
            ("─━═╌┄┈▔▁▂▃–—−╶╴╸╺", "-"),
            ("│┃║┊┆╎▏▕▎‖", "|"),
            ("█▓▆▇▊▉▋■", "#"),
            ("▒▄▅▀▌▐▍", "="),
            ("░·•", "."),
            ("●◉", "o"),
            ("○◌◐◇", "~"),
            ("✗×✘", "x"),
            ("✓✔", "+"),
            ("★☆◆", "*"),
            ("▸▶►→›", ">"),
            ("◂◀◄←‹", "<"),
            ("↑▲△", "^"),
            ("↓▼▽▾", "v"),
            ("…", "."),
            ("≤", "<"),
            ("≥", ">"),
            ("≈", "~"),
            ("µμ", "u"),
            ("±", "+"),
            ("“”„", '"'),
            ("‘’‚", "'"),
        )
        for character in characters
    }
)


def in_ascii(text: str) -> str:
    """A text in ASCII alone that takes the same cells; what has no likeness becomes `?`."""
    return text if text.isascii() else text.translate(_TABLE)


class AsciiOnly(LineFilter):
    """Draws every line of the screen in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments with other characters."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(in_ascii(segment.text), segment.style)
            for segment in segments
        ]


def symbols_of(environment: Mapping[str, str]) -> Symbols:
    """The richest characters that the terminal has, as far as it tells.

    A locale that is not set at all says nothing: terminals in containers are mostly UTF-8.
    """
    locale = next((environment[name] for name in _LOCALE if environment.get(name)), "utf-8")
    plain = environment.get("TERM") in _DUMB or "utf" not in locale.lower()
    return Symbols.ASCII if plain else Symbols.BRAILLE
