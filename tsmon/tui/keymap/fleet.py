"""The keys of the fleet."""

from __future__ import annotations

from tsmon.tui.keymap.key import Group, Key

FLEET_KEYS: tuple[Key, ...] = (
    Key(
        "fleet.open", "enter", "enter", "open", Group.FLEET, "watch",
        "In the fleet, watch the server of the row in the monitor.",
    ),
    Key(
        "fleet.filter", "slash", "/", "filter", Group.FLEET, "filter",
        "In the fleet, show only rows with these words: server, model, label or verdict.",
    ),
    Key(
        "fleet.sort", "o", "o", "sort", Group.FLEET, "sort",
        "In the fleet, sort by the next: worst, name, workers, rate, inference, queue, errors.",
    ),
    Key(
        "fleet.models", "m", "m", "fold", Group.FLEET, "models",
        "In the fleet, hide the models or show them again.",
    ),
    Key(
        "fleet.choose", "c", "c", "choose", Group.FLEET, "by name",
        "In the fleet, choose a server of the configuration by its name.",
    ),
    Key(
        "fleet.back", "escape", "esc", "back", Group.FLEET, "back",
        "In the fleet, end the filter; then go back to where one was.",
    ),
    Key(
        "fleet.reverse", "O", "O", "reverse", Group.FLEET, "reverse",
        "In the fleet, sort the other way round; a second click on the title does so too.",
    ),
)  # fmt: skip
