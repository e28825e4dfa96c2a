"""The colour themes by name."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from rich.console import Console  # noqa: TID251 (prints nothing)
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES

from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.text.contrast import LEAST_CONTRAST, contrast

DARK = "textual-dark"
LIGHT = "textual-light"
_SHARES = (0.6, 0.7, 0.8, 0.9)
_OPPOSITE = {DARK: LIGHT, LIGHT: DARK, "ansi-dark": "ansi-light", "ansi-light": "ansi-dark"}


def theme_named(name: str) -> str:
    """A theme that there is; without a name the one that fits the terminal.

    Where a terminal has 16 colours, those that its owner chose are used as they are; with NO_COLOR
    everything is grey, which needs a theme of which the colours are known.

    Raises:
        InvalidArgument: there is not one of this name.
    """
    if not name:
        console = Console()
        return "ansi-dark" if console.color_system == "standard" and not console.no_color else DARK
    if name not in BUILTIN_THEMES:
        near = get_close_matches(name, BUILTIN_THEMES, n=1) or sorted(BUILTIN_THEMES)
        raise InvalidArgument(f"no theme is called {name}", f"similar: {', '.join(near)}")
    return name


def opposite(name: str, *, dark: bool) -> str:
    """The light theme for a dark one, and the other way round."""
    return _OPPOSITE.get(name, LIGHT if dark else DARK)


def readable_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The muted words of a theme, as far from its background as they have to be.

    Some themes have so little contrast that three fifths of it cannot be read.
    """
    try:
        words, behind = Color.parse(variables["foreground"]), Color.parse(variables["panel"])
    except ColorParseError:
        return {}  # the terminal's own colours
    if words.ansi is not None or behind.ansi is not None:
        return {}
    enough = (
        share for share in _SHARES if contrast(behind.blend(words, share), behind) >= LEAST_CONTRAST
    )
    return {"foreground-muted": words.with_alpha(next(enough, 1.0)).hex}
