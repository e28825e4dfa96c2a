"""The name of a server in its own colour; the name says the same without it."""

from __future__ import annotations

from rich.style import Style
from textual.content import Content

from tsmon.config.schema import ServerColor

_DARK = frozenset({"blue", "red", "magenta"})
"""Colours that white letters can be read on."""


def badge(name: str, color: ServerColor) -> Content:
    """The name as content."""
    if not color:
        return Content.styled(f" {name} ", "bold")
    return Content.styled(f" {name} ", f"bold {_ink(color)} on ansi_{color}")


def badge_style(color: ServerColor) -> Style:
    """The same for those widgets that take Rich text."""
    return Style(bold=True, color=_ink(color), bgcolor=color) if color else Style(bold=True)


def _ink(color: ServerColor) -> str:
    return "white" if color in _DARK else "black"
