"""One change for any number of servers: from what each has to what it is to have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from tsmon.declared.difference import Difference, difference
from tsmon.declared.state import DeclaredState, DeclaredVersion
from tsmon.torchserve.errors import InvalidArgument
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.declared.difference import Step


class NothingToChange(Exception):
    """Why a change does not concern a server."""


class Change(Protocol):
    """What every one of the servers is to get."""

    @property
    def prunes(self) -> bool:
        """Whether what is not wanted any more is unregistered."""
        raise NotImplementedError

    def wanted(self, found: DeclaredState) -> DeclaredState:
        """What a server is to have that has this.

        Raises:
            NothingToChange: it does not concern the server.
            InvalidArgument: it cannot be done there.
        """
        raise NotImplementedError


class ServerPlan(Struct, frozen=True):
    """What a change means for one server."""

    server: str
    before: DeclaredState
    plan: Difference = Difference((), ())
    why_not: str = ""
    """Why there is nothing to do."""
    obstacle: str = ""
    """Why it cannot be done."""

    left_alone: tuple[DeclaredVersion, ...] = ()
    """What a declared state does not name and the server keeps."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is to be done."""
        return self.plan.steps


def plan_for(server: str, change: Change, found: DeclaredState) -> ServerPlan:
    """The plan of a change for a server that has this."""
    try:
        plan = difference(change.wanted(found), found, prune=change.prunes)
    except NothingToChange as reason:
        return ServerPlan(server, found, why_not=str(reason))
    except InvalidArgument as error:
        return ServerPlan(server, found, obstacle=str(error))
    left = () if change.prunes else plan.undeclared
    return ServerPlan(
        server, found, plan, "" if plan.steps else "it is as it should be", left_alone=left
    )


class Declared(Struct, frozen=True):
    """The same state for all."""

    state: DeclaredState
    prunes: bool = False

    def wanted(self, found: DeclaredState) -> DeclaredState:
        """That state, whatever the server has."""
        return self.state


class ScaleTo(Struct, frozen=True):
    """A number of workers for a version, by default the model's default one."""

    name: str
    version: str
    workers: int
    most: int | None = None
    """None is the same number."""

    prunes = False

    def wanted(self, found: DeclaredState) -> DeclaredState:
        """The state with that number."""
        old = _version(found, self.name, self.version)
        most = self.workers if self.most is None else self.most
        return _with(found, old, replace(old, min_workers=self.workers, max_workers=most))

    def __str__(self) -> str:
        return f"Scale {_called(self.name, self.version)} to {plural(self.workers, 'worker')}"


class RegisterOn(Struct, frozen=True):
    """A version that every server is to have; the first of its model is the default one."""

    version: DeclaredVersion

    prunes = False

    def wanted(self, found: DeclaredState) -> DeclaredState:
        """The state with that version."""
        wanted, there = self.version, found.find(self.version.name, self.version.version)
        if there is not None:
            return _with(found, there, replace(wanted, default=there.default))
        new = replace(wanted, default=not found.of(wanted.name))
        return DeclaredState((*found.models, new))

    def __str__(self) -> str:
        return f"Register {self.version}"


class ReplaceBy(Struct, frozen=True):
    """A new version in place of another, with its workers and settings.

    Without a version it is the default one that is replaced.
    """

    name: str
    version: str
    archive: str
    new: str

    prunes = True

    def wanted(self, found: DeclaredState) -> DeclaredState:
        """The state with the new version, without the old one."""
        old = _find(found, self.name, self.version)
        there = found.find(self.name, self.new)
        if there is not None and old in {None, there}:
            raise NothingToChange(f"{there} is there already")
        if old is None:
            raise NothingToChange(f"it has no {_called(self.name, self.version)}")
        new = replace(old, version=self.new, archive=self.archive)
        others = (each for each in found.models if each not in {old, there})
        return DeclaredState((*others, new))

    def __str__(self) -> str:
        return f"Replace {_called(self.name, self.version)} by {self.new}"


class Unregister(Struct, frozen=True):
    """A version that no server is to have, by default the default one, or all of a model."""

    name: str
    version: str
    every: bool = False
    """Whether all versions are meant."""

    prunes = True

    def wanted(self, found: DeclaredState) -> DeclaredState:
        """The state without it."""
        versions = found.of(self.name)
        leaving = versions if self.every else (_version(found, self.name, self.version),)
        if not leaving:
            raise NothingToChange(f"it has no {self.name}")
        staying = [each.version for each in versions if each not in leaving]
        if staying and any(each.default for each in leaving):
            default = leaving[0]
            raise InvalidArgument(
                f"{default} is the default version and {', '.join(staying)} would be left",
                "make another one the default first",
            )
        return DeclaredState(tuple(each for each in found.models if each not in leaving))

    def __str__(self) -> str:
        what = "all versions of " if self.every else ""
        return f"Unregister {what}{_called(self.name, self.version)}"


class PutBack(Struct, frozen=True):
    """Some models of a server as they were before; the others are left as they are."""

    names: frozenset[str]
    before: DeclaredState

    prunes = True

    def wanted(self, found: DeclaredState) -> DeclaredState:
        """The state with those models as they were."""
        others = [each for each in found.models if each.name not in self.names]
        return DeclaredState(
            (*others, *(each for each in self.before.models if each.name in self.names))
        )


def names_of(steps: Iterable[Step]) -> frozenset[str]:
    """The models that steps are about."""
    return frozenset(step.version.name for step in steps)


def _called(name: str, version: str) -> str:
    return f"{name} {version}" if version else name


def _find(found: DeclaredState, name: str, version: str) -> DeclaredVersion | None:
    """The version meant, without one the default one; None where there is no such."""
    if version:
        return found.find(name, version)
    versions = found.of(name)
    return next((each for each in versions if each.default or len(versions) == 1), None)


def _version(found: DeclaredState, name: str, version: str) -> DeclaredVersion:
    """The same.

    Raises:
        NothingToChange: there is no such.
    """
    old = _find(found, name, version)
    if old is None:
        raise NothingToChange(f"it has no {_called(name, version)}")
    return old


def _with(found: DeclaredState, old: DeclaredVersion, new: DeclaredVersion) -> DeclaredState:
    return DeclaredState(tuple(new if each == old else each for each in found.models))
