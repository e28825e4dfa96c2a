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

LOG_KEYS: tuple[Key, ...] = (
    Key(
        "logs.follow", "F", "F", "follow", Group.LOGS, "follow",
        "Follow the end of the log, or stop following; going up stops, end starts.",
    ),
    Key(
        "logs.search", "slash", "/", "search", Group.LOGS, "search",
        "Search for text; case matters only if you type a capital.",
    ),
    Key(
        "logs.next", "n", "n", "hit(1)", Group.LOGS, "next match",
        "Go to the next matching line, also inside folded tracebacks.",
    ),
    Key(
        "logs.before", "N", "N", "hit(-1)", Group.LOGS, "previous match",
        "Go to the previous matching line.",
    ),
    Key(
        "logs.level", "v", "v", "level", Group.LOGS, "level",
        "Show all levels, from INFO on, from WARN on, or ERROR alone.",
    ),
    Key(
        "logs.worker", "w", "w", "worker", Group.LOGS, "worker",
        "Choose the model or the worker whose lines are shown.",
    ),
    Key(
        "logs.file", "f", "f", "file", Group.LOGS, "file",
        "Read another log file: ts_log, model_log, access_log, the metrics.",
    ),
    Key(
        "logs.fold", "enter", "enter", "open_line", Group.LOGS, "unfold",
        "Unfold or fold a traceback; show any other line in full.",
    ),
    Key(
        "logs.fold-all", "E", "E", "fold_all", Group.LOGS, "unfold all",
        "Unfold all tracebacks, or fold them.",
    ),
    Key(
        "logs.copy", "y", "y", "copy", Group.LOGS, "copy",
        "Copy the line, or the whole folded traceback, without passwords and keys.",
    ),
    Key(
        "logs.routine", "x", "x", "routine", Group.LOGS, "routine",
        "Show or hide routine lines, which every request and every poll writes.",
    ),
    Key(
        "logs.moment", "at", "@", "moment", Group.LOGS, "that moment",
        "Show the moment of this line in the monitor.",
    ),
    Key(
        "logs.clear", "c", "c", "clear", Group.LOGS, "no filter",
        "Show the lines of all models, workers and levels.",
    ),
)  # fmt: skip

LINE_KEYS: tuple[Key, ...] = (
    Key("line.up", "up,k", "↑", "move(-1)", Group.LOGS, "up", "Go one line up (also k)."),
    Key(
        "line.down", "down,j", "↓", "move(1)", Group.LOGS, "down",
        "Go one line down (also j).",
    ),
    Key(
        "line.page-up", "pageup", "pgup", "move_pages(-1)", Group.LOGS, "page up",
        "Go one page up.",
    ),
    Key(
        "line.page-down", "pagedown", "pgdn", "move_pages(1)", Group.LOGS, "page down",
        "Go one page down.",
    ),
    Key("line.first", "home", "home", "first", Group.LOGS, "first", "Go to the oldest line."),
    Key("line.last", "end", "end", "last", Group.LOGS, "last", "Go to the end and follow."),
    Key(
        "line.left", "left,h", "←", "shift(-1)", Group.LOGS, "left",
        "Scroll long lines to the left (also h).",
    ),
    Key(
        "line.right", "right", "→", "shift(1)", Group.LOGS, "right",
        "Scroll long lines to the right.",
    ),
)  # fmt: skip

ONE_REQUEST_KEYS: tuple[Key, ...] = (
    Key(
        "requests.lines", "l", "l", "lines", Group.REQUESTS, "log lines",
        "Show the log lines from the time of the request.",
    ),
    Key(
        "requests.moment", "at", "@", "moment", Group.REQUESTS, "that moment",
        "Show the moment of this request in the monitor.",
    ),
    Key(
        "requests.copy", "y", "y", "copy", Group.REQUESTS, "copy",
        "Copy the details of the request.",
    ),
)  # fmt: skip

REQUEST_KEYS: tuple[Key, ...] = (
    Key(
        "requests.open", "enter", "enter", "open", Group.REQUESTS, "details",
        "Show one request: its queue, backend and handler time, and how it compares to others.",
    ),
    Key(
        "requests.filter", "slash", "/", "filter", Group.REQUESTS, "filter",
        "Filter the requests: text, !not, ~regex or /regex/.",
    ),
    Key(
        "requests.order", "o", "o", "order", Group.REQUESTS, "sort",
        "Sort the requests by the next column (also a click on its title).",
    ),
    Key(
        "requests.reverse", "O", "O", "reverse", Group.REQUESTS, "reverse",
        "Reverse the sort order of the requests (also a second click on the title).",
    ),
    Key(
        "requests.failed", "v", "v", "failed", Group.REQUESTS, "failed only",
        "Show only failed requests, or all.",
    ),
    Key(
        "requests.model", "w", "w", "model", Group.REQUESTS, "this model",
        "Show only requests to the selected model, or all.",
    ),
    *ONE_REQUEST_KEYS,
)  # fmt: skip

ALL_METRICS_KEYS: tuple[Key, ...] = (
    Key(
        "series.chart", "enter", "enter", "chart", Group.SERIES, "chart",
        "Show the chart of the series under the cursor, or hide it.",
    ),
    Key(
        "series.filter", "slash", "/", "filter", Group.SERIES, "filter",
        "Filter the series by name, label, type, unit or HELP: text, !not, ~regex or /regex/.",
    ),
    Key(
        "series.order", "o", "o", "order", Group.SERIES, "sort",
        "Sort the series by the next column (also a click on its title).",
    ),
    Key(
        "series.reverse", "O", "O", "reverse", Group.SERIES, "reverse",
        "Reverse the sort order of the series (also a second click on the title).",
    ),
    Key(
        "series.pin", "space", "space", "pin", Group.SERIES, "pin",
        "Pin the series under the cursor above the charts, or unpin it; the configuration keeps "
        "it.",
    ),
    Key(
        "series.copy", "y", "y", "copy", Group.SERIES, "copy",
        "Copy the series and its value, as /metrics has them.",
    ),
    Key(
        "series.query", "Y", "Y", "query", Group.SERIES, "copy PromQL",
        "Copy the query that shows the series in Prometheus.",
    ),
)  # fmt: skip

RUNS_KEYS: tuple[Key, ...] = (
    Key(
        "runs.compare", "enter", "enter", "compare", Group.RUNS, "compare",
        "Compare the two marked runs, or the marked one and the chosen one; without a mark, show "
        "the chosen one.",
    ),
    Key(
        "runs.mark", "space", "space", "mark", Group.RUNS, "mark",
        "Mark or unmark the run; with two marked, the one marked first gives way.",
    ),
    Key(
        "runs.model", "w", "w", "model", Group.RUNS, "this model",
        "Show only runs of the selected version, or all.",
    ),
    Key(
        "runs.file", "f", "f", "file", Group.RUNS, "add a file",
        "Add a run that `tsmon load MODEL --json` wrote to a file.",
    ),
)  # fmt: skip

COMPARED_KEYS: tuple[Key, ...] = (
    Key(
        "runs.copy", "y", "y", "copy", Group.RUNS, "copy",
        "Copy what is shown of one or two runs.",
    ),
)  # fmt: skip

DOCTOR_KEYS: tuple[Key, ...] = (
    Key(
        "doctor.run", "r", "r", "run", Group.DOCTOR, "run again",
        "Run all checks again.",
    ),
    Key(
        "doctor.whole", "enter", "enter", "whole", Group.DOCTOR, "all of it",
        "Show the whole finding: problem, evidence and remedy.",
    ),
    Key(
        "doctor.copy", "y", "y", "copy", Group.DOCTOR, "copy remedy",
        "Copy the remedy to the terminal's clipboard.",
    ),
    Key(
        "doctor.fine", "v", "v", "fine", Group.DOCTOR, "passed checks",
        "Show passed checks and what was not checked as well, or what is wrong alone.",
    ),
)  # fmt: skip

EVENT_KEYS: tuple[Key, ...] = (
    Key(
        "events.moment", "enter", "enter", "moment", Group.EVENTS, "that moment",
        "Show the moment of the event in the monitor.",
    ),
    Key(
        "events.filter", "slash", "/", "filter", Group.EVENTS, "filter",
        "Filter the events: text, !not, ~regex or /regex/.",
    ),
    Key(
        "events.bad", "v", "v", "bad", Group.EVENTS, "bad only",
        "Show only events that need attention, or all.",
    ),
    Key(
        "events.kind", "f", "f", "kind", Group.EVENTS, "kind",
        "Choose which kind of events to show.",
    ),
    Key(
        "events.model", "w", "w", "model", Group.EVENTS, "this model",
        "Show only events of the selected version, or all.",
    ),
    Key(
        "events.logs", "l", "l", "logs", Group.EVENTS, "log lines",
        "Show the log lines from that moment.",
    ),
    Key(
        "events.why", "Y", "Y", "why", Group.EVENTS, "why?",
        "Show why it happened: cause, traceback, the deciding log lines.",
    ),
    Key(
        "events.copy", "y", "y", "copy", Group.EVENTS, "copy",
        "Copy the event as one line.",
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
