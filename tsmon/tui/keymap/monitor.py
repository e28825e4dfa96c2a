"""The keys of the monitor itself."""

from __future__ import annotations

from tsmon.tui.keymap.key import DO, Group, Key, PaneName
from tsmon.tui.keymap.pages import OPEN_SETTINGS, OPENING_KEYS

CHANGING_KEYS: tuple[Key, ...] = (
    Key(
        "model.replace", "R", "R", DO, Group.MODELS, "replace",
        "Replace the selected version with another one without downtime, step by step.",
        (PaneName.MODELS,), changes=True, of_version=True,
    ),
    Key(
        "workers.restart", "W", "W", DO, Group.WORKERS, "restart",
        "Restart the workers of the selected version, one at a time where that is possible.",
        (PaneName.WORKERS,), changes=True, of_version=True,
    ),
    Key(
        "model.undo", "U", "U", DO, Group.MODELS, "undo",
        "Undo the last scale, set default or unregister, or register what a restart lost; the "
        "footer shows what it would do.",
        changes=True,
    ),
)  # fmt: skip

STEPS_KEYS: tuple[Key, ...] = (
    Key(
        "steps.stop", "escape", "esc", "stop", Group.DIALOGS, "stop or close",
        "In a replacement or restart, stop it safely; when it has ended, close it.",
    ),
    Key(
        "steps.quit", "q", "q", "app.quit", Group.DIALOGS, "quit",
        "In a replacement or restart, stop it safely and quit the monitor.",
    ),
)  # fmt: skip


TABLE_KEYS: tuple[Key, ...] = (
    Key(
        "table.filter", "slash", "/", DO, Group.TABLES, "filter",
        "Filter the workers if they have focus, otherwise the models: text, !not, ~regex or "
        "/regex/. Models match by name, version and state; esc clears the filter.",
    ),
    Key(
        "table.sort", "o", "o", DO, Group.TABLES, "sort",
        "Sort by the next column (also a click on its title).",
    ),
    Key(
        "table.reverse", "O", "O", DO, Group.TABLES, "reverse",
        "Reverse the sort order (also a second click on the title).",
    ),
    Key(
        "table.mark", "space", "space", DO, Group.TABLES, "mark",
        "Mark or unmark the model and go to the next (also ctrl+click or a right click). +, -, s "
        "and u then act on all marked models.",
        (PaneName.MODELS,),
    ),
    Key(
        "table.mark-shown", "M", "M", DO, Group.TABLES, "mark all",
        "Mark all models shown; pressed again, or esc, unmarks them.",
    ),
    Key(
        "table.copy", "y", "y", DO, Group.TABLES, "copy",
        "Copy the value, the row, the report of the run, or the curl or tsmon line for what is "
        "selected.",
        (PaneName.METRICS, PaneName.RUN),
    ),
)  # fmt: skip


_LEFT = (PaneName.MODELS, PaneName.WORKERS)
_SEEING = (PaneName.MODELS, PaneName.WORKERS, PaneName.METRICS)
_SENDING = (PaneName.METRICS, PaneName.DIGITS)
_ALL = tuple(PaneName)

KEYS: tuple[Key, ...] = (
    Key(
        "model.open", "enter", "enter", DO, Group.MODELS, "in depth",
        "Go deeper: to the selected version, from a worker to its log lines, from the charts in "
        "depth to their requests, from a run to all of it; esc goes back.",
        _SEEING, of_version=True,
    ),
    Key(
        "model.register", "r", "r", DO, Group.MODELS, "register",
        "Register an archive from the model store or a URL, and start its workers.",
        (PaneName.MODELS,), changes=True,
    ),
    Key(
        "model.unregister", "u", "u", DO, Group.MODELS, "unregister",
        "Unregister the selected version, after confirmation.",
        (PaneName.MODELS,), changes=True, of_version=True,
    ),
    Key(
        "model.set-default", "D,asterisk", "D", DO, Group.MODELS, "set default",
        "Make the selected version the default, which serves requests that name no version.",
        changes=True, of_version=True,
    ),
    *CHANGING_KEYS,
    Key(
        "model.canary", "V", "V", DO, Group.MODELS, "two versions",
        "Compare two versions of the model: the same requests to both, live numbers, promote one.",
    ),
    Key(
        "model.describe", "d", "d", DO, Group.MODELS, "describe",
        "Describe the selected version: verdict, cause, settings, workers; tab shows the JSON.",
        _LEFT, of_version=True,
    ),
    Key(
        "model.store", "A", "A", DO, Group.MODELS, "archives",
        "List the archives of the model store; enter there registers one and serves it.",
    ),
    Key(
        "server.workflows", "ampersand", "&", DO, Group.MODELS, "workflows",
        "Show the workflows, in which several models answer as one: register, unregister.",
        needs_server=True,
    ),
    Key(
        "model.archive", "a", "a", DO, Group.MODELS, "archive",
        "Package a model with torch-model-archiver; the digit model is filled in.",
    ),
    *TABLE_KEYS,
    Key(
        "workers.more", "plus,equals_sign", "+", DO, Group.WORKERS, "worker",
        "Add one worker; quick presses are combined into one change.",
        _SEEING, changes=True, of_version=True,
    ),
    Key(
        "workers.fewer", "minus", "-", DO, Group.WORKERS, "worker",
        "Remove one worker; removing the last one asks for confirmation.",
        _SEEING, changes=True, of_version=True,
    ),
    Key(
        "workers.scale", "s", "s", DO, Group.WORKERS, "scale",
        "Set the number of workers, with a preview.",
        _LEFT, changes=True, of_version=True,
    ),
    Key(
        "digits.send", "i", "i", DO, Group.DIGITS, "send image",
        "Send the chosen image to the selected version (enter in the list does it too).",
        _SENDING, sends=True, of_version=True,
    ),
    Key(
        "digits.send-many", "n", "n", DO, Group.DIGITS, "send random",
        "Send as many random images as last time, 10 at first.",
        _ALL, sends=True, of_version=True,
    ),
    Key(
        "digits.send-number", "N", "N", DO, Group.DIGITS, "send …",
        "Send a different number of random images, with several in flight if you like.",
        _SENDING, sends=True, of_version=True,
    ),
    Key(
        "digits.load", "L", "L", DO, Group.RUN, "load",
        "Send images at full speed or at a fixed rate, and watch throughput and response times.",
        (PaneName.RUN,), sends=True, of_version=True,
    ),
    Key(
        "digits.pick", "b", "b", DO, Group.DIGITS, "picker",
        "Open the picker: thumbnails, what the model sees, scores, wrong ones, two versions.",
        (PaneName.DIGITS,), sends=True,
    ),
    Key(
        "digits.draw", "w", "w", DO, Group.DIGITS, "draw",
        "Open the draw pad: draw a digit and watch what the selected version makes of it.",
        (PaneName.DIGITS,), sends=True, of_version=True,
    ),
    Key(
        "digits.experiment", "x", "x", DO, Group.RUN, "experiment",
        "Measure the same load at several worker counts, then restore the original count.",
        (PaneName.METRICS, PaneName.RUN), changes=True, of_version=True,
    ),
    Key(
        "run.save", "E", "E", DO, Group.RUN, "export",
        "Save the report of the load run or experiment to a file.",
        (PaneName.RUN,),
    ),
    Key(
        "digits.folder", "f", "f", DO, Group.DIGITS, "folder",
        "Choose images, or any other files, from another folder, or the lines of a file.",
        (PaneName.DIGITS,),
    ),
    Key(
        "digits.form", "P", "P", DO, Group.DIGITS, "how to send",
        "Set how payloads are sent to the model: content type, method, headers, form, KServe.",
        (PaneName.DIGITS,), sends=True, of_version=True,
    ),
    Key(
        "digits.answer", "percent_sign", "%", DO, Group.DIGITS, "class in answers",
        "Set where the class is in the model's answers, and see what that finds in the last one.",
        (PaneName.DIGITS,), sends=True, of_version=True,
    ),
    Key(
        "digits.clear", "c", "c", DO, Group.DIGITS, "clear",
        "Clear the answers and the score.",
        (PaneName.DIGITS,),
    ),
    Key(
        "digits.fold", "Z", "Z", DO, Group.DIGITS, "fold",
        "Fold the digits to one line, or open them, where all panes are shown.",
        (PaneName.DIGITS,),
    ),
    Key(
        "digits.stop", "escape", "esc", DO, Group.DIGITS, "stop",
        "Stop a batch or a wait; leave the in-depth view; clear the marks, then the filter. In the "
        "run, stop it (pressed again, drop the requests in flight), then close it.",
    ),
    Key(
        "server.start", "S", "S", DO, Group.SERVER, "start server",
        "Start a TorchServe on this machine and watch it.",
        changes=True, without_answer=True,
    ),
    Key(
        "server.key-file", "K", "K", DO, Group.SERVER, "key file",
        "Read the tokens from another key_file.json.",
        needs_server=True,
    ),
    Key(
        "server.renew-tokens", "T", "T", DO, Group.SERVER, "new tokens",
        "Make the server issue new tokens; the old ones stop working at once, for every client.",
        changes=True, without_answer=True,
    ),
    *OPENING_KEYS,
    Key(
        "server.fleet", "F", "F", "app.fleet", Group.SERVER, "fleet",
        "Show all configured servers; enter watches another one.",
    ),
    Key(
        "view.models", "1", "1", DO, Group.VIEW, "models",
        "Go to the models.",
    ),
    Key(
        "view.workers", "2", "2", DO, Group.VIEW, "workers",
        "Go to the workers of the selected version.",
    ),
    Key(
        "view.metrics", "3", "3", DO, Group.VIEW, "metrics",
        "Go to the charts of the selected version.",
    ),
    Key(
        "view.digits", "4", "4", DO, Group.VIEW, "digits",
        "Go to the images and answers.",
    ),
    Key(
        "view.run", "5", "5", DO, Group.VIEW, "run",
        "Go to the load run or experiment, if there is one.",
    ),
    Key(
        "view.zoom", "z", "z", DO, Group.VIEW, "zoom",
        "Zoom the focused pane to the whole screen, and back; a double click on a title does the "
        "same.",
        (PaneName.METRICS, PaneName.RUN),
    ),
    Key(
        "time.pause", "p", "p", DO, Group.TIME, "pause",
        "Pause the display while sampling continues, or go back to the present; play a recording.",
        (PaneName.METRICS,),
    ),
    Key(
        "time.back", "left_square_bracket,left", "[", DO, Group.TIME, "back",
        "Go to the previous tick; all panes show that moment (also ← or a click in the charts).",
        (PaneName.METRICS,),
    ),
    Key(
        "time.on", "right_square_bracket,right", "]", DO, Group.TIME, "on",
        "Go to the next tick (also → in the charts).",
        (PaneName.METRICS,),
    ),
    Key(
        "time.event-before", "left_curly_bracket", "{", DO, Group.TIME, "previous event",
        "Go back to the moment of the previous event.",
    ),
    Key(
        "time.event-next", "right_curly_bracket", "}", DO, Group.TIME, "next event",
        "Go to the next event.",
    ),
    Key(
        "time.jump", "at", "@", DO, Group.TIME, "go to time",
        "Go to a time such as 14:03, 14:03:20, -5m or 2026-11-22 14:03.",
    ),
    Key(
        "time.wider", "less_than_sign", "<", DO, Group.TIME, "longer",
        "Show more time on the charts, up to an hour.",
    ),
    Key(
        "time.closer", "greater_than_sign", ">", DO, Group.TIME, "shorter",
        "Show less time on the charts, down to a minute.",
    ),
    Key(
        "time.slower", "comma", ",", DO, Group.TIME, "slower",
        "Play a recording at half the speed.",
        needs_replay=True,
    ),
    Key(
        "time.faster", "full_stop", ".", DO, Group.TIME, "faster",
        "Play a recording at twice the speed.",
        needs_replay=True,
    ),
    Key(
        "time.ask-less", "left_parenthesis", "(", DO, Group.TIME, "less often",
        "Poll the server less often, down to every 30 s.",
    ),
    Key(
        "time.ask-more", "right_parenthesis", ")", DO, Group.TIME, "more often",
        "Poll the server more often, up to 5 times a second.",
    ),
    Key(
        "view.symbols", "g", "g", "app.symbols", Group.VIEW, "symbols",
        "Switch the charts between braille and blocks, or the whole screen to ASCII.",
    ),
    Key(
        "view.statistics", "v", "v", DO, Group.VIEW, "statistics",
        "Show the statistics of the charts as a table, or hide them: now, 1 and 5 minutes, since "
        "the start, percentiles.",
        (PaneName.METRICS,),
    ),
    Key(
        "view.heatmap", "m", "m", DO, Group.VIEW, "heatmap",
        "Show inference as a heatmap of its latencies, or as percentiles again: how many requests "
        "took how long, exact from the log files.",
        (PaneName.METRICS,),
    ),
    Key(
        "view.theme", "t", "t", "app.theme", Group.VIEW, "dark / light",
        "Switch between the dark and the light theme.",
    ),
    Key(
        "app.help", "question_mark", "?", "help", Group.GENERAL, "help",
        "Show the keys; on a number in the metrics, explain it. tab switches pages.",
    ),
    Key(
        "app.palette", "ctrl+p", "ctrl+p", "app.command_palette", Group.GENERAL, "palette",
        "Find any of these actions or a theme by name.",
    ),
    Key(
        "app.command", "colon", ":", "app.command_line", Group.GENERAL, "command",
        "Type a command; tab completes, ↑ and ↓ recall earlier ones.",
    ),
    OPEN_SETTINGS,
    Key(
        "app.suspend", "ctrl+z", "ctrl+z", "app.suspend_process", Group.GENERAL, "to the shell",
        "Suspend to the shell; `fg` returns to the monitor.",
    ),
    Key(
        "app.quit", "q", "q", "app.quit", Group.GENERAL, "quit",
        "Quit the monitor; the server is not affected.",
    ),
)  # fmt: skip
