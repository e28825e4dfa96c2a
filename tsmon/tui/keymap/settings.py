"""The keys of the settings page, and the one that opens it."""

from __future__ import annotations

from tsmon.tui.keymap.key import DO, Group, Key

OPEN_SETTINGS = Key(
    "app.settings", "C", "C", DO, Group.GENERAL, "settings",
    "Show the settings: change them for this session, or keep them in the configuration.",
)  # fmt: skip

SETTING_KEYS: tuple[Key, ...] = (
    Key(
        "settings.change", "enter", "enter", "change", Group.SETTINGS, "change",
        "Change the setting; the page tells whether that holds at once or from the next start.",
    ),
    Key(
        "settings.keep", "s", "s", "keep", Group.SETTINGS, "keep",
        "Write what was changed into the configuration file; its other lines stay as they are.",
    ),
    Key(
        "settings.default", "d", "d", "default", Group.SETTINGS, "default",
        "Put the default back; kept, the setting leaves the file.",
    ),
    Key(
        "settings.undo", "u", "u", "take_back", Group.SETTINGS, "take back",
        "Take back a change of the setting that was not kept.",
    ),
    Key(
        "settings.copy", "y", "y", "copy", Group.SETTINGS, "copy",
        "Copy the command line that sets it so, `tsmon config set KEY VALUE`.",
    ),
)  # fmt: skip
