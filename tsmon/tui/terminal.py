"""What the terminal can show, and what is drawn in place of what it cannot."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, MutableMapping

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tsmon.tui.widgets.raster import Symbols
from tsmon.untrusted.text import harmless

_PLAIN = frozenset({"linux", "vt52", "vt100", "vt102", "vt220"})
"""Terminals whose font or protocol has little besides ASCII."""
_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
"""The variables that tell the encoding; the first one that is set counts."""
_WRAPPED = 512
"""Characters that GNU screen is given at once; what is longer than its buffer it drops."""
_NO_LOCALE = ("C", "POSIX")
_COERCED = ("C.UTF-8", "C.utf8")
"""What Python itself puts into LC_CTYPE where it finds no locale (PEP 538)."""


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


class Harmless(LineFilter):
    """Lets no character through that is an order to the terminal or hides others.

    What is shown of others' texts is made visible where it is put into words. This is the last
    line of defence, which every line of every widget goes through, Textual's own included: in the
    place of each such character a replacement is drawn, and the line stays as wide as it was.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, cut off at the end where characters became wider."""
        line = "".join([segment.text for segment in segments])
        if harmless(line) is line:  # as nearly always: one search for all of them
            return segments
        width = sum(segment.cell_length for segment in segments)
        shown = [Segment(harmless(segment.text), segment.style) for segment in segments]
        return Segment.adjust_line_length(shown, width)


def symbols_of(environment: Mapping[str, str]) -> Symbols:
    """The richest characters that the terminal has, as far as it tells.

    A locale that is not set at all says nothing: terminals in containers are mostly UTF-8.
    """
    told = {name: environment[name] for name in _LOCALE if environment.get(name)}
    if told.get("LC_CTYPE") in _COERCED and told.get("LANG") in _NO_LOCALE:
        del told["LC_CTYPE"]
    locale = next(iter(told.values()), "utf-8")
    plain = environment.get("TERM") in _PLAIN or "utf" not in locale.lower()
    return Symbols.ASCII if plain else Symbols.BRAILLE


def correct_colors(environment: MutableMapping[str, str]) -> None:
    """Forget what an environment tells of colours where it is of another terminal.

    GNU screen hands on that the terminal around it has 24 bit colours; itself it knows 256, and
    takes the numbers of others for bold, dim and inverse.
    """
    if "STY" in environment and environment.get("TERM", "").startswith("screen"):
        environment.pop("COLORTERM", None)


def through_screen(text: str) -> str:
    """The sequence that puts a text into the clipboard (OSC 52), as GNU screen hands it on."""
    code = f"\x1b]52;c;{b64encode(text.encode()).decode()}\a"
    parts = (code[at : at + _WRAPPED] for at in range(0, len(code), _WRAPPED))
    return "".join(f"\x1bP{part}\x1b\\" for part in parts)
