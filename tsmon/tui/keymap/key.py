"""What a key is, and everything that is said about it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import force_setattr
from textual.actions import parse
from textual.binding import Binding

DO = "do('{id}')"
"""The action of the monitor's own keys, which it looks up by their ids."""


class PaneName(StrEnum):
    """The panes, in the order of their numbers; that of a run is there while there is a run."""

    MODELS = "models"
    WORKERS = "workers"
    METRICS = "metrics"
    DIGITS = "digits"
    RUN = "run"

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
    RUN = "Run"
    TABLES = "Tables"
    SERVER = "Server"
    TIME = "Time"
    VIEW = "View"
    MOVING = "Moving"
    GENERAL = "General"
    PICKER = "Picker"
    DRAW_PAD = "Draw pad"
    PAGES = "Pages"
    LOGS = "Logs"
    REQUESTS = "Requests"
    SERIES = "All metrics"
    DOCTOR = "Doctor"
    EVENTS = "Events"
    RUNS = "Runs"
    WHY = "Why?"
    CANARY = "Canary"
    TIMELINE = "Worker timeline"
    STORE = "Model store"
    WORKFLOWS = "Workflows"
    SETTINGS = "Settings"
    FLEET = "Fleet"
    DIALOGS = "Dialogs"
    PLUGINS = "Plugins"


class Key(Struct, frozen=True):
    """One key of the monitor and everything that is said about it."""

    id: str
    """Stable name, by which a keymap can move it to another key."""
    keys: str
    """Textual's names of the keys, separated by commas."""
    shown: str
    """How a person reads the key."""
    action: str
    """Textual's action; in it `{id}` is the id, and `{key}` the key pressed."""
    group: Group
    label: str
    """Two words at most, for the footer and the palette."""
    help: str
    """One sentence for the help page."""
    footer: tuple[PaneName, ...] = ()
    """The panes in whose footer it stands."""
    changes: bool = False
    """Whether it changes the server; refused in a read-only session."""
    sends: bool = False
    """Whether it sends requests to models."""
    needs_server: bool = False
    """Whether it is about a server without sending it anything."""
    without_answer: bool = False
    """Whether it can be done while the server does not answer."""
    of_version: bool = False
    """Whether it is about the selected version; as a command it can name another one."""
    needs_replay: bool = False
    """Whether it is for recordings alone."""

    def __post_init__(self) -> None:
        force_setattr(self, "action", self.action.replace("{id}", self.id))

    @property
    def acts(self) -> bool:
        """Whether it reaches the server, which must then be as it is shown."""
        return self.changes or self.sends

    @property
    def call(self) -> tuple[str, tuple[object, ...]]:
        """The action's name and arguments, as `check_action` takes them."""
        _, name, arguments = parse(self.action)
        return name, arguments

    @property
    def names(self) -> tuple[str, ...]:
        """Textual's names of the keys."""
        return tuple(self.keys.split(","))

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
            for key in self.names
        ]

    def _binding(self, keys: str, action: str, id_: str) -> Binding:
        return Binding(keys, action, self.label, key_display=self.shown, tooltip=self.help, id=id_)
