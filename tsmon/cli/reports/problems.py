"""What a command that watches says of problems: each once, when it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.cli.output import complain
from tsmon.telemetry.no_counters import why_empty
from tsmon.telemetry.scrape import MetricsMode

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import Snapshot
    from tsmon.torchserve.errors import TorchServeError


class Problems:
    """Shows each problem once, when it begins."""

    def __init__(self) -> None:
        self._reported: dict[str, str] = {}

    def show(self, snapshot: Snapshot) -> None:
        """Say what is new."""
        empty = why_empty(snapshot.server.version)
        for part, message, hint in (
            _problem("server", snapshot.server.problem),
            _problem("metrics", snapshot.metrics.problem),
            ("lines", lost_words(snapshot.metrics.lost_lines), ""),
            ("logs", snapshot.metrics.log_problem, ""),
            *_unread(snapshot),
            ("recording", _not_recorded(snapshot), "it keeps retrying"),
            ("mode", empty.problem if _has_no_counters(snapshot) else "", empty.hint),
        ):
            if message and self._reported.get(part) != message:
                complain(message, hint)
            self._reported[part] = message


def lost_words(lines: int) -> str:
    """How many lines of a scrape could not be read; empty where all could."""
    return f"lines of /metrics that cannot be read: {lines}" if lines else ""


def _unread(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    """The models of which something cannot be read."""
    return [
        (f"model {model.key}", f"{model.key}: {model.problem}" if model.problem else "", "")
        for model in snapshot.models
    ]


def _not_recorded(snapshot: Snapshot) -> str:
    return f"not recorded: {snapshot.not_recorded}" if snapshot.not_recorded else ""


def _has_no_counters(snapshot: Snapshot) -> bool:
    return snapshot.metrics.mode is MetricsMode.LOG and not snapshot.metrics.logged


def _problem(part: str, error: TorchServeError | None) -> tuple[str, str, str]:
    return (part, str(error), error.hint) if error else (part, "", "")
