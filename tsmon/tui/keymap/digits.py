"""The keys of the picker and of the draw pad."""

from __future__ import annotations

from tsmon.tui.keymap.key import Group, Key

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
        "picker.walkthrough", "W", "W", "walkthrough", Group.PICKER, "walkthrough",
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
