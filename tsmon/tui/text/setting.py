"""What is said of a setting: its value, where it comes from, what it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from textual.content import Content

from tsmon.config.changes import Given
from tsmon.config.project import PROJECT_FILE
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.untrusted.shell import shell_line

if TYPE_CHECKING:
    from tsmon.config.settings import Setting
    from tsmon.config.values import Dotted

AUTOMATIC = "automatic"
"""Stands for a value that tsmon finds itself."""
CHANGED = "◆ changed, unsaved"
ROOM_FOR_NAMES = 80
"""Columns of a screen that has room for whole names."""
ROOM_FOR_HELP = 130
"""Columns of a screen that has room for the help sentences."""


class SettingRow(Struct, frozen=True):
    """A setting as the page shows it."""

    key: Dotted
    help: str
    value: Any
    origin: Path | Given | None
    setting: Setting | None = None
    """None where it is read-only."""
    in_force: Any = None
    """What tsmon found itself."""
    changed: bool = False

    @property
    def name(self) -> str:
        """As a person writes it."""
        return ".".join(self.key)


def format_value(value: Any) -> str:
    """A value as a person reads it."""
    if value is None or value == "":
        return AUTOMATIC
    if isinstance(value, float):
        return f"{value:g} s"  # every number is a time
    return str(value)


def format_origin(origin: Path | Given | None, own: Path) -> str:
    """Where a value comes from, in a word or two."""
    if origin is None:
        return "default"
    if isinstance(origin, Given):
        return origin.by
    if origin == own:
        return "your file"
    return "project's file" if origin.name == PROJECT_FILE else origin.name


def format_row(row: SettingRow, own: Path, width: int) -> Content:
    """One line: name, value, where it comes from, and the help sentence where there is room."""
    tone = Tone.WARNING if row.changed else Tone.PLAIN if row.setting else Tone.MUTED
    name, columns = row.name, (22, 24)
    if width < ROOM_FOR_NAMES:
        name, columns = row.key[-1], (14, 20)
    elif width >= ROOM_FOR_HELP:
        columns = (22, 36)
    value = _fit(_value(row, columns[1]), columns[1])
    spans: list[Span] = [(f"  {_fit(name, columns[0])}", Tone.PLAIN), (value, tone)]
    origin = CHANGED if row.changed else format_origin(row.origin, own)
    origin_tone = Tone.WARNING if row.changed else Tone.MUTED
    if width < ROOM_FOR_HELP:
        return line(*spans, (origin, origin_tone))
    return line(*spans, (_fit(origin, 20), origin_tone), (row.help, Tone.MUTED))


def _value(row: SettingRow, width: int) -> str:
    """The value; of one that tsmon finds itself, the word for that too where it fits."""
    value = format_value(row.value)
    if value != AUTOMATIC or not row.in_force:
        return value
    message = f"{AUTOMATIC}: {row.in_force}"
    return message if len(message) < width else str(row.in_force)


def _fit(text: str, width: int) -> str:
    """A text of that width and a blank; of a long one, the end, where paths differ."""
    if len(text) >= width:
        text = f"…{text[-(width - 2) :]}"
    return f"{text:<{width}}"


def setting_detail(row: SettingRow, *, live: bool, place: Path) -> Content:
    """What the line has no room for."""
    spans: list[Span] = [(row.help, Tone.PLAIN)]
    if row.setting is None:
        message = f"\nRead-only here: change it in {place}."
        return line(*spans, (message, Tone.MUTED))
    spans.append((f"\n{' · '.join(_bounds(row.setting, live=live))}", Tone.MUTED))
    if row.changed and live:
        spans.append((f"\nChanged but not saved; it would be saved in {place}.", Tone.WARNING))
    elif row.changed:
        message = f"\nNo effect yet: once saved in {place}, it applies from the next start."
        spans.append((message, Tone.WARNING))
    elif isinstance(row.origin, Given):
        spans.append((f"\nFrom {row.origin.by}, which overrides the files.", Tone.MUTED))
    elif row.origin is not None:
        spans.append((f"\nFrom {row.origin}.", Tone.MUTED))
    return line(*spans)


def _bounds(setting: Setting, *, live: bool) -> Iterator[str]:
    if setting.choices:
        yield " | ".join(map(format_value, setting.choices))
    if setting.least is not None:
        yield f"at least {format_value(float(setting.least))}"
    yield f"default {format_value(setting.default)}"
    yield "a change applies at once" if live else "a change applies from the next start"


def command_line(row: SettingRow, value: Any) -> str:
    """What sets it so outside the monitor."""
    if value is None or value == "":
        return shell_line(("tsmon", "config", "unset", row.name))
    written = f"{value:g}" if isinstance(value, float) else str(value)
    return shell_line(("tsmon", "config", "set", row.name, written))


def in_sections(rows: Sequence[SettingRow]) -> Iterator[tuple[str, list[SettingRow]]]:
    """The rows of each table, with its name."""
    names = dict.fromkeys(row.key[0] for row in rows)
    for name in names:
        yield name.capitalize(), [row for row in rows if row.key[0] == name]
