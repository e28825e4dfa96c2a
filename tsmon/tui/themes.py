"""The colour themes by name."""

from __future__ import annotations

from difflib import get_close_matches

from textual.theme import BUILTIN_THEMES

from tsmon.torchserve.errors import InvalidArgument

DARK = "textual-dark"
LIGHT = "textual-light"


def theme_named(name: str) -> str:
    """A theme that there is; without a name the default one.

    Raises:
        InvalidArgument: there is none of this name.
    """
    if not name:
        return DARK
    if name not in BUILTIN_THEMES:
        near = get_close_matches(name, BUILTIN_THEMES, n=1) or sorted(BUILTIN_THEMES)
        raise InvalidArgument(f"no theme is called {name}", f"there is {', '.join(near)}")
    return name
