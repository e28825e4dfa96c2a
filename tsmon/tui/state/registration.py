"""Registering an archive, and finding out what the server made of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.descriptions import describe_registered
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve.errors import ApiError, NotFound
from tsmon.torchserve.records import ModelVersion, RegisteredModel
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from tsmon.torchserve.management import Management, Registration


class Registered(Struct, frozen=True):
    """An archive that was registered."""

    message: str
    """The server's own words."""
    model: ModelVersion | None
    """What it describes now; None when it could not be determined which of its models is new."""
    differences: tuple[str, ...]
    """What the archive's own configuration overruled."""

    @property
    def key(self) -> ModelKey | None:
        """The new version."""
        return ModelKey(self.model.name, self.model.version) if self.model else None


async def register(
    management: Management, wanted: Registration, name: str, known: Collection[ModelKey]
) -> Registered:
    """Register, then read back what really holds.

    `name` is the model's name where it is known beforehand; `known` are the versions there were.

    Raises:
        TorchServeError: the server refused.
    """
    message = await management.register(wanted)
    model = await _find(management, wanted.url, name, known)
    return Registered(message, model, tuple(_differences(wanted, model)) if model else ())


def registration_refusal(error: ApiError) -> Note:
    """Why an archive was not registered, with the way out where the server gives none."""
    hint = error.hint
    if isinstance(error, NotFound):
        hint = hint or "the archive must lie in the model store of the server itself"
    elif error.code == 400 and "dependenc" in error.message + error.type.lower():
        hint = hint or "the model stays registered without workers: unregister it first"
    return Note(str(error), hint)


async def _find(
    management: Management, url: str, name: str, known: Collection[ModelKey]
) -> ModelVersion | None:
    listed = [RegisteredModel(name, url)] if name else await management.models()
    found = [entry for each in listed for entry in await describe_registered(management, each)]
    new = [
        entry.model
        for entry in found
        if entry.why is None and ModelKey(entry.model.name, entry.model.version) not in known
    ]
    exact = [model for model in new if model.url == url]
    return next(iter(exact or new), None)


def _differences(wanted: Registration, model: ModelVersion) -> list[str]:
    pairs = (
        ("workers", wanted.initial_workers, model.min_workers),
        ("batch size", wanted.batch_size, model.batch_size),
        ("batch delay", wanted.max_batch_delay, model.max_batch_delay_ms),
        ("response time-out", wanted.response_timeout, model.response_timeout_s),
        ("start-up time-out", wanted.startup_timeout, model.startup_timeout_s),
    )
    return [
        f"{what} is {got}, not {asked}"
        for what, asked, got in pairs
        if asked is not None and got is not None and asked != got
    ]
