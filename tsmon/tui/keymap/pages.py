"""The keys of the pages that open above the monitor, and those that open them."""

from __future__ import annotations

from tsmon.tui.keymap.key import DO, Group, Key, PaneName

OPENING_KEYS: tuple[Key, ...] = (
    Key(
        "server.logs", "l", "l", DO, Group.SERVER, "logs",
        "Read the server's log files: those of the selected version, in the workers of one worker.",
        (PaneName.WORKERS,),
    ),
    Key(
        "server.requests", "Q", "Q", DO, Group.SERVER, "requests",
        "Show the slowest, the failed and the latest requests of the log files.",
    ),
    Key(
        "server.doctor", "H", "H", DO, Group.SERVER, "doctor",
        "Examine the server and this machine, and say what mends what is wrong.",
    ),
    Key(
        "server.events", "e", "e", DO, Group.SERVER, "events",
        "Show what happened: models, workers, restarts, errors, with their time.",
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
        "Go to the end and stay there, or stay here; going up stops it, end starts it.",
    ),
    Key(
        "logs.search", "slash", "/", "search", Group.LOGS, "search",
        "Look for a text; capitals count only if you type any.",
    ),
    Key(
        "logs.next", "n", "n", "hit(1)", Group.LOGS, "next hit",
        "Go to the next line with the text; in a folded traceback too.",
    ),
    Key(
        "logs.before", "N", "N", "hit(-1)", Group.LOGS, "hit before",
        "Go to the line with the text before.",
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
        "Unfold or fold a traceback; of any other line, show all of it.",
    ),
    Key(
        "logs.fold-all", "E", "E", "fold_all", Group.LOGS, "unfold all",
        "Unfold all tracebacks, or fold them.",
    ),
    Key(
        "logs.copy", "y", "y", "copy", Group.LOGS, "copy",
        "Copy the line, or the whole folded traceback, as in the file but for passwords and keys.",
    ),
    Key(
        "logs.routine", "x", "x", "routine", Group.LOGS, "routine",
        "Show or hide the lines that come with every request and every look at the server.",
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
    Key("line.up", "up,k", "↑", "move(-1)", Group.LOGS, "up", "Go one line up; k does it too."),
    Key(
        "line.down", "down,j", "↓", "move(1)", Group.LOGS, "down",
        "Go one line down; j does it too.",
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
        "See more of the beginning of long lines; h does it too.",
    ),
    Key(
        "line.right", "right", "→", "shift(1)", Group.LOGS, "right",
        "See more of the end of long lines.",
    ),
)  # fmt: skip

ONE_REQUEST_KEYS: tuple[Key, ...] = (
    Key(
        "requests.lines", "l", "l", "lines", Group.REQUESTS, "log lines",
        "Show the lines of the log while the request was answered.",
    ),
    Key(
        "requests.moment", "at", "@", "moment", Group.REQUESTS, "that moment",
        "Show the moment of this request in the monitor.",
    ),
    Key(
        "requests.copy", "y", "y", "copy", Group.REQUESTS, "copy",
        "Copy what is known of the request.",
    ),
)  # fmt: skip

REQUEST_KEYS: tuple[Key, ...] = (
    Key(
        "requests.open", "enter", "enter", "open", Group.REQUESTS, "details",
        "Show one request alone: its queue, backend and handler, and how it stands among others.",
    ),
    Key(
        "requests.filter", "slash", "/", "filter", Group.REQUESTS, "filter",
        "Of the requests, show only some: text, !not, ~regex or /regex/.",
    ),
    Key(
        "requests.order", "o", "o", "order", Group.REQUESTS, "sort",
        "Sort the requests by the next: total, time, queue, backend, handler and the others that "
        "are shown; a click on a title does so too.",
    ),
    Key(
        "requests.reverse", "O", "O", "reverse", Group.REQUESTS, "reverse",
        "Sort the requests the other way round; a second click on the title does so too.",
    ),
    Key(
        "requests.failed", "v", "v", "failed", Group.REQUESTS, "failed only",
        "Show the failed ones alone, or all.",
    ),
    Key(
        "requests.model", "w", "w", "model", Group.REQUESTS, "this model",
        "Show the requests to the selected model alone, or all.",
    ),
    *ONE_REQUEST_KEYS,
)  # fmt: skip

DOCTOR_KEYS: tuple[Key, ...] = (
    Key(
        "doctor.run", "r", "r", "run", Group.DOCTOR, "run again",
        "Examine the server and this machine anew.",
    ),
    Key(
        "doctor.whole", "enter", "enter", "whole", Group.DOCTOR, "all of it",
        "Show the whole finding: what is so, by what that was seen, and what mends it.",
    ),
    Key(
        "doctor.copy", "y", "y", "copy", Group.DOCTOR, "copy remedy",
        "Copy what mends it to the terminal's clipboard.",
    ),
    Key(
        "doctor.fine", "v", "v", "fine", Group.DOCTOR, "what is fine",
        "Show what is fine and what was not checked as well, or what is wrong alone.",
    ),
)  # fmt: skip

EVENT_KEYS: tuple[Key, ...] = (
    Key(
        "events.moment", "enter", "enter", "moment", Group.EVENTS, "that moment",
        "Show the moment of the event in the monitor.",
    ),
    Key(
        "events.filter", "slash", "/", "filter", Group.EVENTS, "filter",
        "In the events, show only some: text, !not, ~regex or /regex/.",
    ),
    Key(
        "events.bad", "v", "v", "bad", Group.EVENTS, "bad only",
        "Show only what somebody should look at, or all.",
    ),
    Key(
        "events.kind", "f", "f", "kind", Group.EVENTS, "kind",
        "Choose the kind of events that are shown.",
    ),
    Key(
        "events.model", "w", "w", "model", Group.EVENTS, "this model",
        "Show the events of the selected version alone, or all.",
    ),
    Key(
        "events.logs", "l", "l", "logs", Group.EVENTS, "log lines",
        "Show the lines of the log at that moment.",
    ),
    Key(
        "events.copy", "y", "y", "copy", Group.EVENTS, "copy",
        "Copy the event as a line.",
    ),
)  # fmt: skip

TEXT_KEYS: tuple[Key, ...] = (
    Key(
        "text.copy", "y", "y", "copy", Group.PAGES, "copy",
        "In a text opened on a page, copy it to the terminal's clipboard.",
    ),
)  # fmt: skip


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
