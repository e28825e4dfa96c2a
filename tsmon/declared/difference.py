"""What has to be done for a server to have a declared state."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from tsmon.declared.state import DeclaredState, DeclaredVersion
from tsmon.units import plural


class Action(StrEnum):
    """One kind of step."""

    REGISTER = "register"
    REGISTER_AGAIN = "register again"
    """TorchServe changes batches, time-outs and archives by no other way; it stops serving then."""
    SCALE = "scale"
    SET_DEFAULT = "set default"
    UNREGISTER = "unregister"


class Step(Struct, frozen=True):
    """One step of a plan."""

    action: Action
    version: DeclaredVersion
    """As it is to be; of one that is unregistered, as it is."""
    why: str = ""
    """What differs."""

    @property
    def interrupts(self) -> bool:
        """Whether requests to that version are lost meanwhile."""
        return self.action in {Action.REGISTER_AGAIN, Action.UNREGISTER}

    def __str__(self) -> str:
        return f"{self.action} {self.version}{f': {self.why}' if self.why else ''}"


class Difference(Struct, frozen=True):
    """The steps from what a server has to what it is to have."""

    steps: tuple[Step, ...]
    undeclared: tuple[DeclaredVersion, ...]
    """What the server has and the state does not name; left alone unless it is pruned."""


def difference(wanted: DeclaredState, found: DeclaredState, *, prune: bool) -> Difference:
    """The plan, in an order that keeps models serving as long as can be.

    New versions come first, removals last, a model's default version last of all.
    """
    undeclared = tuple(
        each for each in found.models if wanted.find(each.name, each.version) is None
    )
    steps = [*_registrations(wanted, found), *_scales(wanted, found), *_defaults(wanted, found)]
    if prune:
        steps += _removals(wanted, undeclared)
    return Difference(tuple(steps), undeclared)


def _registrations(wanted: DeclaredState, found: DeclaredState) -> Iterator[Step]:
    for each in wanted.models:
        before = found.find(each.name, each.version)
        if before is None:
            yield Step(Action.REGISTER, each, f"{each.archive}, {_workers(each)}")
        elif why := _settings(each, before):
            yield Step(Action.REGISTER_AGAIN, each, why)


def _scales(wanted: DeclaredState, found: DeclaredState) -> Iterator[Step]:
    for each in wanted.models:
        before = found.find(each.name, each.version)
        if before is None or _settings(each, before):
            continue  # registered with its workers
        if (each.min_workers, each.most_workers) != (before.min_workers, before.most_workers):
            yield Step(Action.SCALE, each, f"{_workers(before)} → {_workers(each)}")


def _defaults(wanted: DeclaredState, found: DeclaredState) -> Iterator[Step]:
    for each in wanted.models:
        if not each.default:
            continue
        before = next((one.version for one in found.of(each.name) if one.default), None)
        if before is None and wanted.of(each.name)[0] == each:
            continue  # the first version that is registered is the default one
        if before != each.version:
            yield Step(Action.SET_DEFAULT, each, f"{before or 'the first registered'} now")


def _removals(wanted: DeclaredState, undeclared: tuple[DeclaredVersion, ...]) -> list[Step]:
    """Others before default versions, which TorchServe removes only when they are the last."""

    def is_last(each: DeclaredVersion) -> bool:
        return each.default and not wanted.of(each.name)

    return [Step(Action.UNREGISTER, each) for each in sorted(undeclared, key=is_last)]


def _settings(wanted: DeclaredVersion, found: DeclaredVersion) -> str:
    """How what only a registration sets differs; what is not declared does not."""
    names = ("archive", "batch_size", "max_batch_delay", "response_timeout", "startup_timeout")
    different = [
        f"{name.replace('_', ' ')} {getattr(found, name)} → {getattr(wanted, name)}"
        for name in names
        if getattr(wanted, name) not in {None, getattr(found, name)}
    ]
    return ", ".join(different)


def _workers(version: DeclaredVersion) -> str:
    least, most = version.min_workers, version.most_workers
    return plural(least, "worker") if least == most else f"{least} to {most} workers"
