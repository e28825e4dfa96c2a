"""The actions of all capabilities: whose they are, and whether they can be done now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from tsmon.telemetry.instant import Instant
from tsmon.torchserve.errors import READ_ONLY_HINT
from tsmon.tui.monitor.presence import Refused, why_not_present
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from tsmon.tui.keymap import Key
    from tsmon.tui.monitor.capability import Capability
    from tsmon.tui.state.session import Session


class Actions:
    """Finds actions by the ids of the key table; those of the app are not among them."""

    def __init__(self, capabilities: Iterable[Capability], keys: Iterable[Key]) -> None:
        self._keys: Mapping[str, Key] = {key.id: key for key in keys}
        self._found: dict[str, tuple[Capability, Callable[[], None]]] = {}
        for capability in capabilities:
            for id_, handler in capability.actions().items():
                if id_ in self._found:
                    raise ValueError(f"two capabilities do {id_}")
                self._found[id_] = capability, handler

    @property
    def ids(self) -> frozenset[str]:
        """All there are."""
        return frozenset(self._found)

    def do(self, id_: str, session: Session) -> None:
        """Carry one out, whatever asked for it: a key, a command, the palette or the mouse.

        Raises:
            Refused: it would act on something else than what is shown.
        """
        self.check(id_, session)
        _, handler = self._found[id_]
        handler()

    def check(self, id_: str, session: Session) -> None:
        """Look whether the session allows it now.

        Raises:
            Refused: it does not.
        """
        if refusal := _refusal(self._keys[id_], session):
            raise Refused(refusal.message, refusal.hint)

    def allows(self, id_: str, session: Session) -> bool:
        """Whether the session and the capability allow it now."""
        if _refusal(self._keys[id_], session) is not None:
            return False
        if self._keys[id_].needs_replay and not session.replays:
            return False
        return id_ not in self._found or self._found[id_][0].allows(id_)

    def why_not(self, key: Key, session: Session) -> tuple[Note, bool] | None:
        """The message for a key that does nothing now, and whether it is an error."""
        if refusal := _refusal(key, session):
            return refusal, True
        if key.id not in self._found or self.allows(key.id, session):
            return None
        note = self._found[key.id][0].why_not(key.id)
        return (note, False) if note else None

    def describe(self, key: Key) -> Key:
        """A key with the words that fit now."""
        return self._found[key.id][0].describe(key) if key.id in self._found else key


def _refusal(key: Key, session: Session) -> Note | None:
    """Why a session has no use for a key now.

    It is only watched, nothing may be changed, or the screen does not show its present.
    """
    if (key.acts or key.needs_server) and not session.can_act:
        return Note(f"this is a {session.word}: {key.label} is not possible", session.way_out)
    if key.changes and session.read_only:
        return Note(f"read-only: {key.label} is refused", READ_ONLY_HINT)
    if key.acts and session.hold is not None:
        return Note(f"{key.label} is refused: {session.hold.message}", session.hold.hint)
    return why_not_present(key, session, Instant.now())
