"""What a plugin runs: its command, with what is selected filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsmon.config.schema import PluginScope, PluginSettings

OF_SERVER = ("management-url", "inference-url", "metrics-url", "key-file")
"""What is known of every server; the key file may be empty."""
_OF_MODEL = ("model", "version", *OF_SERVER)
OF_SCOPE: Mapping[PluginScope, tuple[str, ...]] = {
    "server": OF_SERVER,
    "model": _OF_MODEL,
    "worker": ("worker", "pid", *_OF_MODEL),
}
"""The names that are filled in, by what a plugin is about."""
_PLACE = re.compile(r"\{([a-z][a-z-]*)\}")
_PLAIN = re.compile(r"[A-Za-z0-9._:@+=][A-Za-z0-9._:@+=-]*")
"""What no shell, here or at the other end of an ssh, takes for anything but a word."""
_NAME = re.compile(r"[a-z][a-z0-9-]*")


class BadPlugin(Exception):
    """A plugin that cannot be run; `setting` is the one that is wrong."""

    def __init__(self, setting: str, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.setting = setting
        self.hint = hint


def check_plugin(name: str, plugin: PluginSettings) -> None:
    """See that a plugin can be run.

    Raises:
        BadPlugin: it cannot be.
    """
    if not _NAME.fullmatch(name):
        raise BadPlugin("key", f"{name!r} is not a valid name of a plugin", "use a-z, 0-9 and -")
    if not plugin.key:
        raise BadPlugin("key", "a key is required", 'such as key = "ctrl+e"')
    if not plugin.command or not plugin.command[0]:
        hint = 'such as command = ["less", "notes/{model}.md"]'
        raise BadPlugin("command", "a program is required", hint)
    known = OF_SCOPE[plugin.scope]
    for place in (found for part in plugin.command for found in _PLACE.findall(part)):
        if place not in known:
            words = ", ".join(f"{{{each}}}" for each in known)
            problem = f"{{{place}}} is not known to a plugin of the scope {plugin.scope}"
            raise BadPlugin("command", problem, f"it has {words}")


def fill_in(plugin: PluginSettings, values: Mapping[str, str]) -> list[str]:
    """The program and its arguments.

    What a server chose, such as a model's name, must be a plain word: it may end up in a shell, or
    be taken for an option.

    Raises:
        BadPlugin: it is not one.
    """

    def value(place: re.Match[str]) -> str:
        name, text = place[1], values[place[1]]
        if name not in OF_SERVER and not _PLAIN.fullmatch(text):
            problem = f"the {name} {text!r} is not a plain word, which an argument has to be"
            raise BadPlugin("command", problem, f"read it from ${variable(name)} in a script")
        return text

    return [_PLACE.sub(value, part) for part in plugin.command]


def variable(name: str) -> str:
    """The environment variable that has a value, whatever is in it."""
    return f"TSMON_{name.replace('-', '_').upper()}"


def environment(values: Mapping[str, str]) -> dict[str, str]:
    """The values as environment variables, those that tsmon itself reads among them."""
    return {variable(name): text.replace("\0", "") for name, text in values.items() if text}
