"""How a command ends: exit codes, and errors as two lines on stderr instead of a traceback."""

from __future__ import annotations

import errno
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, NoReturn

import click

from tsmon.cli.output import complain, complain_of
from tsmon.cli.target import Target
from tsmon.config.errors import ConfigError
from tsmon.payloads.payload import PayloadError
from tsmon.serving.errors import ServingError
from tsmon.torchserve.errors import InvalidArgument, TimedOut, TorchServeError, Unreachable

_COMMAND = re.compile(r"`tsmon\s([a-z][a-z-]*)(?=[\s`])")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Exit(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    FAILED = 1
    """The server refused, or a check failed."""
    USAGE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


def fail(message: str, hint: str = "", code: Exit = Exit.FAILED) -> NoReturn:
    """Say what went wrong and end the command."""
    complain(message, for_this_server(hint))
    raise click.exceptions.Exit(code)


@contextmanager
def errors_printed() -> Iterator[None]:
    """End the command by what goes wrong in it, with the words and the exit code for that."""
    try:
        yield
    except InvalidArgument as error:
        fail(error.message, error.hint, Exit.USAGE)
    except ConfigError as error:
        fail(str(error), error.hint, Exit.USAGE)
    except (Unreachable, TimedOut) as error:
        fail(str(error), error.hint, Exit.UNREACHABLE)
    except (TorchServeError, ServingError) as error:
        fail(str(error), error.hint)
    except PayloadError as error:
        fail(str(error))
    except BrokenPipeError:
        # The reader has gone, as with `| head`; Python must not complain at exit either.
        sys.stderr.close()
        raise click.exceptions.Exit(Exit.FAILED) from None


def run(group: click.Group, args: list[str] | None = None, obj: Any = None) -> int:
    """Run the command line and give its exit code; `obj` is click's context object."""
    try:
        result = group.main(args, prog_name="tsmon", standalone_mode=False, obj=obj)
    except click.exceptions.Abort:
        complain("interrupted")
        return Exit.INTERRUPTED
    except click.ClickException as error:
        complain_of(error)
        return error.exit_code
    except OSError as error:
        if error.errno not in FULL:
            raise
        complain(f"cannot write: {error.strerror}", "free some space, or choose another folder")
        return Exit.FAILED
    return result if isinstance(result, int) else Exit.DONE


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
