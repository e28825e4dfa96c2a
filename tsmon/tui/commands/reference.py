"""The keys as a table outside the monitor: for the command, and for the page of the docs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tsmon.tui.commands.table import COMMANDS
from tsmon.tui.keymap import ALL_KEYS, Group, Key
from tsmon.tui.keymap.effective import ANY_ID, Keymap, resolve
from tsmon.tui.keymap.names import show_key

_INTRODUCTION = """\
# Keys and commands

This page is made by `make docs-keys` from the tables that the monitor itself works by. `tsmon keys`
prints the keys in force with your own configuration, and `?` in the monitor those that work where
you are.

## Other keys

Keys are moved in a configuration file (`tsmon config path` tells which), by the ids below:

```toml
[keys]
preset = "vim"                  # or "default"

[keys.bind]
"model.register" = "ctrl+r"
"time.pause" = "p,space"        # several keys are separated by commas
```

A key is written as it is typed (`r`, `R`, `?`, `+`, `[`) or by its name (`ctrl+r`, `alt+r`,
`shift+tab`, `f5`, `esc`, `enter`, `space`, `pgup`, `comma`). Two actions on one key of a screen, an
id that there is not, and a key that terminals do not send, such as `ctrl+i`, which is `tab` to
them, are refused at the start, and by `tsmon config check`, with file and line. `ctrl+q` always
leaves.
"""


def all_shown(key: Key) -> str:
    """All keys of an action as a person reads them."""
    return key.shown if key.is_many else " ".join(map(show_key, key.names))


def by_group(keymap: Keymap) -> Iterator[tuple[Group, list[Key]]]:
    """The keys in force under the headings of the help."""
    for group in Group:
        if keys := [keymap.of(key) for key in ALL_KEYS if key.group is group]:
            yield group, keys


def record(key: Key) -> dict[str, Any]:
    """A key in force as data; `keys` as `[keys.bind]` takes them."""
    return {
        "id": key.id,
        "keys": list(map(show_key, key.names)),
        "default": list(map(show_key, ANY_ID[key.id].names)),
        "group": str(key.group),
        "label": key.label,
        "help": key.help,
        "changes": key.changes,
    }


def as_markdown(keymap: Keymap) -> str:
    """The page with all keys, the commands and the vim preset."""
    parts = [_INTRODUCTION]
    for group, keys in by_group(keymap):
        rows = [(_code(all_shown(key)), f"`{key.id}`", key.help) for key in keys]
        parts.append(_section(str(group), ("key", "id", "does"), rows))
    commands = [(f"`:{command.usage}`", command.help) for command in COMMANDS]
    words = "Besides these, the id or the label of any action above is a command.\n\n"
    parts.append(_section("Commands", ("command", "does"), commands, words))
    vim = resolve("vim")
    moved = [
        (f"`{id_}`", _code(all_shown(ANY_ID[id_])), _code(all_shown(vim.by_id(id_))))
        for id_ in vim.moved
    ]
    parts.append(_section("The vim preset", ("id", "default", "vim"), moved))
    return "\n".join(parts)


def _section(
    title: str, headings: tuple[str, ...], rows: Sequence[tuple[str, ...]], words: str = ""
) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    return f"## {title}\n\n{words}" + "".join(f"| {' | '.join(each)} |\n" for each in lines)


def _code(keys: str) -> str:
    return " ".join(f"`{key}`" for key in keys.split())
