"""The keys that replace, restart and take back."""

from __future__ import annotations

from tsmon.tui.keymap.key import DO, Group, Key, PaneName

CHANGING_KEYS: tuple[Key, ...] = (
    Key(
        "model.replace", "R", "R", DO, Group.MODELS, "replace",
        "Put another version in the place of the selected one without downtime, step by step.",
        (PaneName.MODELS,), changes=True,
    ),
    Key(
        "workers.restart", "W", "W", DO, Group.WORKERS, "restart",
        "Restart the workers of the selected version, one at a time where that is possible.",
        (PaneName.WORKERS,), changes=True,
    ),
    Key(
        "model.undo", "U", "U", DO, Group.MODELS, "undo",
        "Take the last scale, set default or unregister back; the footer says what it would do.",
        changes=True,
    ),
)  # fmt: skip

STEPS_KEYS: tuple[Key, ...] = (
    Key(
        "steps.stop", "escape", "esc", "stop", Group.DIALOGS, "stop or close",
        "In a replacement or restart, stop it and leave a model that serves; close it at its end.",
    ),
    Key(
        "steps.quit", "q", "q", "app.quit", Group.DIALOGS, "quit",
        "In a replacement or restart, stop it so and leave the monitor.",
    ),
)  # fmt: skip
