"""What is left of a hostile text on the screen, whichever widget draws it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Input, Label, OptionList, Static

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.app.terminal import Harmless
from tsmon.tui.screens.whole_text import WholeText
from tsmon.tui.text.symbols import Symbols
from tsmon.untrusted.text import visible

ORDERS = "a\x1b]0;t\x07\x9b\u202e\u200b\u2028\x7fz"
MARKUP = "[red]r[@click=app.quit]q[/][/nothing]"


class Everywhere(Screen[None]):
    """A text in widgets of Textual's own, past everything that makes words visible."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self):  # type: ignore[no-untyped-def]
        text = self._text
        yield Static(Content(text))
        yield Static(text)
        yield Label(text)
        yield Button(text)
        yield Input(text)
        yield Input(placeholder=text)
        yield OptionList(text)
        box = Static("box", id="box")
        box.border_title, box.border_subtitle, box.styles.border = text, text, ("round", "red")
        yield box


@pytest.mark.parametrize("symbols", [Symbols.BRAILLE, Symbols.ASCII])
async def test_no_widget_lets_an_order_through(
    fake: FakeTorchServe, options: MonitorOptions, symbols: Symbols
) -> None:
    async with watching(fake, replace(options, symbols=symbols)) as seat:
        seat.app.push_screen(Everywhere(ORDERS))
        await seat.until(lambda: seat.app.screen.query("#box"))
        seat.app.notify(ORDERS, title=ORDERS)
        await seat.sees("box", r"a\x1b]0;t")

        assert visible(seat.text, keep_lines=True) == seat.text


async def test_no_widget_reads_markup(fake: FakeTorchServe, options: MonitorOptions) -> None:
    async with watching(fake, options, size=(120, 40)) as seat:
        seat.app.push_screen(Everywhere(MARKUP))
        seat.app.notify(MARKUP, title=MARKUP)
        await seat.until(lambda: seat.text.count(MARKUP) >= 11)


@pytest.mark.parametrize("text", ["plain", ORDERS, "wide 漢字 \x1b[1m", "\x1b" * 40])
def test_a_line_stays_as_wide_as_it_was(text: str) -> None:
    segments = [Segment("│"), Segment(text), Segment("end│")]

    shown = Harmless().apply(segments, Color(0, 0, 0))

    line = "".join(segment.text for segment in shown)
    assert visible(line) == line
    assert cell_len(line) == sum(segment.cell_length for segment in segments)


async def test_a_text_without_an_end_is_shown_in_part(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        seat.app.push_screen(WholeText("title", "x" * 1_000_000, "copied"))
        await seat.sees("title")
        await seat.press("end")
        await seat.sees("… and 980,000 more characters")


async def test_a_name_full_of_orders_is_read_in_the_tables_and_sent_as_it_is(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    name = f"evil{MARKUP.replace('/', '')}\x1b]52;c;eA==\x07"
    fake.load(name)
    async with watching(fake, options, size=(160, 30)) as seat:
        await seat.sees(r"\x1b]52;c;eA==\x07")
        await seat.press("s", "2", "enter")
        await seat.until(lambda: len(fake.version(name).workers) == 2)
