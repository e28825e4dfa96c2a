"""The name of a server in its own colour; the name says the same without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from textual.content import Content

if TYPE_CHECKING:
    from tsmon.config.schema import ServerColor

_DARK = frozenset({"blue", "red", "magenta"})
"""Colours that white letters can be read on."""


def badge(name: str, color: ServerColor) -> Content:
    """The name as content."""
    if not color:
        return Content.styled(f" {name} ", "bold")
    ink = "white" if color in _DARK else "black"
    return Content.styled(f" {name} ", f"bold {ink} on ansi_{color}")


def badge_style(color: ServerColor) -> Style:
    """The same for those widgets that take Rich text."""
    if not color:
        return Style(bold=True)
    ink = "bright_white" if color in _DARK else "black"
    return Style(bold=True, color=ink, bgcolor=color)
