"""The keys of the picker and of the draw pad."""

from __future__ import annotations

from tsmon.tui.keymap.key import Group, Key

PICKER_KEYS: tuple[Key, ...] = (
    Key(
        "picker.mark", "space", "space", "mark", Group.PICKER, "mark",
        "Mark or unmark the image, and go to the next one.",
    ),
    Key(
        "picker.send", "i", "i", "send_one", Group.PICKER, "send",
        "Send the chosen image (enter on it does it too; on a folder, enter opens it).",
    ),
    Key(
        "picker.send-marked", "s", "s", "send_marked", Group.PICKER, "send marked",
        "Send the marked images, in batches of the size last set with N.",
    ),
    Key(
        "picker.back", "escape", "esc", "back", Group.PICKER, "back",
        "Stop sending; otherwise go back to the monitor.",
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
        "Label the chosen image for this session; the file is not renamed.",
    ),
    Key(
        "picker.no-label", "delete,minus", "-", "no_label", Group.PICKER, "no label",
        "Remove the label of the chosen image.",
    ),
    Key(
        "picker.label-file", "L", "L", "label_file", Group.PICKER, "labels …",
        "Take the labels from a file, CSV or JSON of names and classes, for this session.",
    ),
    Key(
        "picker.answer", "percent_sign", "%", "answer_path", Group.PICKER, "class in answers",
        "Set where the class is in the model's answers, and see what that finds in the last one.",
    ),
    Key(
        "picker.form", "P", "P", "form", Group.PICKER, "how to send",
        "Set how payloads are sent to the model: content type, method, headers, form, KServe.",
    ),
    Key(
        "picker.whole", "A", "A", "whole_answer", Group.PICKER, "whole answer",
        "Show the chosen answer, or the last one to the chosen payload, as a whole.",
    ),
    Key(
        "picker.all", "a", "a", "mark_all", Group.PICKER, "all",
        "Mark all images of the folder.",
    ),
    Key(
        "picker.none", "x", "x", "mark_none", Group.PICKER, "none",
        "Unmark all images.",
    ),
    Key(
        "picker.invert", "X", "X", "invert", Group.PICKER, "invert",
        "Invert the marks.",
    ),
    Key(
        "picker.mark-random", "m", "m", "mark_random", Group.PICKER, "mark random",
        "Mark a number of random images.",
    ),
    Key(
        "picker.send-many", "n", "n", "send_many", Group.PICKER, "send random",
        "Send as many random images as last time.",
    ),
    Key(
        "picker.send-number", "N", "N", "send_number", Group.PICKER, "send …",
        "Send a different number of random images; it also sets the batch size.",
    ),
    Key(
        "picker.folder", "f", "f", "folder", Group.PICKER, "folder",
        "Enter a folder to open, or a file whose lines are sent.",
    ),
    Key(
        "picker.parent", "backspace", "⌫", "parent", Group.PICKER, "parent",
        "Open the parent folder.",
    ),
    Key(
        "picker.drawings", "d", "d", "drawings", Group.PICKER, "drawn digits",
        "Open the folder of drawn digits, or go back to the samples.",
    ),
    Key(
        "picker.reload", "R", "R", "reload", Group.PICKER, "reload",
        "Reload the folder.",
    ),
    Key(
        "picker.clear", "c", "c", "clear_answers", Group.PICKER, "clear",
        "Clear the answers and the score of this version.",
    ),
    Key(
        "picker.zoom", "z", "z", "zoom", Group.PICKER, "zoom",
        "Zoom one part to the whole screen, and back.",
    ),
)  # fmt: skip

GRID_KEYS: tuple[Key, ...] = (
    Key(
        "grid.left", "left,h", "←", "move(-1)", Group.PICKER, "left",
        "Go to the previous image (also h).",
    ),
    Key(
        "grid.right", "right,l", "→", "move(1)", Group.PICKER, "right",
        "Go to the next image (also l).",
    ),
    Key(
        "grid.up", "up,k", "↑", "move_rows(-1)", Group.PICKER, "up",
        "Go one row up (also k).",
    ),
    Key(
        "grid.down", "down,j", "↓", "move_rows(1)", Group.PICKER, "down",
        "Go one row down (also j).",
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

ANSWER_KEYS: tuple[Key, ...] = (
    Key(
        "answer.save", "s", "s", "save", Group.PICKER, "save",
        "In a whole answer, save its bytes to a file.",
    ),
)  # fmt: skip

DRAW_KEYS: tuple[Key, ...] = (
    Key(
        "draw.pen", "space", "space", "pen", Group.DRAW_PAD, "pen down/up",
        "Put the pen down at the cursor, or lift it.",
    ),
    Key(
        "draw.save", "s", "s", "save", Group.DRAW_PAD, "save",
        "Save the drawing as a PNG file; then 0-9 labels it, - leaves it unlabelled.",
    ),
    Key(
        "draw.back", "escape", "esc", "back", Group.DRAW_PAD, "back",
        "Cancel the label prompt; otherwise go back. The drawing stays.",
    ),
    Key(
        "draw.eraser", "e", "e", "eraser", Group.DRAW_PAD, "eraser",
        "Switch between eraser and pen; the right mouse button or shift also erases.",
    ),
    Key(
        "draw.undo", "u,ctrl+z", "u", "undo", Group.DRAW_PAD, "undo",
        "Undo the last stroke.",
    ),
    Key(
        "draw.redo", "U,ctrl+y", "U", "redo", Group.DRAW_PAD, "redo",
        "Redo the stroke.",
    ),
    Key(
        "draw.clear", "c", "c", "clear", Group.DRAW_PAD, "clear",
        "Clear the drawing; u brings it back.",
    ),
    Key(
        "draw.broader", "plus,equals_sign,right_square_bracket", "+", "broader", Group.DRAW_PAD,
        "broader", "Use a broader brush.",
    ),
    Key(
        "draw.finer", "minus,left_square_bracket", "-", "finer", Group.DRAW_PAD, "finer",
        "Use a finer brush.",
    ),
    Key(
        "draw.version", "v", "v", "version", Group.DRAW_PAD, "version",
        "Choose the version to query.",
    ),
    Key(
        "draw.label", ",".join("0123456789"), "0-9", "label('{key}')", Group.DRAW_PAD, "label",
        "After s: the digit you drew.",
    ),
)  # fmt: skip

CANVAS_KEYS: tuple[Key, ...] = (
    Key(
        "canvas.left", "left,h", "←", "move(-1, 0)", Group.DRAW_PAD, "left",
        "Move one pixel to the left, drawing if the pen is down (also h).",
    ),
    Key(
        "canvas.right", "right,l", "→", "move(1, 0)", Group.DRAW_PAD, "right",
        "Move one pixel to the right (also l).",
    ),
    Key(
        "canvas.up", "up,k", "↑", "move(0, -1)", Group.DRAW_PAD, "up",
        "Move one pixel up (also k).",
    ),
    Key(
        "canvas.down", "down,j", "↓", "move(0, 1)", Group.DRAW_PAD, "down",
        "Move one pixel down (also j).",
    ),
)  # fmt: skip
