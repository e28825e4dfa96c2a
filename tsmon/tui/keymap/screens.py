"""Which keys are there at the same time, so that none of them may be two."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tsmon.tui import keymap
from tsmon.tui.keymap.key import Key

SCREENS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {
        "monitor": (*keymap.KEYS, *keymap.MOTION_KEYS),
        "metrics": (*keymap.KEYS, *keymap.METRICS_KEYS),
        "picker": (*keymap.PICKER_KEYS, *keymap.GRID_KEYS, *keymap.SHARED_KEYS),
        "draw pad": (*keymap.DRAW_KEYS, *keymap.CANVAS_KEYS, *keymap.SHARED_KEYS),
        "dialog": (*keymap.DIALOG_KEYS, *keymap.MOTION_KEYS),
        "description": (*keymap.DIALOG_KEYS, *keymap.DESCRIBE_KEYS, *keymap.MOTION_KEYS),
        "logs": (*keymap.LOG_KEYS, *keymap.LINE_KEYS, *keymap.PAGE_SHARED_KEYS),
        "requests": (*keymap.REQUEST_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "one request": (*keymap.ONE_REQUEST_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "doctor": (*keymap.DOCTOR_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "events": (*keymap.EVENT_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "settings": (*keymap.SETTING_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "text": (*keymap.DIALOG_KEYS, *keymap.TEXT_KEYS, *keymap.MOTION_KEYS),
        "steps": keymap.STEPS_KEYS,
        "fleet": (*keymap.FLEET_KEYS, *keymap.MOTION_KEYS, *keymap.FLEET_SHARED_KEYS),
        "help": (*keymap.DIALOG_KEYS, *keymap.HELP_KEYS, *keymap.MOTION_KEYS),
        "command line": (*keymap.DIALOG_KEYS, *keymap.COMMAND_KEYS),
        "load run": keymap.LOAD_KEYS,
        "experiment": keymap.EXPERIMENT_KEYS,
    }
)
"""Every key of a screen and of the widgets in it; a key belongs to at least one screen."""
