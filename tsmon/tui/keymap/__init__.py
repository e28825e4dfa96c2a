"""The one table of keys: bindings, footer, help, commands and docs/keys.md come from it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import BindingType

from tsmon.tui.keymap.dialogs import (
    COMMAND_KEYS,
    DESCRIBE_KEYS,
    DIALOG_KEYS,
    HELP_KEYS,
    METRICS_KEYS,
    MOTION_KEYS,
)
from tsmon.tui.keymap.digits import ANSWER_KEYS, CANVAS_KEYS, DRAW_KEYS, GRID_KEYS, PICKER_KEYS
from tsmon.tui.keymap.fleet import FLEET_KEYS
from tsmon.tui.keymap.key import Group, Key, PaneName
from tsmon.tui.keymap.lists import (
    ALL_METRICS_KEYS,
    COMPARED_KEYS,
    DOCTOR_KEYS,
    EVENT_KEYS,
    LINE_KEYS,
    LOG_KEYS,
    ONE_REQUEST_KEYS,
    REQUEST_KEYS,
    RUNS_KEYS,
)
from tsmon.tui.keymap.monitor import KEYS, STEPS_KEYS
from tsmon.tui.keymap.pages import (
    CANARY_KEYS,
    PAGE_KEYS,
    SETTING_KEYS,
    STORE_KEYS,
    TEXT_KEYS,
    TIMELINE_KEYS,
    WHY_KEYS,
    WORKFLOW_KEYS,
)

__all__ = [
    "ALL_KEYS",
    "ALL_METRICS_KEYS",
    "ANSWER_KEYS",
    "BY_ID",
    "CANARY_KEYS",
    "CANVAS_KEYS",
    "COMMAND_KEYS",
    "COMPARED_KEYS",
    "DESCRIBE_KEYS",
    "DIALOG_KEYS",
    "DOCTOR_KEYS",
    "DRAW_KEYS",
    "EVENT_KEYS",
    "FLEET_KEYS",
    "FLEET_SHARED_KEYS",
    "FOOTER_MOST",
    "GRID_KEYS",
    "HELP_KEYS",
    "KEYS",
    "LINE_KEYS",
    "LOG_KEYS",
    "METRICS_KEYS",
    "MOTION_KEYS",
    "ONE_REQUEST_KEYS",
    "PAGE_KEYS",
    "PAGE_SHARED_KEYS",
    "PICKER_KEYS",
    "REQUEST_KEYS",
    "RUNS_KEYS",
    "RUN_KEYS",
    "SETTING_KEYS",
    "SHARED_KEYS",
    "STEPS_KEYS",
    "STORE_KEYS",
    "TEXT_KEYS",
    "TIMELINE_KEYS",
    "TIMELINE_TIME_KEYS",
    "WATCHING",
    "WHY_FIX_KEYS",
    "WHY_KEYS",
    "WITHOUT_SERVER",
    "WORKFLOW_KEYS",
    "Group",
    "Key",
    "PaneName",
    "bindings",
    "footer",
]

ALL_KEYS = (
    *KEYS,
    *MOTION_KEYS,
    *PICKER_KEYS,
    *GRID_KEYS,
    *ANSWER_KEYS,
    *DRAW_KEYS,
    *CANVAS_KEYS,
    *FLEET_KEYS,
    *DIALOG_KEYS,
    *DESCRIBE_KEYS,
    *METRICS_KEYS,
    *HELP_KEYS,
    *COMMAND_KEYS,
    *STEPS_KEYS,
    *PAGE_KEYS,
    *LOG_KEYS,
    *LINE_KEYS,
    *REQUEST_KEYS,
    *ALL_METRICS_KEYS,
    *DOCTOR_KEYS,
    *EVENT_KEYS,
    *RUNS_KEYS,
    *COMPARED_KEYS,
    *WHY_KEYS,
    *CANARY_KEYS,
    *TIMELINE_KEYS,
    *STORE_KEYS,
    *WORKFLOW_KEYS,
    *SETTING_KEYS,
    *TEXT_KEYS,
)

BY_ID = {key.id: key for key in KEYS}

SHARED_KEYS = tuple(
    BY_ID[id_]
    for id_ in ("app.help", "app.quit", "app.palette", "app.command", "view.symbols", "view.theme")
)
"""Keys of the monitor that the picker and the draw pad have as well."""

FLEET_SHARED_KEYS = tuple(
    BY_ID[id_] for id_ in ("app.help", "app.quit", "app.palette", "app.command", "view.theme")
)
"""Keys of the monitor that the fleet has as well."""

PAGE_SHARED_KEYS = (*PAGE_KEYS, *FLEET_SHARED_KEYS)
"""Keys that every page above the monitor has."""

TIMELINE_TIME_KEYS = tuple(
    BY_ID[f"time.{name}"]
    for name in ("back", "on", "event-before", "event-next", "pause", "wider", "closer")
)
"""Keys of the monitor that move the same moment on the timeline of the workers."""

WHY_FIX_KEYS = tuple(
    BY_ID[id_]
    for id_ in (
        "workers.more", "workers.restart", "model.replace", "model.unregister", "model.register",
        "server.start", "server.renew-tokens", "server.key-file", "server.doctor",
    )
)  # fmt: skip
"""Keys of the monitor that do on the page why? what they do there, where they may fix it."""

WATCHING = [BY_ID[f"time.{name}"] for name in (
    "pause", "back", "on", "event-next", "jump", "slower", "faster",
)]  # fmt: skip
"""The keys in the footer where one can only watch."""

WITHOUT_SERVER = [
    BY_ID[f"server.{name}"] for name in ("start", "fleet", "logs", "doctor", "events")
]
"""The keys in the footer while nothing listens where the server was."""

RUN_KEYS = tuple(
    key for key in KEYS if PaneName.RUN in key.footer or key.id in {"digits.stop", "model.open"}
)
"""Keys of the monitor that mean the run while its pane has the focus."""

FIRST = ("model.open", "model.register", "workers.scale", "digits.send-many", "server.why")
"""What a newcomer looks for: a narrow key bar names these before any other."""
FOOTER_MOST = 8
"""Keys in the footer besides those for help and quit."""


def bindings(keys: Iterable[Key] = KEYS) -> list[BindingType]:
    """Keys as a screen's `BINDINGS` want them."""
    return [binding for key in keys for binding in key.bindings()]


def footer(pane: PaneName) -> list[Key]:
    """The keys that matter most in a pane, those of `FIRST` first; at most `FOOTER_MOST`."""
    keys = [key for key in KEYS if pane in key.footer]
    keys.sort(key=lambda key: FIRST.index(key.id) if key.id in FIRST else len(FIRST))
    return keys[:FOOTER_MOST]
