"""The colour themes by name."""

from __future__ import annotations

from difflib import get_close_matches

from rich.console import Console
from textual.theme import BUILTIN_THEMES

from tsmon.torchserve.errors import InvalidArgument

DARK = "textual-dark"
LIGHT = "textual-light"
_OPPOSITE = {DARK: LIGHT, LIGHT: DARK, "ansi-dark": "ansi-light", "ansi-light": "ansi-dark"}


def theme_named(name: str) -> str:
    """A theme that there is; without a name the one that fits the terminal.

    Where a terminal has 16 colours, those that its owner chose are used as they are; with NO_COLOR
    everything is grey, which needs a theme of which the colours are known.

    Raises:
        InvalidArgument: there is none of this name.
    """
    if not name:
        console = Console()
        return "ansi-dark" if console.color_system == "standard" and not console.no_color else DARK
    if name not in BUILTIN_THEMES:
        near = get_close_matches(name, BUILTIN_THEMES, n=1) or sorted(BUILTIN_THEMES)
        raise InvalidArgument(f"no theme is called {name}", f"there is {', '.join(near)}")
    return name


def opposite(name: str, *, dark: bool) -> str:
    """The light theme for a dark one, and the other way round."""
    return _OPPOSITE.get(name, LIGHT if dark else DARK)
