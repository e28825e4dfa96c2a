"""What the pictures of the tour lose is nothing that one sees."""

from __future__ import annotations

import io
import re
from html import unescape

from rich.console import Console
from rich.text import Text

from tools.tour.svg import COLUMN, slim

TEXT = re.compile(r'<text class="r\d+" x="([\d.]+)" [^>]*>([^<]*)</text>')


def picture(*lines: Text) -> str:
    console = Console(width=20, file=io.StringIO(), record=True, force_terminal=True)
    for line in lines:
        console.print(line)
    return console.export_svg(title="tsmon")


def words(svg: str) -> list[tuple[float, str]]:
    """Column and text of each piece that is no space."""
    pieces = [(float(x), unescape(text).replace("\xa0", " ")) for x, text in TEXT.findall(svg)]
    return [
        (round(x / COLUMN + len(text) - len(text.lstrip()), 1), text.strip())
        for x, text in pieces
        if text.strip()
    ]


def test_every_word_stays_in_its_column() -> None:
    svg = picture(Text.assemble(("  ready ", "green"), (" 2/2", "bold")), Text("a < b"))

    plain = re.sub(r"terminal-\d+-", "", svg)
    assert words(slim(svg)) == words(plain) == [(2.0, "ready"), (9.0, "2/2"), (0.0, "a < b")]


def test_neighbours_of_one_colour_become_one_and_no_colour_is_lost() -> None:
    row = Text.assemble(("ab", "red on #102030"), ("cd", "blue on #102030"), ("e", "on #405060"))

    svg = slim(picture(row, row))

    first, second = re.findall(r'<path fill="([^"]+)" d="([^"]+)"', svg)
    assert first[0] == "#102030"
    assert first[1].count(f"h{4 * COLUMN:g}") == 2
    assert second[0] == "#405060"


def test_nothing_is_loaded_from_elsewhere() -> None:
    svg = slim(picture(Text("mnist")))

    assert "url(" not in svg
    assert "terminal-" not in svg
