"""The one table of keys: bindings, footer, help page and command palette all come from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding, BindingType


class PaneName(StrEnum):
    """The four panes, in the order of their numbers."""

    MODELS = "models"
    WORKERS = "workers"
    METRICS = "metrics"
    DIGITS = "digits"

    @property
    def number(self) -> int:
        """The key that focuses it."""
        return list(PaneName).index(self) + 1

    @property
    def title(self) -> str:  # type: ignore[override]  # a word to show, not str.title()
        """What stands on its border."""
        return f"{self.number} {self.value.capitalize()}"


class Group(StrEnum):
    """The headings of the help page, in its order."""

    MODELS = "Models"
    WORKERS = "Workers"
    DIGITS = "Digits"
    SERVER = "Server"
    VIEW = "View"
    GENERAL = "General"
    PICKER = "Picker"
    DRAW_PAD = "Draw pad"
    DIALOGS = "Dialogs"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the monitor and everything that is said about it."""

    id: str
    """Stable name, by which a keymap can move it to another key."""
    keys: str
    """Textual's names of the keys, separated by commas."""
    shown: str
    """How a person reads the key."""
    action: str
    """Name of the screen's action method, without `action_`; `{key}` is the key pressed."""
    group: Group
    label: str
    """Two words at most, for the footer and the palette."""
    help: str
    """One sentence for the help page."""
    footer: tuple[PaneName, ...] = ()
    """The panes in whose footer it stands."""
    changes: bool = False
    """Whether it changes the server; refused in a read-only session."""

    @property
    def action_name(self) -> str:
        """The action without its arguments."""
        return self.action.partition("(")[0]

    @property
    def is_many(self) -> bool:
        """Whether it is several keys, and the action asks which one it was."""
        return "{key}" in self.action

    def bindings(self) -> list[Binding]:
        """The key as Textual wants it: one binding, or one for each of many keys."""
        if not self.is_many:
            return [self._binding(self.keys, self.action, self.id)]
        return [
            self._binding(key, self.action.format(key=key), f"{self.id}.{key}")
            for key in self.keys.split(",")
        ]

    def _binding(self, keys: str, action: str, id_: str) -> Binding:
        return Binding(keys, action, self.label, key_display=self.shown, tooltip=self.help, id=id_)


_LEFT = (PaneName.MODELS, PaneName.WORKERS)
_SEEING = (PaneName.MODELS, PaneName.WORKERS, PaneName.METRICS)
_SENDING = (PaneName.METRICS, PaneName.DIGITS)
_ALL = tuple(PaneName)

KEYS: tuple[Key, ...] = (
    Key(
        "model.register", "r", "r", "register", Group.MODELS, "register",
        "Register an archive of the model store, or of a URL, and start its workers.",
        (PaneName.MODELS,), changes=True,
    ),
    Key(
        "model.unregister", "u", "u", "unregister", Group.MODELS, "unregister",
        "Remove the selected version from the server, after a question.",
        (PaneName.MODELS,), changes=True,
    ),
    Key(
        "model.set-default", "D,asterisk", "D", "set_default", Group.MODELS, "set default",
        "Send requests without a version to the selected one from now on.",
        changes=True,
    ),
    Key(
        "model.describe", "d", "d", "describe", Group.MODELS, "describe",
        "Show the server's full description of the selected version.",
        _LEFT,
    ),
    Key(
        "model.archive", "a", "a", "archive", Group.MODELS, "archive",
        "Package a model with torch-model-archiver; the digit model is filled in.",
        (PaneName.MODELS,),
    ),
    Key(
        "model.filter", "slash", "/", "filter", Group.MODELS, "filter",
        "Show only the models whose name or version has these letters.",
    ),
    Key(
        "model.sort", "o", "o", "sort", Group.MODELS, "sort",
        "Sort the models by the next column: name, requests/s, inference, queue, workers.",
    ),
    Key(
        "workers.more", "plus,equals_sign", "+", "scale_by(1)", Group.WORKERS, "worker",
        "One worker more; quick presses add up to one change.",
        _SEEING, changes=True,
    ),
    Key(
        "workers.fewer", "minus", "-", "scale_by(-1)", Group.WORKERS, "worker",
        "One worker fewer; the last one goes only after a question.",
        _SEEING, changes=True,
    ),
    Key(
        "workers.scale", "s", "s", "scale", Group.WORKERS, "scale",
        "Set the number of workers and see first what will happen.",
        _LEFT, changes=True,
    ),
    Key(
        "digits.send", "i", "i", "send_one", Group.DIGITS, "send image",
        "Send the chosen image to the selected version (enter in the list does it too).",
        _SENDING,
    ),
    Key(
        "digits.send-many", "n", "n", "send_many", Group.DIGITS, "send random",
        "Send as many random images as last time, 10 at first.",
        _ALL,
    ),
    Key(
        "digits.send-number", "N", "N", "send_number", Group.DIGITS, "send …",
        "Send another number of random images, several at a time if you like.",
        _SENDING,
    ),
    Key(
        "digits.pick", "b", "b", "pick", Group.DIGITS, "picker",
        "Open the picker: thumbnails, what the model sees, scores, wrong ones, two versions.",
        (PaneName.DIGITS,),
    ),
    Key(
        "digits.draw", "w", "w", "draw", Group.DIGITS, "draw",
        "Open the draw pad: draw a digit and watch what the selected version makes of it.",
        (PaneName.DIGITS,),
    ),
    Key(
        "digits.folder", "f", "f", "folder", Group.DIGITS, "folder",
        "Pick images from another folder.",
        (PaneName.DIGITS,),
    ),
    Key(
        "digits.clear", "c", "c", "clear_answers", Group.DIGITS, "clear",
        "Empty the answers and the score.",
        (PaneName.DIGITS,),
    ),
    Key(
        "digits.stop", "escape", "esc", "stop", Group.DIGITS, "stop",
        "Stop the batch that is being sent; close the filter.",
    ),
    Key(
        "server.start", "S", "S", "start_server", Group.SERVER, "start server",
        "Start a TorchServe on this machine and watch it.",
        changes=True,
    ),
    Key(
        "server.key-file", "K", "K", "key_file", Group.SERVER, "key file",
        "Read the tokens from another key_file.json.",
    ),
    Key(
        "server.events", "e", "e", "events", Group.SERVER, "events",
        "Show what happened: models, workers, restarts, errors, with their time.",
    ),
    Key(
        "view.models", "1", "1", "focus_pane('models')", Group.VIEW, "models",
        "Go to the models.",
    ),
    Key(
        "view.workers", "2", "2", "focus_pane('workers')", Group.VIEW, "workers",
        "Go to the workers of the selected version.",
    ),
    Key(
        "view.metrics", "3", "3", "focus_pane('metrics')", Group.VIEW, "metrics",
        "Go to the charts of the selected version.",
    ),
    Key(
        "view.digits", "4", "4", "focus_pane('digits')", Group.VIEW, "digits",
        "Go to the images and answers.",
    ),
    Key(
        "view.zoom", "z", "z", "zoom", Group.VIEW, "zoom",
        "Give the whole screen to the pane in focus, and back.",
        (PaneName.METRICS,),
    ),
    Key(
        "view.pause", "p", "p", "pause", Group.VIEW, "pause",
        "Hold the display still; sampling goes on.",
        (PaneName.METRICS,),
    ),
    Key(
        "view.symbols", "g", "g", "symbols", Group.VIEW, "chart symbols",
        "Draw charts with braille, blocks or plain ASCII.",
    ),
    Key(
        "view.theme", "t", "t", "theme", Group.VIEW, "dark / light",
        "Change between the dark and the light theme.",
    ),
    Key(
        "app.help", "question_mark", "?", "help", Group.GENERAL, "help",
        "Show this page.",
    ),
    Key(
        "app.palette", "ctrl+p", "ctrl+p", "app.command_palette", Group.GENERAL, "palette",
        "Find any of these actions, and the themes, by name.",
    ),
    Key(
        "app.quit", "q", "q", "app.quit", Group.GENERAL, "quit",
        "Leave the monitor; the server stays as it is.",
    ),
)  # fmt: skip

DIALOG_KEYS: tuple[Key, ...] = (
    Key(
        "dialog.cancel", "escape", "esc", "cancel", Group.DIALOGS, "cancel",
        "Close the dialog; nothing is changed.",
    ),
)  # fmt: skip

DESCRIBE_KEYS: tuple[Key, ...] = (
    Key(
        "describe.copy", "y", "y", "copy", Group.DIALOGS, "copy",
        "Copy the description to the terminal's clipboard.",
    ),
)  # fmt: skip

PICKER_KEYS: tuple[Key, ...] = (
    Key(
        "picker.mark", "space", "space", "mark", Group.PICKER, "mark",
        "Mark the image, or take the mark away, and go on to the next one.",
    ),
    Key(
        "picker.send", "i", "i", "send_one", Group.PICKER, "send",
        "Send the chosen image (enter on it does it too; on a folder, enter opens it).",
    ),
    Key(
        "picker.send-marked", "s", "s", "send_marked", Group.PICKER, "send marked",
        "Send the marked images, in batches as large as N last said.",
    ),
    Key(
        "picker.back", "escape", "esc", "back", Group.PICKER, "back",
        "Stop what is being sent; otherwise go back to the monitor.",
    ),
    Key(
        "picker.walkthrough", "W", "W", "walkthrough", Group.PICKER, "10 10 10 50",
        "Send random images in the walkthrough's batches: 10, 10, 10 and 50.",
    ),
    Key(
        "picker.results", "o", "o", "next_results", Group.PICKER, "results",
        "Show the next results: answers, wrong ones, confusion matrix, batches, two versions.",
    ),
    Key(
        "picker.compare", "y", "y", "compare", Group.PICKER, "two versions",
        "Send the marked images, or the chosen one, to the version and to a second one.",
    ),
    Key(
        "picker.part", "tab", "tab", "next_part", Group.PICKER, "next part",
        "Go to the next part: images, digit, results.",
    ),
    Key(
        "picker.version", "v", "v", "version", Group.PICKER, "version",
        "Choose the version that images are sent to.",
    ),
    Key(
        "picker.second", "V", "V", "second_version", Group.PICKER, "second version",
        "Choose the second version, then send to both.",
    ),
    Key(
        "picker.draw", "w", "w", "draw", Group.PICKER, "draw",
        "Open the draw pad.",
    ),
    Key(
        "picker.label", ",".join("0123456789"), "0-9", "label('{key}')", Group.PICKER, "label",
        "Say which digit the chosen image shows; for this session, the file keeps its name.",
    ),
    Key(
        "picker.no-label", "delete,minus", "-", "no_label", Group.PICKER, "no label",
        "Leave the label of the chosen image unknown.",
    ),
    Key(
        "picker.all", "a", "a", "mark_all", Group.PICKER, "all",
        "Mark all images of the folder.",
    ),
    Key(
        "picker.none", "x", "x", "mark_none", Group.PICKER, "none",
        "Take all marks away.",
    ),
    Key(
        "picker.invert", "X", "X", "invert", Group.PICKER, "invert",
        "Mark those that are not marked, and no others.",
    ),
    Key(
        "picker.mark-random", "m", "m", "mark_random", Group.PICKER, "mark random",
        "Mark as many random images as you say.",
    ),
    Key(
        "picker.send-many", "n", "n", "send_many", Group.PICKER, "send random",
        "Send as many random images as last time.",
    ),
    Key(
        "picker.send-number", "N", "N", "send_number", Group.PICKER, "send …",
        "Send another number of random images; it is also how large a batch is.",
    ),
    Key(
        "picker.folder", "f", "f", "folder", Group.PICKER, "folder",
        "Type the folder to open.",
    ),
    Key(
        "picker.parent", "backspace", "⌫", "parent", Group.PICKER, "parent",
        "Open the folder above.",
    ),
    Key(
        "picker.drawings", "d", "d", "drawings", Group.PICKER, "drawn digits",
        "Open the folder of the digits you drew, or the samples again.",
    ),
    Key(
        "picker.reload", "R", "R", "reload", Group.PICKER, "read again",
        "Read the folder again.",
    ),
    Key(
        "picker.clear", "c", "c", "clear_answers", Group.PICKER, "clear",
        "Empty the answers and the score of this version.",
    ),
    Key(
        "picker.zoom", "z", "z", "zoom", Group.PICKER, "zoom",
        "Give the whole screen to one part, and back.",
    ),
)  # fmt: skip

GRID_KEYS: tuple[Key, ...] = (
    Key(
        "grid.left", "left,h", "←", "move(-1)", Group.PICKER, "left",
        "Go one image back; h does it too.",
    ),
    Key(
        "grid.right", "right,l", "→", "move(1)", Group.PICKER, "right",
        "Go one image on; l does it too.",
    ),
    Key(
        "grid.up", "up,k", "↑", "move_rows(-1)", Group.PICKER, "up",
        "Go one row up; k does it too.",
    ),
    Key(
        "grid.down", "down,j", "↓", "move_rows(1)", Group.PICKER, "down",
        "Go one row down; j does it too.",
    ),
    Key(
        "grid.page-up", "pageup", "pgup", "move_pages(-1)", Group.PICKER, "page up",
        "Go one page up.",
    ),
    Key(
        "grid.page-down", "pagedown", "pgdn", "move_pages(1)", Group.PICKER, "page down",
        "Go one page down.",
    ),
    Key(
        "grid.first", "home", "home", "first", Group.PICKER, "first",
        "Go to the first one.",
    ),
    Key(
        "grid.last", "end", "end", "last", Group.PICKER, "last",
        "Go to the last one.",
    ),
    Key(
        "grid.open", "enter", "enter", "open", Group.PICKER, "open",
        "Open the folder, or send the image.",
    ),
)  # fmt: skip

DRAW_KEYS: tuple[Key, ...] = (
    Key(
        "draw.pen", "space", "space", "pen", Group.DRAW_PAD, "pen down/up",
        "Put the pen down where the cursor is, or lift it.",
    ),
    Key(
        "draw.save", "s", "s", "save", Group.DRAW_PAD, "save",
        "Keep the drawing as a PNG file; 0-9 then says which digit it is, - that it is unknown.",
    ),
    Key(
        "draw.back", "escape", "esc", "back", Group.DRAW_PAD, "back",
        "Leave the question for a label; otherwise go back. The drawing stays.",
    ),
    Key(
        "draw.eraser", "e", "e", "eraser", Group.DRAW_PAD, "eraser",
        "Rub out instead of drawing, and back; the right mouse button or shift rubs out too.",
    ),
    Key(
        "draw.undo", "u,ctrl+z", "u", "undo", Group.DRAW_PAD, "undo",
        "Take the last stroke back.",
    ),
    Key(
        "draw.redo", "U,ctrl+y", "U", "redo", Group.DRAW_PAD, "redo",
        "Have the stroke again that was taken back.",
    ),
    Key(
        "draw.clear", "c", "c", "clear", Group.DRAW_PAD, "clear",
        "Begin anew; u brings the drawing back.",
    ),
    Key(
        "draw.broader", "plus,equals_sign,right_square_bracket", "+", "broader", Group.DRAW_PAD,
        "broader", "A broader brush.",
    ),
    Key(
        "draw.finer", "minus,left_square_bracket", "-", "finer", Group.DRAW_PAD, "finer",
        "A finer brush.",
    ),
    Key(
        "draw.version", "v", "v", "version", Group.DRAW_PAD, "version",
        "Choose the version that is asked.",
    ),
    Key(
        "draw.label", ",".join("0123456789"), "0-9", "label('{key}')", Group.DRAW_PAD, "label",
        "After s: the digit that was drawn.",
    ),
)  # fmt: skip

CANVAS_KEYS: tuple[Key, ...] = (
    Key(
        "canvas.left", "left,h", "←", "move(-1, 0)", Group.DRAW_PAD, "left",
        "Move one pixel to the left, drawing if the pen is down; h does it too.",
    ),
    Key(
        "canvas.right", "right,l", "→", "move(1, 0)", Group.DRAW_PAD, "right",
        "Move one pixel to the right; l does it too.",
    ),
    Key(
        "canvas.up", "up,k", "↑", "move(0, -1)", Group.DRAW_PAD, "up",
        "Move one pixel up; k does it too.",
    ),
    Key(
        "canvas.down", "down,j", "↓", "move(0, 1)", Group.DRAW_PAD, "down",
        "Move one pixel down; j does it too.",
    ),
)  # fmt: skip

ALL_KEYS = (
    *KEYS,
    *PICKER_KEYS,
    *GRID_KEYS,
    *DRAW_KEYS,
    *CANVAS_KEYS,
    *DIALOG_KEYS,
    *DESCRIBE_KEYS,
)

BY_ID = {key.id: key for key in KEYS}

SHARED_KEYS = tuple(
    BY_ID[id_] for id_ in ("app.help", "app.quit", "app.palette", "view.symbols", "view.theme")
)
"""Keys of the monitor that the picker and the draw pad have as well."""

CHANGES = frozenset(key.action_name for key in KEYS if key.changes)
"""The actions that a read-only session refuses."""

FOOTER_MOST = 8
"""Keys in the footer besides those for help and quit."""


def bindings(keys: Iterable[Key] = KEYS) -> list[BindingType]:
    """Keys as a screen's `BINDINGS` want them."""
    return [binding for key in keys for binding in key.bindings()]


def footer(pane: PaneName) -> list[Key]:
    """The keys that matter most in a pane, at most `FOOTER_MOST`."""
    return [key for key in KEYS if pane in key.footer][:FOOTER_MOST]


def pressed(name: str, keys: Iterable[Key] = KEYS) -> Key | None:
    """The one of these keys that Textual's key `name` stands for."""
    return next((key for key in keys if name in key.keys.split(",")), None)
