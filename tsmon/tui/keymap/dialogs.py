"""The keys of dialogs and pages above the monitor, and of its panes."""

from __future__ import annotations

from tsmon.tui.keymap.key import Group, Key

DIALOG_KEYS: tuple[Key, ...] = (
    Key(
        "dialog.cancel", "escape", "esc", "cancel", Group.DIALOGS, "cancel",
        "Close the dialog without changing anything.",
    ),
)  # fmt: skip

DESCRIBE_KEYS: tuple[Key, ...] = (
    Key(
        "describe.turn", "tab,shift+tab", "tab", "turn", Group.DIALOGS, "JSON",
        "In a description, switch between the words and the JSON that the server sent.",
    ),
    Key(
        "describe.ask", "m", "m", "ask", Group.DIALOGS, "ask handler",
        "In a description, ask the model's handler what it says of itself; occupies a worker.",
    ),
    Key(
        "describe.copy", "y", "y", "copy", Group.DIALOGS, "copy",
        "Copy the page of the description that is shown to the terminal's clipboard.",
    ),
)  # fmt: skip

HELP_KEYS: tuple[Key, ...] = (
    Key(
        "help.turn", "tab,shift+tab", "tab", "turn", Group.DIALOGS, "other page",
        "In the help, switch between the keys and the numbers of the focused pane.",
    ),
    Key(
        "help.search", "slash", "/", "search", Group.DIALOGS, "search",
        "In the help, show only entries with the words you type.",
    ),
)  # fmt: skip

COMMAND_KEYS: tuple[Key, ...] = (
    Key(
        "command.complete", "tab", "tab", "complete", Group.DIALOGS, "complete",
        "In the command line, take the first completion.",
    ),
    Key(
        "command.before", "up", "↑", "recall(-1)", Group.DIALOGS, "line before",
        "In the command line, recall the previous line.",
    ),
    Key(
        "command.after", "down", "↓", "recall(1)", Group.DIALOGS, "line after",
        "In the command line, go to the next line.",
    ),
)  # fmt: skip

METRICS_KEYS: tuple[Key, ...] = (
    Key(
        "metrics.previous", "up,k", "↑", "choose(-1)", Group.VIEW, "number above",
        "In the metrics, select the number above; ? explains it.",
    ),
    Key(
        "metrics.next", "down,j", "↓", "choose(1)", Group.VIEW, "number below",
        "In the metrics, select the number below.",
    ),
)  # fmt: skip


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
