"""The last line: the keys that matter in the pane in focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.tui.keymap.active import HasKeys, keys_of
from tsmon.tui.widgets.words import Words

if TYPE_CHECKING:
    from tsmon.tui.keymap import Key


class KeyBar(Words):
    """Keys and what they do; each can be clicked."""

    _keys: Sequence[Key] = ()

    def on_mount(self) -> None:
        """Follow keys that are moved while the app runs."""
        if isinstance(self.app, HasKeys):
            self.app.keys_changed.subscribe(self, lambda _: self.show(self._keys))

    def on_unmount(self) -> None:
        """Follow them no longer: a signal keeps alive who listens to it."""
        if isinstance(self.app, HasKeys):
            self.app.keys_changed.unsubscribe(self)

    def show(self, keys: Sequence[Key]) -> None:
        """Show these keys, as many as fit, and always the way to the help page."""
        self._keys = keys
        keymap = keys_of(self)
        always = [keymap.by_id("app.help"), keymap.by_id("app.quit")]
        self.say(compose_keys([keymap.of(key) for key in keys], always, self.size.width))


def compose_keys(keys: Sequence[Key], always: Sequence[Key], width: int) -> Content:
    """The line for a width, which ends with the keys that are there always."""
    room = width - 1 - sum(map(_width, always))
    parts: list[Content] = []
    for key in keys:
        room -= _width(key)
        if room < 0:
            break
        parts.append(_part(key))
    return Content(" ").append(Content("").join([*parts, *map(_part, always)]))


def _width(key: Key) -> int:
    return len(key.shown) + 1 + len(key.label) + 2


def _part(key: Key) -> Content:
    action = key.action if key.action.startswith("app.") else f"screen.{key.action}"
    return Content.assemble(
        (key.shown, f"$text-primary bold @click={action}"),
        (f" {key.label}", f"$foreground-muted @click={action}"),
        "  ",
    )
