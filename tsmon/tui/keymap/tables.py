"""The keys for the rows of tables and lists: filter, order, marks, copies."""

from __future__ import annotations

from tsmon.tui.keymap.key import DO, Group, Key, PaneName

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
