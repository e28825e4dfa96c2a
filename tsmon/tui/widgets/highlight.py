"""The line of the cursor among lines that have colours of their own."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


def highlighted(strip: Strip, style: Style) -> Strip:
    """The strip with a style laid over those that its parts have, and nothing of it dimmed."""
    clear = style + Style(dim=False)
    return Strip(Segment.apply_style(strip, post_style=clear), strip.cell_length)
