"""Groups whose commands are files, each of them imported when it is called.

A group's package holds a module for each command, named like it: `set_default.py` has `set-default`
as its function `set_default` (`set_` where Python has a `set` of its own). There is no other list.
Help and completion take the sentence about a command from its docstring in the source.
"""

from __future__ import annotations

import ast
import gc
import pkgutil
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

import click

from tsmon.cli.outcome import errors_printed


class CommandFiles(MutableMapping[str, click.Command]):
    """The commands of a package by name; one that is asked for is imported."""

    def __init__(self, package: str) -> None:
        folder = import_module(package).__path__
        self._modules = {
            each.name.replace("_", "-"): f"{package}.{each.name}"
            for each in pkgutil.iter_modules(folder)
        }
        self._commands: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._commands:
            self._commands[name] = _imported(self._modules[name])
        return self._commands[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._commands[name] = command

    def __delitem__(self, name: str) -> None:
        del self._modules[name]

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def listed(self, name: str) -> click.Command | None:
        """A command as lists show it: its name and its help, out of its source."""
        module = self._modules.get(name)
        return click.Command(name, help=_docstring(module)) if module else None


class CommandGroup(click.Group):
    """A group of commands; of `CommandFiles` only the one that is called is imported."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, which ends by this project's exit codes."""
        with errors_printed():
            return super().invoke(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command for a list of commands."""
        if isinstance(self.commands, CommandFiles):
            return self.commands.listed(cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called."""
        name = args[0]
        if name in self.commands:
            return name, self.commands[name], args[1:]
        return super().resolve_command(ctx, args)


def go_on_with(ctx: click.Context, name: str, **params: Any) -> Any:
    """Run another command of the command line in place of this one."""
    root = cast(click.Group, ctx.find_root().command)
    return ctx.invoke(root.commands[name], **params)


def _imported(module: str) -> click.Command:
    gc.disable()  # see `tsmon.__main__`
    try:
        names = vars(import_module(module))
    finally:
        gc.freeze()
        gc.enable()
    return cast(click.Command, names[next(each for each in _functions(module) if each in names)])


def _docstring(module: str) -> str | None:
    spec = find_spec(module)
    loader: Any = spec.loader if spec else None
    for node in ast.parse(loader.get_source(module)).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name in _functions(module):
                    return ast.get_docstring(node)
    return None


def _functions(module: str) -> tuple[str, str]:
    """What a command's function may be called."""
    name = module.rpartition(".")[2]
    return f"{name}_", name
