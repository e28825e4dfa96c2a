"""The keys of the pages that list what was written, measured or found."""

from __future__ import annotations

from tsmon.tui.keymap.key import Group, Key

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
