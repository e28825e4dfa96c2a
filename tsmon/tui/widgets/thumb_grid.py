"""A folder's payloads: images as thumbnails, in half blocks; any others as a list.

Only those on the screen are ever read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tsmon.digits.images import DigitImage, PixelGrid, preview
from tsmon.payloads.content import Content, look_into
from tsmon.payloads.payload import Payload, PayloadError
from tsmon.threads import in_thread
from tsmon.tui import keymap
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.tones import Span, Tone, rich_style
from tsmon.tui.widgets.pixel_view import draw_pixels
from tsmon.untrusted.text import brief

SIDE = 14
"""Pixels of a thumbnail, each way: 14 columns and 7 lines."""
TILE = Size(SIDE + 1, SIDE // 2 + 1)
"""Columns and lines of a tile: the picture, the cursor at its left and the caption below."""
THUMBS_AT_ONCE = 8
"""Thumbnails read between two looks at which ones are wanted."""
KEPT_THUMBS = 5000
"""Thumbnails remembered."""
LONGEST_NAME = 28
CAPTION_WIDTH = 12
WORDS_WIDTH = 12
LONGEST_START = 400
"""Characters of the beginning of a text in a row."""
STRIPS_KEPT = 500
"""Drawn lines remembered."""


class Tile(Struct, frozen=True):
    """One tile: a folder, or an image."""

    path: Path
    payload: Payload | None = None
    """None for a folder."""
    name: str = ""
    """What a folder is called here."""


Caption = Callable[[Tile], list[Span]]


class ThumbGrid(ScrollView, can_focus=True):
    """A grid of tiles with a cursor; what stands below a picture is its owner's to say."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.GRID_KEYS)

    cursor: reactive[int] = reactive(0)
    symbols = reactive(Symbols.BRAILLE)

    class Moved(Message):
        """The cursor is on another tile."""

    class Opened(Message):
        """Enter on a tile, or a click on the one under the cursor."""

    def __init__(self, caption: Caption, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.entries: tuple[Tile, ...] = ()
        self._caption = caption
        self._listed = False
        self._thumbs: dict[Path, PixelGrid | Content | str] = {}
        self._strips: dict[tuple[object, ...], Strip] = {}
        """Lines of pictures as they were drawn last; to draw them is most of the work."""
        self._plain = Style.null()
        self._captions: list[list[Span]] = []
        """Those in sight as they were drawn last."""

    @property
    def chosen(self) -> Tile | None:
        """The entry under the cursor."""
        return self.entries[self.cursor] if self.cursor < len(self.entries) else None

    @property
    def _tile_size(self) -> Size:
        """Of a row, where there are other things than images."""
        return Size(max(self.scrollable_content_region.width, 1), 1) if self._listed else TILE

    @property
    def _columns(self) -> int:
        if self._listed:
            return 1
        return max(self.scrollable_content_region.width // TILE.width, 1)

    def show(self, entries: Sequence[Tile], cursor: int) -> None:
        """List a folder; its images are read again."""
        self._thumbs.clear()
        self.entries = tuple(entries)
        self._listed = any(
            each.payload is not None and not isinstance(each.payload, DigitImage)
            for each in entries
        )
        self.set_reactive(ThumbGrid.cursor, cursor)
        self._lay_out()

    def refresh_captions(self) -> None:
        """Draw again if the owner says something else below a picture now."""
        captions = [self._caption(entry) for entry in self._in_sight()]
        if captions != self._captions:
            self._captions = captions
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Another number of columns."""
        self._lay_out()

    def watch_cursor(self) -> None:
        """Keep the cursor in sight, and say that it moved."""
        self._show_cursor()
        self.refresh()
        self.post_message(self.Moved())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Read what comes into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._read_visible()

    def action_move(self, steps: int) -> None:
        """Go on or back."""
        self.cursor = self._bounded(self.cursor + steps)

    def action_move_rows(self, rows: int) -> None:
        """Go up or down, where there is a tile."""
        wanted = self.cursor + rows * self._columns
        if 0 <= wanted < len(self.entries):
            self.cursor = wanted
        elif rows > 0 and wanted // self._columns <= (len(self.entries) - 1) // self._columns:
            self.cursor = self._bounded(wanted)

    def action_move_pages(self, pages: int) -> None:
        """Go as many rows as are in sight."""
        rows = max(self.scrollable_content_region.height // self._tile_size.height, 1)
        self.cursor = self._bounded(self.cursor + pages * rows * self._columns)

    def action_first(self) -> None:
        """Go to the beginning."""
        self.cursor = 0

    def action_last(self) -> None:
        """Go to the end."""
        self.cursor = self._bounded(len(self.entries))

    def action_open(self) -> None:
        """Say that the tile is wanted."""
        if self.chosen is not None:
            self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """Go to a tile; a second click opens it."""
        place = event.get_content_offset(self)
        if place is None or place.x // self._tile_size.width >= self._columns:
            return
        line = place.y + self.scroll_offset.y
        index = line // self._tile_size.height * self._columns + place.x // self._tile_size.width
        if index == self.cursor:
            self.action_open()
        elif index < len(self.entries):
            self.cursor = index

    def render_line(self, y: int) -> Strip:
        """One line of all the tiles beside each other."""
        if self._listed:
            return self._row(y + self.scroll_offset.y)
        row, line = divmod(y + self.scroll_offset.y, TILE.height)
        if line == TILE.height - 1:
            return self._draw(row, line)
        cursor = self.cursor if self.cursor // self._columns == row else None
        key = (row, line, cursor, self.symbols, self.app.theme)
        if key not in self._strips:
            if len(self._strips) >= STRIPS_KEPT:
                self._strips.clear()
            self._strips[key] = self._draw(row, line)
        return self._strips[key]

    def _row(self, index: int) -> Strip:
        """One payload or folder of the list."""
        width = self.scrollable_content_region.width
        self._plain = self.rich_style
        if index >= len(self.entries):
            return Strip.blank(width, self._plain)
        entry = self.entries[index]
        spans: list[Span] = [(">" if index == self.cursor else " ", Tone.ACCENT)]
        if entry.payload is None:
            spans.append((entry.name, Tone.ACCENT))
        else:
            name_width = max(min(width // 3, LONGEST_NAME), 8)
            spans += _padded(self._caption(entry), CAPTION_WIDTH)
            name = brief(entry.payload.name)
            short = name if len(name) <= name_width else name[: name_width - 1] + "…"
            spans.append((f"{short:<{name_width}} ", Tone.PLAIN))
            spans += _content_spans(self._thumbs.get(entry.path))
        strip = Strip([Segment(brief(text), self._style(tone)) for text, tone in spans])
        if index == self.cursor and self.has_focus:
            strip = strip.apply_style(Style(reverse=True))
        return strip.adjust_cell_length(width, self._plain)

    def _draw(self, row: int, line: int) -> Strip:
        self._plain = self.rich_style  # asked once a line, since it goes through all ancestors
        segments: list[Segment] = []
        start = row * self._columns
        for index in range(start, min(start + self._columns, len(self.entries))):
            segments += self._tile(index, line)
        width = self.scrollable_content_region.width
        return Strip(segments).simplify().adjust_cell_length(width, self._plain)

    def _tile(self, index: int, line: int) -> list[Segment]:
        """One line of one tile: the cursor, then the picture or the caption."""
        entry, current = self.entries[index], index == self.cursor
        accent = self._style(Tone.ACCENT)
        bar = "┃" if current else " "
        if self.symbols is Symbols.ASCII and current:
            bar = "|"
        if line == TILE.height - 1:
            caption = self._caption_line(entry)
            return [Segment(">" if current else " ", accent), *caption]
        return [Segment(bar, accent), *self._picture(entry, line)]

    def _picture(self, entry: Tile, line: int) -> list[Segment]:
        thumb = self._thumbs.get(entry.path)
        if entry.payload is not None and isinstance(thumb, PixelGrid):
            return draw_pixels(thumb, line, self.symbols, self._plain)
        text, tone = "", Tone.MUTED
        if line == SIDE // 4:
            if entry.payload is None:
                text, tone = entry.name, Tone.ACCENT
            elif isinstance(thumb, str):
                text, tone = f"✗ {thumb}", Tone.BAD
            else:
                text = "…"
        return [Segment(_fit(text), self._style(tone))]

    def _caption_line(self, entry: Tile) -> list[Segment]:
        spans = self._caption(entry)
        strip = Strip([Segment(brief(text), self._style(tone)) for text, tone in spans])
        return list(strip.adjust_cell_length(SIDE, self._plain))

    def _style(self, tone: Tone) -> Style:
        return self._plain + rich_style(tone, self.app.theme_variables)

    def _bounded(self, index: int) -> int:
        return max(min(index, len(self.entries) - 1), 0)

    def _lay_out(self) -> None:
        rows = -(-len(self.entries) // self._columns)
        self._strips.clear()
        self.virtual_size = Size(
            self._columns * self._tile_size.width, rows * self._tile_size.height
        )
        self._show_cursor()
        self.refresh()
        self._read_visible()

    def _show_cursor(self) -> None:
        top = self.cursor // self._columns * self._tile_size.height
        self.scroll_to_region(Region(0, top, 1, self._tile_size.height), animate=False, force=True)

    def _read_visible(self) -> None:
        """Read the missing thumbnails; what is not in sight any more is not waited for."""
        if self.is_mounted and self._missing():
            self._read()

    @work(group="thumbnails", exclusive=True)
    async def _read(self) -> None:
        while missing := self._missing()[:THUMBS_AT_ONCE]:
            await in_thread(self._remember, missing)
            self._strips.clear()
            self.refresh()

    def _missing(self) -> list[Payload]:
        """The payloads in sight without a thumbnail."""
        in_sight = self._in_sight()
        return [e.payload for e in in_sight if e.payload and e.path not in self._thumbs]

    def _in_sight(self) -> tuple[Tile, ...]:
        first = self.scroll_offset.y // self._tile_size.height * self._columns
        rows = self.size.height // self._tile_size.height + 2
        return self.entries[first : first + rows * self._columns]

    def _remember(self, images: Sequence[Payload]) -> None:
        for image in images:
            try:
                if self._listed or not isinstance(image, DigitImage):
                    self._thumbs[image.path] = look_into(image)
                else:
                    self._thumbs[image.path] = preview(image, SIDE)
            except PayloadError:
                self._thumbs[image.path] = "unreadable" if self._listed else _problem(image)
        while len(self._thumbs) > KEPT_THUMBS:
            del self._thumbs[next(iter(self._thumbs))]


def _padded(spans: list[Span], width: int) -> list[Span]:
    """The caption in a column of its own."""
    used = sum(len(text) for text, _ in spans)
    return [*spans, (" " * max(width - used, 1), Tone.PLAIN)]


def _content_spans(content: PixelGrid | Content | str | None) -> list[Span]:
    """The type, the size and the beginning of a payload."""
    if isinstance(content, Content):
        start = " ".join(content.text[:LONGEST_START].split())
        return [(f"{content.words:<{WORDS_WIDTH}} ", Tone.MUTED), (start, Tone.PLAIN)]
    return [(f"✗ {content}", Tone.BAD)] if isinstance(content, str) else [("…", Tone.MUTED)]


def _problem(image: Payload) -> str:
    return "no image" if image.path.exists() else "gone"


def _fit(text: str) -> str:
    """A folder's name or a problem in the width of a picture."""
    text = brief(text)
    short = text if len(text) <= SIDE else text[: SIDE - 1] + "…"
    return short.center(SIDE)
