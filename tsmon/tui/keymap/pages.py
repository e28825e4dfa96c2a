"""The keys of the pages that open above the monitor, and those that open them."""

from __future__ import annotations

from tsmon.tui.keymap.key import DO, Group, Key, PaneName

OPEN_WHY = Key(
    "server.why", "Y", "Y", DO, Group.SERVER, "why?",
    "Show why something is not well: verdict, cause, traceback, the deciding log lines, a fix. For "
    "the selected worker in pane 2, else for the selected model, else for what is worst.",
    (PaneName.MODELS, PaneName.WORKERS),
)  # fmt: skip

WRITE_INCIDENT = Key(
    "server.incident", "I", "I", DO, Group.SERVER, "incident",
    "Write the last minutes down in one folder: a replay file, a summary in Markdown, a picture of "
    "the screen.",
)  # fmt: skip

OPEN_TIMELINE = Key(
    "workers.timeline", "J", "J", DO, Group.WORKERS, "timeline",
    "Show what each worker did over time, a lane for each: busy, idle, starting, dead, given up.",
    (PaneName.WORKERS,),
)  # fmt: skip

OPEN_ALL_METRICS = Key(
    "server.metrics", "number_sign", "#", DO, Group.SERVER, "all metrics",
    "List every series that the server publishes, with its labels, rate and HELP text; enter shows "
    "the chart of one.",
    (PaneName.METRICS,),
)  # fmt: skip

OPENING_KEYS: tuple[Key, ...] = (
    Key(
        "server.logs", "l", "l", DO, Group.SERVER, "logs",
        "Read the server's log files for the selected version, or for one worker if the workers "
        "have focus.",
        (PaneName.WORKERS,), of_version=True,
    ),
    Key(
        "server.requests", "Q", "Q", DO, Group.SERVER, "requests",
        "Show the slowest, the failed and the latest requests from the log files.",
        of_version=True,
    ),
    Key(
        "server.doctor", "H", "H", DO, Group.SERVER, "doctor",
        "Check the server and this machine for problems, with a remedy for each.",
    ),
    Key(
        "server.events", "e", "e", DO, Group.SERVER, "events",
        "Show what happened and when: models, workers, restarts, errors.",
    ),
    Key(
        "server.runs", "B", "B", DO, Group.RUN, "runs",
        "List the load runs of this session and earlier ones, and compare two of them.",
        (PaneName.RUN,),
    ),
    OPEN_ALL_METRICS,
    OPEN_WHY,
    WRITE_INCIDENT,
    OPEN_TIMELINE,
)  # fmt: skip

WHY_KEYS: tuple[Key, ...] = (
    Key(
        "why.fix", "enter", "enter", "fix", Group.WHY, "fix",
        "Do the first of the fixes it offers, after the usual question.",
    ),
    Key(
        "why.next", "n", "n", "turn(1)", Group.WHY, "next problem",
        "Go to the next model that needs attention.",
    ),
    Key(
        "why.previous", "N", "N", "turn(-1)", Group.WHY, "previous problem",
        "Go to the model before.",
    ),
    Key(
        "why.unfold", "E", "E", "unfold", Group.WHY, "unfold",
        "Show tracebacks whole, or fold them.",
    ),
    Key(
        "why.logs", "l", "l", "logs", Group.WHY, "log",
        "Open the log where it happened.",
    ),
    Key(
        "why.requests", "Q", "Q", "requests", Group.WHY, "requests",
        "Show the failed requests of the model.",
    ),
    Key(
        "why.moment", "at", "@", "moment", Group.WHY, "that moment",
        "Show the moment of the failure in the monitor.",
    ),
    Key(
        "why.copy", "y", "y", "copy", Group.WHY, "copy",
        "Copy all of it as text.",
    ),
)  # fmt: skip

CANARY_KEYS: tuple[Key, ...] = (
    Key(
        "canary.send", "n", "n", "send", Group.CANARY, "send to both",
        "Send random images to both versions, the same to each, as many as last time.",
    ),
    Key(
        "canary.promote", "D", "D", "promote", Group.CANARY, "promote",
        "Make the second version the default one, after confirmation; the monitor can undo it.",
    ),
    Key(
        "canary.other", "v", "v", "other", Group.CANARY, "other version",
        "Compare the first version with another one.",
    ),
)  # fmt: skip

TIMELINE_KEYS: tuple[Key, ...] = (
    Key(
        "timeline.up", "up,k", "↑", "choose(-1)", Group.TIMELINE, "worker above",
        "Choose the worker above.",
    ),
    Key(
        "timeline.down", "down,j", "↓", "choose(1)", Group.TIMELINE, "worker below",
        "Choose the worker below.",
    ),
    Key(
        "timeline.model", "w", "w", "model", Group.TIMELINE, "this model",
        "Show only the workers of the selected version, or all.",
    ),
)  # fmt: skip

STORE_KEYS: tuple[Key, ...] = (
    Key(
        "store.serve", "enter", "enter", "serve", Group.STORE, "serve",
        "Register the archive with one worker; of one that is registered, show the model.",
    ),
    Key(
        "store.copy", "y", "y", "copy", Group.STORE, "copy",
        "Copy the path of the archive.",
    ),
)  # fmt: skip

WORKFLOW_KEYS: tuple[Key, ...] = (
    Key(
        "workflows.register", "r", "r", "register", Group.WORKFLOWS, "register",
        "Register an archive of the workflow store or a URL, and start its models.", changes=True,
    ),
    Key(
        "workflows.unregister", "u", "u", "unregister", Group.WORKFLOWS, "unregister",
        "Unregister the workflow with its models, after confirmation.", changes=True,
    ),
    Key(
        "workflows.again", "a", "a", "again", Group.WORKFLOWS, "again",
        "Ask the server again.",
    ),
    Key(
        "workflows.copy", "y", "y", "copy", Group.WORKFLOWS, "copy",
        "Copy the name of the workflow.",
    ),
)  # fmt: skip

PAGE_KEYS: tuple[Key, ...] = (
    Key(
        "page.back", "escape", "esc", "back", Group.PAGES, "back",
        "Close what is open on the page; otherwise go back.",
    ),
)  # fmt: skip

TEXT_KEYS: tuple[Key, ...] = (
    Key(
        "text.copy", "y", "y", "copy", Group.PAGES, "copy",
        "Copy the open text to the terminal's clipboard.",
    ),
)  # fmt: skip


OPEN_SETTINGS = Key(
    "app.settings", "C", "C", DO, Group.GENERAL, "settings",
    "Show the settings; change them for this session, or save them to the configuration.",
)  # fmt: skip

SETTING_KEYS: tuple[Key, ...] = (
    Key(
        "settings.change", "enter", "enter", "change", Group.SETTINGS, "change",
        "Change the setting; the page shows whether it applies now or from the next start.",
    ),
    Key(
        "settings.keep", "s", "s", "save", Group.SETTINGS, "save",
        "Save changes to the configuration file; its other lines stay unchanged.",
    ),
    Key(
        "settings.default", "d", "d", "default", Group.SETTINGS, "default",
        "Reset to the default; saving then removes the setting from the file.",
    ),
    Key(
        "settings.undo", "u", "u", "take_back", Group.SETTINGS, "discard",
        "Discard an unsaved change of the setting.",
    ),
    Key(
        "settings.copy", "y", "y", "copy", Group.SETTINGS, "copy",
        "Copy the equivalent command, `tsmon config set KEY VALUE`.",
    ),
)  # fmt: skip
