"""What the terminal can show, and what is drawn in place of what it cannot."""

from __future__ import annotations

import os
import subprocess
from base64 import b64encode
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from tsmon.notify.terminal import for_screen
from tsmon.untrusted.text import harmless


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


def correct_colors(environment: MutableMapping[str, str]) -> None:
    """Forget what an environment says about colours where it belongs to another terminal.

    GNU screen hands on that the terminal around it has 24 bit colours; itself it knows 256, and
    takes the numbers of others for bold, dim and inverse.
    """
    if "STY" in environment and environment.get("TERM", "").startswith("screen"):
        environment.pop("COLORTERM", None)


def through_screen(text: str) -> str:
    """The sequence that puts a text into the clipboard (OSC 52), as GNU screen hands it on."""
    return for_screen(f"\x1b]52;c;{b64encode(text.encode()).decode()}\a")


TMUX = ["tmux", "load-buffer", "-w", "-"]
"""Puts what it reads into tmux' own buffer and, by OSC 52, into the clipboard around it."""
LONGEST_COPY_S = 2.0


def copy_around(app: App[Any], text: str) -> None:
    """Hand a text to the clipboard around tmux or GNU screen.

    Of the terminal's own sequence for that (OSC 52) tmux takes notice only where someone
    allowed it, but it always does what it is asked; GNU screen hands on what is wrapped for it.
    """
    if "TMUX" in os.environ:
        app.run_worker(lambda: _copy_by_tmux(text), thread=True, group="clipboard")
    elif app._driver is not None and os.environ.get("TERM", "").startswith("screen"):
        app._driver.write(through_screen(text))


def _copy_by_tmux(text: str) -> None:
    with suppress(OSError, subprocess.SubprocessError):  # too old for `-w`, or out of reach
        subprocess.run(TMUX, input=text, text=True, capture_output=True, timeout=LONGEST_COPY_S)
