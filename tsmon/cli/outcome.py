"""How a command ends: exit codes, and errors as two lines on stderr instead of a traceback."""

from __future__ import annotations

import asyncio
import errno
import sys
from collections.abc import Callable, Coroutine
from enum import IntEnum
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from tsmon.cli.output import complain
from tsmon.cli.slow import told_when_slow
from tsmon.config.errors import ConfigError
from tsmon.digits.images import ImageError
from tsmon.serving.errors import ServingError
from tsmon.torchserve.errors import InvalidArgument, TimedOut, TorchServeError, Unreachable

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
P = ParamSpec("P")
T = TypeVar("T")


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
    complain(message, hint)
    raise click.exceptions.Exit(code)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives; what it waits for long is said."""

    async def told() -> T:
        async with told_when_slow():
            return await work

    return asyncio.run(told())


def runs_async(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Make a coroutine function fit for a click command, which says what it waits for long."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_async(function(*args, **kwargs))

    return run


class CommandGroup(click.Group):
    """A group whose commands end with this project's exit codes."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and translate what it raises."""
        try:
            return super().invoke(ctx)
        except InvalidArgument as error:
            fail(error.message, error.hint, Exit.USAGE)
        except ConfigError as error:
            fail(str(error), error.hint, Exit.USAGE)
        except (Unreachable, TimedOut) as error:
            fail(str(error), error.hint, Exit.UNREACHABLE)
        except (TorchServeError, ServingError) as error:
            fail(str(error), error.hint)
        except ImageError as error:
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
        error.show()
        return error.exit_code
    except OSError as error:
        if error.errno not in FULL:
            raise
        complain(f"cannot write: {error.strerror}", "free some space, or write elsewhere")
        return Exit.FAILED
    return result if isinstance(result, int) else Exit.DONE
