"""The canvas to draw on, by mouse and by keys."""

from __future__ import annotations

from typing import ClassVar

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tsmon.digits.canvas import Canvas, Pen, Point
from tsmon.digits.images import DIGIT_SIDE, PixelGrid
from tsmon.tui import keymap
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.tones import Tone, rich_style
from tsmon.tui.widgets.pixel_view import draw_pixels

_RIGHT_BUTTON = 3
_SHADES = " .:-=+*#%@"
_CURSORS = {
    # Whether the pen is down, and whether the cursor is on the lower pixel of a character.
    (False, False): ("▘", "'"),
    (False, True): ("▖", ","),
    (True, False): ("▀", "^"),
    (True, True): ("▄", "v"),
}


class CanvasView(Widget, can_focus=True):
    """Shows a canvas: 28 columns by 14 lines, or twice that each way where `large`."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.CANVAS_KEYS)

    symbols = reactive(Symbols.BRAILLE)
    large = reactive(False, layout=True)
    pen_down = reactive(False)
    pen: reactive[Pen] = reactive(Pen())

    class Drawn(Message):
        """The drawing is another one now."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(id="canvas")
        self.canvas = canvas
        self.place = (DIGIT_SIDE // 2, DIGIT_SIDE // 4)
        """Column and row of the keyboard's cursor."""
        self._dragging = False

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """A column for each pixel, or two."""
        return DIGIT_SIDE * (2 if self.large else 1)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each pixel, or for two."""
        return DIGIT_SIDE if self.large else DIGIT_SIDE // 2

    # Drawing by keys

    def action_move(self, across: int, down: int) -> None:
        """Move the cursor one pixel, and draw when the pen is down."""
        column, row = self.place
        last = DIGIT_SIDE - 1
        self.place = min(max(column + across, 0), last), min(max(row + down, 0), last)
        if self.pen_down:
            self.canvas.drag(self._middle)
            self._changed()
        self.refresh()

    def toggle_pen(self) -> None:
        """Put the pen down at the cursor, or lift it."""
        if self.pen_down:
            self.lift()
        else:
            self.canvas.press(self._middle, self.pen)
            self.pen_down = True
            self._changed()

    def lift(self) -> None:
        """Lift the pen."""
        self.canvas.lift()
        self.pen_down = False

    def change_pen(self, pen: Pen) -> None:
        """Go on with another pen; one that is down begins a new stroke."""
        self.pen = pen
        if self.pen_down:
            self.canvas.press(self._middle, pen)
            self._changed()

    @property
    def _middle(self) -> Point:
        return self.place[0] + 0.5, self.place[1] + 0.5

    # Drawing by mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin a stroke; the right button, or shift, erasing."""
        event.stop()
        self.lift()
        erases = self.pen.erases or event.shift or event.button == _RIGHT_BUTTON
        self.capture_mouse()
        self._dragging = True
        self.canvas.press(self._under(event), Pen(self.pen.brush, erases))
        self._changed()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Go on with the stroke."""
        if self._dragging:
            event.stop()
            self.canvas.drag(self._under(event))
            self._changed()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End the stroke."""
        event.stop()
        self.release_mouse()

    def on_mouse_release(self, event: events.MouseRelease) -> None:
        """The mouse is someone else's now."""
        self._dragging = False
        self.canvas.lift()

    def _under(self, event: events.MouseEvent) -> Point:
        """The point of the canvas under the mouse; the cursor goes there too."""
        across = (event.x + 0.5) / 2 if self.large else event.x + 0.5
        down = event.y + 0.5 if self.large else 2 * event.y + 1.0
        last = DIGIT_SIDE - 1
        self.place = min(max(int(across), 0), last), min(max(int(down), 0), last)
        return across, down

    def _changed(self) -> None:
        self.refresh()
        self.post_message(self.Drawn())

    # Rendering

    def render_line(self, y: int) -> Strip:
        """A line of pixels, or of two rows of them, with the cursor."""
        pixels = self.canvas.pixels
        if self.large:
            segments = [self._block(pixels, x, y) for x in range(DIGIT_SIDE)]
        else:
            # Joined pixels of one shade are one segment, and the cursor is a column by itself.
            segments = draw_pixels(pixels, y, self.symbols, self.rich_style)
        strip = Strip(segments)
        if self.has_focus and self.place[1] // (1 if self.large else 2) == y:
            strip = self._with_cursor(strip, pixels)
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _block(self, pixels: PixelGrid, x: int, y: int) -> Segment:
        shade = pixels.at(x, y)
        if self.symbols is Symbols.ASCII:
            return Segment(_SHADES[shade * (len(_SHADES) - 1) // 255] * 2, self.rich_style)
        return Segment("  ", Style(bgcolor=Color.from_rgb(shade, shade, shade)))

    def _with_cursor(self, strip: Strip, pixels: PixelGrid) -> Strip:
        column, row = self.place
        width = 2 if self.large else 1
        start = column * width
        ascii_only = self.symbols is Symbols.ASCII
        sign = _CURSORS[self.pen_down, not self.large and row % 2 == 1][ascii_only]
        if self.large:
            sign = ("><" if self.pen_down else "[]") if ascii_only else sign * 2
        style = self.rich_style + rich_style(Tone.ACCENT, self.app.theme_variables)
        if not ascii_only:
            shade = pixels.at(column, row)
            style += Style(bgcolor=Color.from_rgb(shade, shade, shade))
        before, after = strip.crop(0, start), strip.crop(start + width)
        return Strip.join([before, Strip([Segment(sign, style)]), after])
