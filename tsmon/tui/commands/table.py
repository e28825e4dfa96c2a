"""The commands that take arguments; every action of the key table is a command besides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tsmon.torchserve.changes import check_workers
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.commands.command import Command
from tsmon.tui.state.messages import ServerChosen
from tsmon.tui.state.steps import PERIODS_S, SPANS_S
from tsmon.tui.text.themes import theme_named
from tsmon.units import short_period

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.tui.monitor.screen import MonitorScreen

_UNITS_S = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_seconds(text: str) -> float:
    """Seconds of a text such as `90`, `2s`, `5m` or `1h`.

    Raises:
        InvalidArgument: it is not one of them.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if not found:
        raise InvalidArgument(f"{text or 'nothing'} is not a valid time", "use 30s, 5m or 1h")
    return float(found[1]) * _UNITS_S[found[2]]


def _one_of(text: str, known: Iterable[str], what: str) -> str:
    """The one that is meant.

    Raises:
        InvalidArgument: there is not one of this name.
    """
    names = list(known)
    if text in names:
        return text
    near = get_close_matches(text, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(names)}" if names else ""
    raise InvalidArgument(f"no {what} is called {text}" if text else f"which {what}?", hint)


def _server(screen: MonitorScreen, text: str) -> None:
    known = _servers(screen)
    if not known:
        raise InvalidArgument(
            "the configuration names no server", "add it to [servers] in the configuration"
        )
    screen.post_message(ServerChosen(_one_of(text, known, "server")))


def _servers(screen: MonitorScreen) -> Sequence[str]:
    return list(screen.options.config.servers)


def select_version(screen: MonitorScreen, text: str) -> None:
    """Select the version of a name; without a version the default one.

    Raises:
        InvalidArgument: there is none.
    """
    found = _versions(screen)
    defaults = {key.name: key for key in reversed(found)}
    keys = defaults | {str(key): key for key in found}
    screen.select(keys[_one_of(text, keys, "model")])


def version_names(screen: MonitorScreen) -> Sequence[str]:
    """The versions on the server."""
    return list(map(str, _versions(screen)))


def _versions(screen: MonitorScreen) -> Sequence[ModelKey]:
    """Of each name, the default version first."""
    models = screen.snapshot.models if screen.snapshot else ()
    ordered = sorted(models, key=lambda model: (model.key.name, not model.is_default))
    return [model.key for model in ordered]


def _scale(screen: MonitorScreen, text: str) -> None:
    try:
        workers = int(text)
    except ValueError:
        hint = "such as scale 2"
        raise InvalidArgument(f"{text or 'nothing'} is not a number of workers", hint) from None
    check_workers(workers)
    screen.scaling.scale_to(workers)


def _theme(screen: MonitorScreen, text: str) -> None:
    if not text:
        raise InvalidArgument("which theme?", "such as theme nord")
    screen.app.theme = theme_named(text)


def _themes(screen: MonitorScreen) -> Sequence[str]:
    return sorted(screen.app.available_themes)


def _period(screen: MonitorScreen, text: str) -> None:
    seconds = parse_seconds(text)
    if not PERIODS_S[0] <= seconds <= 3600:
        raise InvalidArgument(
            f"{text} is not a valid period", f"use {short_period(PERIODS_S[0])} to 1h"
        )
    screen.servers.set_period(seconds)


def _periods(screen: MonitorScreen) -> Sequence[str]:
    return [short_period(seconds) for seconds in PERIODS_S]


def _span(screen: MonitorScreen, text: str) -> None:
    seconds = parse_seconds(text)
    if not SPANS_S[0] <= seconds <= SPANS_S[-1]:
        longest, shortest = short_period(SPANS_S[-1]), short_period(SPANS_S[0])
        raise InvalidArgument(f"{text} is not a valid span", f"use {shortest} to {longest}")
    screen.past.set_span(seconds)


def _spans(screen: MonitorScreen) -> Sequence[str]:
    return [short_period(seconds) for seconds in SPANS_S]


def _go(screen: MonitorScreen, text: str) -> None:
    screen.past.go_to_time(text)


def _filter(screen: MonitorScreen, text: str) -> None:
    screen.table_pane.filter_by(text)


def _sort(screen: MonitorScreen, text: str) -> None:
    screen.table_pane.sort_by(_one_of(text.lower(), _columns(screen), "column"))


def _columns(screen: MonitorScreen) -> Sequence[str]:
    return screen.table_pane.column_names


def _limit(screen: MonitorScreen, text: str) -> None:
    screen.limiting.add(text)


def _limits(screen: MonitorScreen, text: str) -> None:
    screen.limiting.show()


def _quit(screen: MonitorScreen, text: str) -> None:
    screen.call_later(screen.app.action_quit)


COMMANDS: tuple[Command, ...] = (
    Command(
        "server", "NAME", "Watch another server from the configuration.",
        _server, _servers, everywhere=True,
    ),
    Command(
        "model", "NAME [VERSION]", "Select a model; without a version, its default one.",
        select_version, version_names,
    ),
    Command(
        "scale", "N", "Set the number of workers, after a preview.",
        _scale, like="workers.scale",
    ),
    Command(
        "filter", "TEXT", (
            "Show only matching rows: text, !not, ~regex or /regex/; without an argument, "
            "all."
        ),
        _filter, like="table.filter",
    ),
    Command("sort", "COLUMN", "Sort the rows by a column.", _sort, _columns, like="table.sort"),
    Command(
        "go", "TIME", "Go to a time such as 14:03, -5m or 2026-11-22 14:03.",
        _go, like="time.jump",
    ),
    Command("span", "TIME", "Set how much time the charts show.", _span, _spans, like="time.wider"),
    Command(
        "period", "SECONDS", "Set how often the server is polled.",
        _period, _periods, like="time.ask-less", everywhere=True,
    ),
    Command(
        "limit", "[MODEL] CONDITION", (
            "Set a limit such as p95 > 50 ms for 1 min on the selected model and save it; NAME off "
            "switches one off."
        ),
        _limit,
    ),
    Command("limits", "", "List the limits with their states.", _limits),
    Command("theme", "NAME", "Choose the colour theme.", _theme, _themes, everywhere=True),
    Command("q", "", "Quit the monitor.", _quit, everywhere=True),
)  # fmt: skip
