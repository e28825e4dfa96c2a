"""The keys that move in tables, lists and pages of text."""

from __future__ import annotations

from tsmon.tui.keymap.key import Group, Key

MOTION_KEYS: tuple[Key, ...] = (
    Key(
        "move.up", "up,k", "↑", "cursor_up", Group.MOVING, "up",
        "Go one row up.",
    ),
    Key(
        "move.down", "down,j", "↓", "cursor_down", Group.MOVING, "down",
        "Go one row down.",
    ),
    Key(
        "move.page-up", "pageup", "pgup", "page_up", Group.MOVING, "page up",
        "Go one page up.",
    ),
    Key(
        "move.page-down", "pagedown", "pgdn", "page_down", Group.MOVING, "page down",
        "Go one page down.",
    ),
    Key(
        "move.half-up", "ctrl+u", "ctrl+u", "half_page(-1)", Group.MOVING, "half up",
        "Go half a page up.",
    ),
    Key(
        "move.half-down", "ctrl+d", "ctrl+d", "half_page(1)", Group.MOVING, "half down",
        "Go half a page down.",
    ),
    Key(
        "move.first", "home", "home", "first", Group.MOVING, "first",
        "Go to the first row.",
    ),
    Key(
        "move.last", "end,G", "end", "last", Group.MOVING, "last",
        "Go to the last row.",
    ),
)  # fmt: skip
