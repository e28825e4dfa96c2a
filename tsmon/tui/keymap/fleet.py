"""The keys of the page of all servers."""

from __future__ import annotations

from tsmon.tui.keymap.key import Group, Key

FLEET_KEYS: tuple[Key, ...] = (
    Key(
        "fleet.open", "enter", "enter", "open", Group.FLEET, "watch",
        "In the fleet, watch the server of the row in the monitor.",
    ),
    Key(
        "fleet.filter", "slash", "/", "filter", Group.FLEET, "filter",
        "In the fleet, filter rows by server, model, label or verdict.",
    ),
    Key(
        "fleet.mark", "space", "space", "mark", Group.FLEET, "mark",
        "In the fleet, mark or unmark the server and go to the next (also ctrl+click or a right "
        "click). r, s, R and u then act on all marked servers.",
    ),
    Key(
        "fleet.scale", "s", "s", "change('scale')", Group.FLEET, "scale",
        "In the fleet, set the workers of a model on the marked servers, or on that of the row; "
        "the plan is shown first.", changes=True,
    ),
    Key(
        "fleet.register", "r", "r", "change('register')", Group.FLEET, "register",
        "In the fleet, register an archive on the marked servers; on a model's row, that one.",
        changes=True,
    ),
    Key(
        "fleet.replace", "R", "R", "change('replace')", Group.FLEET, "replace",
        "In the fleet, replace a version with another one on the marked servers.", changes=True,
    ),
    Key(
        "fleet.unregister", "u", "u", "change('unregister')", Group.FLEET, "unregister",
        "In the fleet, unregister a model on the marked servers, after confirmation.",
        changes=True,
    ),
    Key(
        "fleet.undo", "U", "U", "undo", Group.FLEET, "undo",
        "In the fleet, put back what the last change of servers changed; the plan is shown first.",
        changes=True,
    ),
    Key(
        "fleet.progress", "w", "w", "progress", Group.FLEET, "progress",
        "In the fleet, show how far a change of servers is, or how the last one ended; stop it "
        "there.",
    ),
    Key(
        "fleet.mark-shown", "M", "M", "mark_shown", Group.FLEET, "mark all",
        "In the fleet, mark all servers shown; pressed again, or esc, unmarks them.",
    ),
    Key(
        "fleet.sort", "o", "o", "sort", Group.FLEET, "sort",
        "In the fleet, sort by the next column: worst, name, workers, rate, inference, queue, "
        "errors.",
    ),
    Key(
        "fleet.models", "m", "m", "fold", Group.FLEET, "models",
        "In the fleet, hide or show the models, or the servers of each group.",
    ),
    Key(
        "fleet.group", "b", "b", "group", Group.FLEET, "group",
        "In the fleet, group the servers by cluster, namespace, job or another label that they "
        "share, then by model, then not at all; enter on a group shows its servers.",
    ),
    Key(
        "fleet.choose", "c", "c", "choose", Group.FLEET, "by name",
        "In the fleet, choose a server by its name in the configuration.",
    ),
    Key(
        "fleet.back", "escape", "esc", "back", Group.FLEET, "back",
        "In the fleet, clear the marks, the groups, then the filter; then go back.",
    ),
    Key(
        "fleet.reverse", "O", "O", "reverse", Group.FLEET, "reverse",
        "In the fleet, reverse the sort order (also a second click on the title).",
    ),
)  # fmt: skip
