"""Reads the descriptions of a recording: which versions there were at a tick, and how each was."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tsmon.telemetry.source import Description
from tsmon.torchserve.errors import TorchServeError
from tsmon.torchserve.records import ModelVersion, parse_versions
from tsmon.untrusted.json import parse_json

if TYPE_CHECKING:
    from tsmon.telemetry.recording.database import Database

MOST_BODIES = 1000
"""Descriptions held in memory, some 5 kB each."""
_DESCRIPTION = "SELECT position, is_default, body FROM description WHERE tick = ?"


class RecordedDescriptions:
    """The descriptions of all ticks; those of the same words share one in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bodies: dict[int, ModelVersion] = {}
        self._places: dict[str, tuple[int, list[int]]] = {}
        """Of the model that was read by itself last: how many descriptions there were, and where
        among them its own."""

    def read(self, tick: int, model: str | None) -> tuple[Description, ...]:
        """All versions at a tick, or only those of a model."""
        unread = self._unread(tick)
        return tuple(
            _description(self._described(body), bool(is_default), unread.get(position))
            for position, is_default, body in (
                self._database.rows(f"{_DESCRIPTION} ORDER BY position", tick)
                if model is None
                else self._places_of(tick, model)
            )
        )

    def _places_of(self, tick: int, name: str) -> list[tuple[Any, ...]]:
        """The descriptions of a model: mostly where they were at the tick read before."""
        ((last,),) = self._database.rows(
            "SELECT max(position) FROM description WHERE tick = ?", tick
        )
        known = self._places.get(name)
        if known is not None and known[0] == last:
            found = [
                row
                for position in known[1]
                for row in self._database.rows(f"{_DESCRIPTION} AND position = ?", tick, position)
            ]
            if all(self._described(body).name == name for _, _, body in found):
                return found
        found = [
            row
            for row in self._database.rows(f"{_DESCRIPTION} ORDER BY position", tick)
            if self._described(row[2]).name == name
        ]
        self._places = {name: (last, [row[0] for row in found])}
        return found

    def _unread(self, tick: int) -> dict[int, TorchServeError]:
        """Why versions could not be described, by position; an older recording has none."""
        if "unread" not in self._database.tables:
            return {}
        rows = self._database.rows(
            "SELECT position, problem, hint FROM unread WHERE tick = ?", tick
        )
        return {position: TorchServeError(problem, hint) for position, problem, hint in rows}

    def _described(self, body: int) -> ModelVersion:
        """A description; those of the same words share one in memory."""
        if body not in self._bodies:
            if len(self._bodies) >= MOST_BODIES:
                self._bodies.clear()
            ((text,),) = self._database.rows("SELECT json FROM body WHERE id = ?", body)
            self._bodies[body] = parse_versions([parse_json(text)])[0]
        return self._bodies[body]


def _description(model: ModelVersion, is_default: bool, why: TorchServeError | None) -> Description:
    if why is not None and "modelVersion" in model.unread:  # only the list mentioned it
        model = dataclasses.replace(model, version="", unread=())
    return Description(model, is_default, why=why)
