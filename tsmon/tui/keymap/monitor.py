"""The keys of the monitor itself."""

from __future__ import annotations

from tsmon.tui.keymap.key import DO, Group, Key, PaneName
from tsmon.tui.keymap.pages import OPEN_SETTINGS, OPENING_KEYS

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


TABLE_KEYS: tuple[Key, ...] = (
    Key(
        "table.filter", "slash", "/", DO, Group.TABLES, "filter",
        "Show only some rows of the workers in focus, else of the models: text, !not, ~regex "
        "or /regex/. Models are found by name, version and state; esc shows all again.",
    ),
    Key(
        "table.sort", "o", "o", DO, Group.TABLES, "sort",
        "Sort the rows by the next column; a click on its title does so too.",
    ),
    Key(
        "table.reverse", "O", "O", DO, Group.TABLES, "reverse",
        "Sort the rows the other way round; a second click on the title does so too.",
    ),
    Key(
        "table.mark", "space", "space", DO, Group.TABLES, "mark",
        "Mark the model, or take its mark away, and go on (also ctrl and a click, or the right "
        "button). +, -, s and u then act on all that are marked.",
        (PaneName.MODELS,),
    ),
    Key(
        "table.mark-shown", "M", "M", DO, Group.TABLES, "mark all",
        "Mark all models that are shown; again takes their marks away, as esc does.",
    ),
    Key(
        "table.copy", "y", "y", DO, Group.TABLES, "copy",
        "Copy the value, the row, or the curl or tsmon line for what is selected.",
        (PaneName.METRICS,),
    ),
)  # fmt: skip


_LEFT = (PaneName.MODELS, PaneName.WORKERS)
_SEEING = (PaneName.MODELS, PaneName.WORKERS, PaneName.METRICS)
_SENDING = (PaneName.METRICS, PaneName.DIGITS)
_ALL = tuple(PaneName)

KEYS: tuple[Key, ...] = (
    Key(
        "model.open", "enter", "enter", DO, Group.MODELS, "in depth",
        "See the selected version in depth: workers, charts, percentiles, events; esc goes back.",
        (PaneName.MODELS,),
    ),
    Key(
        "model.register", "r", "r", DO, Group.MODELS, "register",
        "Register an archive of the model store, or of a URL, and start its workers.",
        (PaneName.MODELS,), changes=True,
    ),
    Key(
        "model.unregister", "u", "u", DO, Group.MODELS, "unregister",
        "Remove the selected version from the server, after a question.",
        (PaneName.MODELS,), changes=True,
    ),
    Key(
        "model.set-default", "D,asterisk", "D", DO, Group.MODELS, "set default",
        "Send requests without a version to the selected one from now on.",
        changes=True,
    ),
    *CHANGING_KEYS,
    Key(
        "model.describe", "d", "d", DO, Group.MODELS, "describe",
        "Show the server's full description of the selected version.",
        _LEFT,
    ),
    Key(
        "model.archive", "a", "a", DO, Group.MODELS, "archive",
        "Package a model with torch-model-archiver; the digit model is filled in.",
    ),
    *TABLE_KEYS,
    Key(
        "workers.more", "plus,equals_sign", "+", DO, Group.WORKERS, "worker",
        "One worker more; quick presses add up to one change.",
        _SEEING, changes=True,
    ),
    Key(
        "workers.fewer", "minus", "-", DO, Group.WORKERS, "worker",
        "One worker fewer; the last one goes only after a question.",
        _SEEING, changes=True,
    ),
    Key(
        "workers.scale", "s", "s", DO, Group.WORKERS, "scale",
        "Set the number of workers and see first what will happen.",
        _LEFT, changes=True,
    ),
    Key(
        "digits.send", "i", "i", DO, Group.DIGITS, "send image",
        "Send the chosen image to the selected version (enter in the list does it too).",
        _SENDING, sends=True,
    ),
    Key(
        "digits.send-many", "n", "n", DO, Group.DIGITS, "send random",
        "Send as many random images as last time, 10 at first.",
        _ALL, sends=True,
    ),
    Key(
        "digits.send-number", "N", "N", DO, Group.DIGITS, "send …",
        "Send another number of random images, several at a time if you like.",
        _SENDING, sends=True,
    ),
    Key(
        "digits.load", "L", "L", DO, Group.DIGITS, "load",
        "Send images at full speed or at a rate, and watch throughput and response times.",
        sends=True,
    ),
    Key(
        "digits.pick", "b", "b", DO, Group.DIGITS, "picker",
        "Open the picker: thumbnails, what the model sees, scores, wrong ones, two versions.",
        (PaneName.DIGITS,), sends=True,
    ),
    Key(
        "digits.draw", "w", "w", DO, Group.DIGITS, "draw",
        "Open the draw pad: draw a digit and watch what the selected version makes of it.",
        (PaneName.DIGITS,), sends=True,
    ),
    Key(
        "digits.experiment", "x", "x", DO, Group.DIGITS, "experiment",
        "Measure the same load at several numbers of workers, and put them back in the end.",
        (PaneName.METRICS,), changes=True,
    ),
    Key(
        "digits.folder", "f", "f", DO, Group.DIGITS, "folder",
        "Pick images from another folder.",
        (PaneName.DIGITS,),
    ),
    Key(
        "digits.clear", "c", "c", DO, Group.DIGITS, "clear",
        "Empty the answers and the score.",
        (PaneName.DIGITS,),
    ),
    Key(
        "digits.stop", "escape", "esc", DO, Group.DIGITS, "stop",
        "Stop a batch, or waiting for a change; leave a model; take back marks, then the filter.",
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
        "Have the server make new tokens; the old ones are void at once, for every client.",
        changes=True, without_answer=True,
    ),
    *OPENING_KEYS,
    Key(
        "server.fleet", "F", "F", "app.fleet", Group.SERVER, "fleet",
        "Show all servers of the configuration; enter watches another one.",
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
        "view.zoom", "z", "z", DO, Group.VIEW, "zoom",
        "Give the whole screen to the pane in focus, and back; so does a double click on a title.",
        (PaneName.METRICS,),
    ),
    Key(
        "time.pause", "p", "p", DO, Group.TIME, "pause",
        "Hold the display still while sampling goes on, and back to the present; play a recording.",
        (PaneName.METRICS,),
    ),
    Key(
        "time.back", "left_square_bracket,left", "[", DO, Group.TIME, "back",
        "Look at the tick before; all panes show that moment (← in the charts, or a click there).",
        (PaneName.METRICS,),
    ),
    Key(
        "time.on", "right_square_bracket,right", "]", DO, Group.TIME, "on",
        "Look at the next tick (→ in the charts).",
        (PaneName.METRICS,),
    ),
    Key(
        "time.event-before", "left_curly_bracket", "{", DO, Group.TIME, "event before",
        "Go back to the moment of the event before.",
    ),
    Key(
        "time.event-next", "right_curly_bracket", "}", DO, Group.TIME, "next event",
        "Go to the moment of the next event.",
    ),
    Key(
        "time.jump", "at", "@", DO, Group.TIME, "go to time",
        "Go to a time such as 14:03, 14:03:20, -5m or 2026-11-22 14:03.",
    ),
    Key(
        "time.wider", "less_than_sign", "<", DO, Group.TIME, "longer",
        "Show a longer time on the charts, up to an hour.",
    ),
    Key(
        "time.closer", "greater_than_sign", ">", DO, Group.TIME, "shorter",
        "Show a shorter time on the charts, down to a minute.",
    ),
    Key(
        "time.slower", "comma", ",", DO, Group.TIME, "slower",
        "Play a recording half as fast.",
        needs_replay=True,
    ),
    Key(
        "time.faster", "full_stop", ".", DO, Group.TIME, "faster",
        "Play a recording twice as fast.",
        needs_replay=True,
    ),
    Key(
        "time.ask-less", "left_parenthesis", "(", DO, Group.TIME, "less often",
        "Ask the server less often, down to every 30 s.",
    ),
    Key(
        "time.ask-more", "right_parenthesis", ")", DO, Group.TIME, "more often",
        "Ask the server more often, up to 5 times a second.",
    ),
    Key(
        "view.symbols", "g", "g", "app.symbols", Group.VIEW, "symbols",
        "Draw charts with braille or blocks, or the whole screen in ASCII.",
    ),
    Key(
        "view.theme", "t", "t", "app.theme", Group.VIEW, "dark / light",
        "Change between the dark and the light theme.",
    ),
    Key(
        "app.help", "question_mark", "?", "help", Group.GENERAL, "help",
        "Show the keys; on a number of the metrics, what it means. tab shows the other page.",
    ),
    Key(
        "app.palette", "ctrl+p", "ctrl+p", "app.command_palette", Group.GENERAL, "palette",
        "Find any of these actions, and the themes, by name.",
    ),
    Key(
        "app.command", "colon", ":", "app.command_line", Group.GENERAL, "command",
        "Type a command; it is completed, ↑ and ↓ bring back the ones before.",
    ),
    OPEN_SETTINGS,
    Key(
        "app.suspend", "ctrl+z", "ctrl+z", "app.suspend_process", Group.GENERAL, "to the shell",
        "Go back to the shell; `fg` there comes back to the monitor.",
    ),
    Key(
        "app.quit", "q", "q", "app.quit", Group.GENERAL, "quit",
        "Leave the monitor; the server stays as it is.",
    ),
)  # fmt: skip
