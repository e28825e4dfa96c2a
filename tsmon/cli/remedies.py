"""Makes a command that a hint tells one that reaches the same server, as it stands."""

from __future__ import annotations

import re
import shlex

import click

from tsmon.cli.target import Target

_COMMAND = re.compile(r"`tsmon\s([a-z][a-z-]*)(?=[\s`])")


def for_this_server(hint: str) -> str:
    """A hint whose `tsmon …` commands name the server that options of this command named.

    What the environment or a configuration says holds for those commands anyway.
    """
    context = click.get_current_context(silent=True)
    target = context.find_object(Target) if context else None
    if context is None or target is None or not target.given:
        return hint
    root = context.find_root().command

    def named(found: re.Match[str]) -> str:
        command = root.commands.get(found[1]) if isinstance(root, click.Group) else None
        words = [word for option in _options(command) for word in target.given.get(option, ())]
        return " ".join(["`tsmon", *map(shlex.quote, words), found[1]])

    return _COMMAND.sub(named, hint)


def _options(command: click.Command | None) -> list[str]:
    """The options of a command, or of the commands of a group, in their order."""
    if command is None:
        return []
    if isinstance(command, click.Group):
        if command.name == "serve":  # it is about the server of this machine alone
            return ["--home"]
        return _options(next(iter(command.commands.values()), None))
    return [name for parameter in command.params for name in parameter.opts]
