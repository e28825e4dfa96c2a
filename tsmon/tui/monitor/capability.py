"""What a capability of the monitor is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsmon.tui.keymap import Key
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.state.rollouts import Rollout
    from tsmon.tui.text.notes import Note

Handlers = Mapping[str, Callable[[], None]]
"""What carries actions out, by the ids of the key table."""


class Capability:
    """One thing that can be done on the monitor; each overrides what it has to do with."""

    def __init__(self, host: MonitorScreen) -> None:
        self.host = host
        self.talk = host.talk

    # Its actions

    def actions(self) -> Handlers:
        """What keys, commands, the palette and the mouse can ask of it."""
        return {}

    def allows(self, id_: str) -> bool:
        """Whether one of its actions can be done now; the session allows it already."""
        return True

    def why_not(self, id_: str) -> Note | None:
        """What to show a person who asks for an action that is not allowed."""
        return None

    def describe(self, key: Key) -> Key:
        """One of its keys with the words that fit now."""
        return key

    def footer(self, keys: list[Key]) -> list[Key]:
        """The keys in the last line, where it has others in mind."""
        return keys

    # What happens

    def mounted(self) -> None:
        """The screen is there."""

    def unmounted(self) -> None:
        """The screen is left."""

    def connected(self) -> None:
        """Another session is watched from now on."""

    def snapshot_shown(self) -> None:
        """The panes show another tick."""

    def selected_shown(self) -> None:
        """The panes show another version, or another tick of it."""

    def rollout_changed(self, rollout: Rollout) -> None:
        """A change of workers took a step."""
