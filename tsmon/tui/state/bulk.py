"""One action on many versions: what is to be done with each, how far it is, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.torchserve.rollout import Outcome
from tsmon.tui.text.notes import Note
from tsmon.units import duration, plural

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus
    from tsmon.tui.state.rollouts import Rollout


class Stand(StrEnum):
    """How the work on one version stands."""

    WAITING = "waiting"
    RUNNING = "under way"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


_ENDED = frozenset({Stand.DONE, Stand.SKIPPED, Stand.FAILED})


class BulkPart(Struct, frozen=True):
    """The work on one version."""

    stand: Stand
    words: str
    """How far it is, or how it ended."""


class Bulk:
    """The parts of one action; `changed` is called when one of them moves on."""

    def __init__(
        self, title: str, verb: str, keys: Iterable[ModelKey], *, followed: bool = False
    ) -> None:
        """`verb` is what was done to those that are done: `unregistered`."""
        self.title = title
        self.followed = followed
        """Whether someone watches it, so that its end need not be reported."""
        self.parts: dict[ModelKey, BulkPart] = {}
        self.changed: Callable[[], None] = lambda: None
        self._verb = verb
        self.add(keys)

    def add(self, keys: Iterable[ModelKey]) -> None:
        """Have work to do on these versions, once more perhaps."""
        self.parts |= {key: BulkPart(Stand.WAITING, "") for key in keys}

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return all(part.stand in _ENDED for part in self.parts.values())

    @property
    def failed(self) -> bool:
        """Whether something could not be done."""
        return any(part.stand is Stand.FAILED for part in self.parts.values())

    def put(self, key: ModelKey, stand: Stand, words: str = "") -> None:
        """One part moved on."""
        self.parts[key] = BulkPart(stand, words)
        self.changed()

    def hear(self, rollout: Rollout) -> None:
        """A change of workers moved on; it may be of a version that has no part in this."""
        part = self.parts.get(rollout.key)
        if part is not None and part.stand not in _ENDED:
            self.put(rollout.key, *_stand_of(rollout))

    def summary(self) -> Note:
        """How it ended: how many are done, and what failed and why."""
        done = sum(part.stand is Stand.DONE for part in self.parts.values())
        total = plural(len(self.parts), "version")
        ended = f"{done} of {total} {self._verb}" if done < len(self.parts) else ""
        left = [
            f"{key}: {part.words}"
            for key, part in self.parts.items()
            if part.stand in {Stand.FAILED, Stand.SKIPPED}
        ]
        return Note(ended or f"{total} {self._verb}", "\n".join(left))


def _stand_of(rollout: Rollout) -> tuple[Stand, str]:
    progress = rollout.progress
    if progress is None:
        return Stand.RUNNING, f"{rollout.before} → {plural(rollout.target, 'worker')}"
    words = f"{progress.ready}/{progress.wanted} ready, {duration(progress.seconds)}"
    if progress.outcome is Outcome.FAILED:
        return Stand.FAILED, f"{progress.reason} ({words})"
    return (Stand.DONE if progress.outcome is Outcome.DONE else Stand.RUNNING), words


class BulkRemoval(Struct, frozen=True):
    """One version that is to be unregistered."""

    model: ModelStatus
    obstacle: str = ""
    """Why TorchServe would refuse it; it is then not asked."""
    staying: tuple[ModelStatus, ...] = ()
    """The versions of its model that stay."""


def plan_removals(
    chosen: Sequence[ModelStatus], registered: Sequence[ModelStatus]
) -> list[BulkRemoval]:
    """The versions in the order TorchServe needs: a default version after all others of its name.

    A default version whose others are not all chosen cannot be removed.
    """
    keys = {model.key for model in chosen}

    def plan(model: ModelStatus) -> BulkRemoval:
        staying = tuple(
            other
            for other in registered
            if other.key.name == model.key.name and other.key not in keys and not other.gone
        )
        refused = model.is_default and not model.gone
        return BulkRemoval(model, _obstacle(staying) if refused else "", staying)

    return [plan(model) for model in sorted(chosen, key=lambda model: model.is_default)]


def _obstacle(staying: Sequence[ModelStatus]) -> str:
    if not staying:
        return ""
    names = ", ".join(other.key.version for other in staying)
    remain = "remains" if len(staying) == 1 else "remain"
    return f"it is the default version and {names} {remain}; make another one the default first"
