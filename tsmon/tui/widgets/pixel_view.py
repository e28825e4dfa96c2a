"""A small grey picture in half blocks: two pixels to a character."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tsmon.digits.images import DIGIT_SIDE, PixelGrid
from tsmon.tui.text.symbols import Symbols

UPPER_HALF = "▀"
_SHADES = " .:-=+*#%@"


class PixelView(Widget):
    """Shows a `PixelGrid`: a digit is exactly 28 columns by 14 rows."""

    DEFAULT_CSS = f"""
    PixelView {{ width: {DIGIT_SIDE}; height: {DIGIT_SIDE // 2}; }}
    """

    grid: reactive[PixelGrid | None] = reactive(None)
    symbols = reactive(Symbols.BRAILLE)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """A column for each pixel."""
        return self.grid.width if self.grid else DIGIT_SIDE

    def render_line(self, y: int) -> Strip:
        """Two rows of pixels."""
        grid = self.grid
        if grid is None or 2 * y >= grid.height:
            return Strip.blank(self.size.width, self.rich_style)
        return (
            Strip(draw_pixels(grid, y, self.symbols, self.rich_style), grid.width)
            .simplify()
            .adjust_cell_length(self.size.width, self.rich_style)
        )


def draw_pixels(grid: PixelGrid, y: int, symbols: Symbols, plain: Style) -> list[Segment]:
    """Line `y` of a picture: two rows of its pixels, a character for each column."""
    pairs = [(grid.at(x, 2 * y), _lower(grid, x, y)) for x in range(grid.width)]
    if symbols is Symbols.ASCII:
        return [Segment("".join(map(_shade, pairs)), plain)]
    return [Segment(UPPER_HALF, _style(*pair)) for pair in pairs]


def _lower(grid: PixelGrid, x: int, y: int) -> int:
    return grid.at(x, 2 * y + 1) if 2 * y + 1 < grid.height else 0


def _shade(pair: tuple[int, int]) -> str:
    return _SHADES[sum(pair) * (len(_SHADES) - 1) // 510]


@lru_cache(maxsize=4096)
def _style(upper: int, lower: int) -> Style:
    return Style(
        color=Color.from_rgb(upper, upper, upper), bgcolor=Color.from_rgb(lower, lower, lower)
    )
