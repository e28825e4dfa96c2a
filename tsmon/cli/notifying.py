"""The options that have a command report events outside of its output."""

from __future__ import annotations

import os
import shlex
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from tsmon.cli.output import complain, to_terminal
from tsmon.conditions import BadCondition
from tsmon.config.schema import EVENT_KINDS, check_webhook

if TYPE_CHECKING:
    from tsmon.config.schema import NotifySettings
    from tsmon.notify.notifier import Notifier

F = TypeVar("F", bound=Callable[..., Any])
GRACE_S = 5.0
"""At the end, for what is still being delivered."""


class NotifyOptions(Struct, frozen=True):
    """What was asked for."""

    events: tuple[str, ...]
    exec: tuple[str, ...] = ()
    webhook: str = ""
    bell: bool = False
    desktop: str = ""

    @classmethod
    def of(cls, settings: NotifySettings) -> NotifyOptions:
        """What the configuration asks for."""
        return cls(
            settings.events, settings.exec, settings.webhook, settings.bell, settings.desktop
        )

    @property
    def asks(self) -> bool:
        """Whether anything was."""
        return bool(self.exec or self.webhook or self.bell or self.desktop)


def _command(_ctx: click.Context, _option: click.Parameter, text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise click.BadParameter(f"{error}: quote it as for a shell") from None


def _webhook(_ctx: click.Context, _option: click.Parameter, url: str) -> str:
    if url:
        try:
            check_webhook(url)
        except BadCondition as error:
            raise click.BadParameter(f"{error}, {error.hint}") from None
    return url


def notify_options(command: F) -> F:
    """The options of where events are reported, and which."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--exec",
        "run",
        metavar="CMD",
        default="",
        callback=_command,
        help="Run this program with its arguments for each event, without a shell; the event is "
        "in its environment and as JSON on its standard input.",
    ),
    click.option(
        "--webhook",
        metavar="URL",
        default="",
        callback=_webhook,
        help="Send each event to this URL, as JSON by POST.",
    ),
    click.option("--bell", is_flag=True, help="Ring the terminal's bell for each event."),
    click.option(
        "--desktop",
        type=click.Choice(["osc9", "osc777"]),
        help="Have the terminal show each event as a notification on the desktop.",
    ),
    click.option(
        "--on",
        "kinds",
        metavar="KIND",
        multiple=True,
        type=click.Choice(EVENT_KINDS),
        help="Kind of event that these four report; repeatable. [default: those of notify.events: "
        "limits]",
    ),
)


@asynccontextmanager
async def notifying(options: NotifyOptions) -> AsyncIterator[Notifier | None]:
    """Report events as the options ask for; what is not delivered is said on stderr."""
    if not options.asks:
        yield None
        return
    from tsmon.notify.notifier import notifier_of

    def show(text: str) -> None:
        from tsmon.notify.terminal import desktop_note

        if options.bell:
            to_terminal("\a")
        if options.desktop:
            to_terminal(desktop_note(text, options.desktop, os.environ))

    shows = options.bell or options.desktop
    notifier = notifier_of(options, complain, show if shows else None)
    if notifier is not None:
        notifier.start()
    try:
        yield notifier
    finally:
        if notifier is not None:
            await notifier.close(GRACE_S)
