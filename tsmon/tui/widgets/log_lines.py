"""Lines of a log, of which only those in sight are ever drawn."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tsmon.telemetry.log_page.lines import Level, LogLine
from tsmon.tui import keymap
from tsmon.tui.text.tones import Tone, rich_style
from tsmon.tui.widgets.highlight import highlighted
from tsmon.untrusted.text import visible

if TYPE_CHECKING:
    from tsmon.telemetry.log_page.view import LogView

SHIFT = 20
"""Columns that ← and → move by."""
WIDE_LOG = 100
"""Columns from which on a line says its model and TorchServe's class as well."""
_LEVELS = {
    Level.DEBUG: ("  DEBUG", Tone.MUTED),
    Level.INFO: ("  INFO ", Tone.PLAIN),
    Level.WARN: ("! WARN ", Tone.WARNING),
    Level.ERROR: ("✗ ERROR", Tone.BAD),
}
_NO_LEVEL = (" " * 7, Tone.PLAIN)
_CLOCK = len("14:03:12.123")
Piece = tuple[str, Tone]


class LogLines(ScrollView, can_focus=True):
    """The rows of a view with a cursor, which follows the end until someone goes up."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.LINE_KEYS)

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log--cursor", "log--cursor-focus"}

    following = reactive(True, init=False)
    """Whether the cursor stays on the last line when more come."""
    shift = reactive(0)
    """Columns of the texts that are out of sight at the left."""

    class Moved(Message):
        """The cursor is on another line, or follows from now on, or does not."""

    class Opened(Message):
        """A line was clicked that the cursor was on already."""

    def __init__(self, view: LogView, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.view = view
        self.cursor = 0
        self._styles: dict[Tone, Style] = {}
        self._theme = ""

    @property
    def chosen(self) -> LogLine | None:
        """The line under the cursor."""
        rows = self.view.rows
        return rows[self.cursor] if 0 <= self.cursor < len(rows) else None

    def show(self, view: LogView) -> None:
        """Show other lines, from their end."""
        self.view = view
        self.cursor = 0
        self.following = True
        self._lay_out()

    def take(self, added: Iterable[LogLine]) -> None:
        """Show what was added to the buffer."""
        chosen, before = self.chosen, len(self.view.rows)
        left = self.view.update(added)
        if left == 0 and len(self.view.rows) == before:
            return
        if left and not self.following:
            self.cursor = max(self.cursor - left, 0)
            self.scroll_to(y=max(self.scroll_offset.y - left, 0), animate=False, immediate=True)
        if chosen is not self.chosen and not self.following:
            self._find(chosen)
        self._lay_out()

    def changed(self, chosen: LogLine | None) -> None:
        """The view shows other rows of the same buffer; the cursor stays on its line."""
        self._find(chosen)
        self._lay_out()
        fold = chosen.fold if chosen is not None else None
        if fold is not None and fold.opened:  # as much of it as there is room for
            unfolded = Region(0, self.cursor, 1, len(fold.members) + 1)
            self.scroll_to_region(unfolded, animate=False, force=True, immediate=True, top=True)
            self._show_cursor()

    def go_to_line(self, line: LogLine) -> None:
        """Put the cursor on a line that is shown, in the middle of the screen."""
        self._find(line)
        self.following = False
        self._lay_out(middle=True)

    def go_to_moment(self, moment: datetime) -> None:
        """Put the cursor on the first line not before a moment of the server's local time."""
        if self.view.rows:
            self.go_to_line(self.view.rows[self.view.row_at(moment)])

    def watch_following(self) -> None:
        """Go to the end."""
        if self.following:
            self._lay_out()
        self.post_message(self.Moved())

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in sight."""
        self._lay_out()

    def action_move(self, lines: int) -> None:
        """Go up or down."""
        self._go(self.cursor + lines)

    def action_move_pages(self, pages: int) -> None:
        """Go as many lines as are in sight."""
        self._go(self.cursor + pages * max(self.size.height - 1, 1))

    def action_first(self) -> None:
        """Go to the beginning."""
        self._go(0)

    def action_last(self) -> None:
        """Go to the last line and follow."""
        self.following = True

    def action_shift(self, steps: int) -> None:
        """See more of one end of long lines."""
        self.shift = max(self.shift + steps * SHIFT, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Stay where one looks."""
        self.following = False

    def on_click(self, event: events.Click) -> None:
        """Go to a line; a second click opens it."""
        place = event.get_content_offset(self)
        row = place.y + self.scroll_offset.y if place else -1
        if row == self.cursor and not self.following:
            self.post_message(self.Opened())
        elif 0 <= row < len(self.view.rows):
            self._go(row)

    def render_line(self, y: int) -> Strip:
        """One line of the log."""
        self._look_up_styles()
        row = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        plain = self._styles[Tone.PLAIN]
        if row >= len(self.view.rows):
            return Strip.blank(width, plain)
        strip = self._draw(self.view.rows[row], width)
        if row != self.cursor:
            return strip.adjust_cell_length(width, plain)
        name = "log--cursor-focus" if self.has_focus else "log--cursor"
        style = self.get_component_rich_style(name, partial=True)
        return highlighted(strip.adjust_cell_length(width, plain), style)

    def _draw(self, line: LogLine, width: int) -> Strip:
        head = self._head(line, width)
        segments = [Segment(visible(text), self._styles[tone]) for text, tone in head]
        text, tone = format_log_line(line)
        text = visible(text[: self.shift + width].expandtabs(4))[self.shift :]
        style, at = self._styles[tone], 0
        for start, end in self.view.spans(text):
            segments.append(Segment(text[at:start], style))
            segments.append(Segment(text[start:end], style + Style(reverse=True)))
            at = end
        segments.append(Segment(text[at:], style))
        return Strip(segments)

    def _head(self, line: LogLine, width: int) -> list[Piece]:
        """What stands before the text: less where there is little room."""
        if not line.stamp:
            return [(" " * (_CLOCK + 1), Tone.PLAIN)]
        head: list[Piece] = [(f"{line.stamp[11:].replace(',', '.'):{_CLOCK}} ", Tone.MUTED)]
        word, tone = _LEVELS[line.level] if line.level is not None else _NO_LEVEL
        if width < WIDE_LOG:
            return [*head, (word[:2], tone), (_worker(line, wide=False), Tone.ACCENT)]
        source = line.logger
        if line.logger == "MODEL_LOG":
            source = "stderr" if line.stderr else "stdout"
        wide = not self.view.filter.model
        return [
            *head,
            (f"{word} ", tone),
            (_worker(line, wide=wide), Tone.ACCENT),
            (f"{source[:16]:16} ", Tone.MUTED),
        ]

    def _go(self, row: int) -> None:
        self.cursor = max(min(row, len(self.view.rows) - 1), 0)
        self.following = False
        self._show_cursor()
        self.refresh()
        self.post_message(self.Moved())

    def _find(self, line: LogLine | None) -> None:
        """Put the cursor on a line, or on the one nearest to it."""
        rows = self.view.rows
        if line is None:
            return
        if line in rows:
            self.cursor = rows.index(line)
            return
        if line.fold is not None and line.fold.head in rows:
            self.cursor = rows.index(line.fold.head)
            return
        later = (row for row, other in enumerate(rows) if other.number >= line.number)
        self.cursor = next(later, max(len(rows) - 1, 0))

    def _lay_out(self, *, middle: bool = False) -> None:
        rows = len(self.view.rows)
        self.virtual_size = Size(self.scrollable_content_region.width, rows)
        if self.following:
            self.cursor = max(rows - 1, 0)
        self.cursor = max(min(self.cursor, rows - 1), 0)
        self._show_cursor(middle=middle)
        self.refresh()

    def _show_cursor(self, *, middle: bool = False) -> None:
        height = self.scrollable_content_region.height
        if middle:
            top = max(self.cursor - height // 2, 0)
            self.scroll_to(y=top, animate=False, immediate=True, force=True)
            return
        region = Region(0, self.cursor, 1, 1)
        self.scroll_to_region(region, animate=False, force=True, immediate=True)

    def _look_up_styles(self) -> None:
        """The colours of the theme, which are looked up once for all lines."""
        if self._theme == self.app.theme and self._styles:
            return
        self._theme = self.app.theme
        plain = self.rich_style
        self._styles = {tone: plain + rich_style(tone, self.app.theme_variables) for tone in Tone}


def format_log_line(line: LogLine) -> Piece:
    """The text of a row and its tone; a folded traceback is its exception."""
    fold = line.fold
    if fold is None or not line.is_head:
        tone = Tone.MUTED if line.routine or fold is not None else _tone(line)
        return line.text, tone
    if fold.opened:
        return f"▾ {line.text}", _tone(line)
    more = f"{fold.title}  ({len(fold.members) + 1} lines)"
    is_python = line.text.startswith("Traceback ")
    return f"▸ {more if is_python else f'{line.text}: {more}'}", _tone(line)


def _tone(line: LogLine) -> Tone:
    """Of the text: a warning has its colour in its word alone."""
    if line.level is Level.ERROR:
        return Tone.BAD
    return Tone.MUTED if line.level is Level.DEBUG else Tone.PLAIN


def _worker(line: LogLine, *, wide: bool) -> str:
    worker = line.worker
    if not wide:
        return f"{worker.worker_id if worker else '':5} "
    name = f"{worker.worker_id} {worker.model} {worker.version}" if worker else line.named
    return f"{_short(name, 20):20} "


def _short(text: str, width: int) -> str:
    while cell_len(text) > width:
        text = text[:-2] + "…"
    return text
