"""The keys in force where a widget is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from textual.dom import DOMNode
from textual.screen import Screen
from textual.signal import Signal

from tsmon.tui.keymap.effective import ANY_ID, Keymap

if TYPE_CHECKING:
    from tsmon.tui.keymap import Key


@runtime_checkable
class HasKeys(Protocol):
    """An app whose keys can be moved while it runs."""

    keys: Keymap
    """The keys in force."""
    keys_changed: Signal[Keymap]


def keys_of(node: DOMNode) -> Keymap:
    """The keys in force where a widget is."""
    app = node.app
    return app.keys if isinstance(app, HasKeys) else Keymap()


def keys_in_focus(screen: Screen[Any]) -> list[Key]:
    """The keys of the widgets in focus themselves, not those of their screen."""
    active = screen.active_bindings.values()
    ids = (each.binding.id for each in active if each.enabled and each.node is not screen)
    return [ANY_ID[id_] for id_ in dict.fromkeys(ids) if id_ in ANY_ID]
