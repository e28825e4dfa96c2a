"""Sets of keys to begin with, as moves from the default ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsmon.config.schema import PresetName

VIM = {
    "move.up": "k,up",
    "move.down": "j,down",
    # g goes to the first row, so that gg does.
    "move.first": "g,home",
    "move.page-up": "ctrl+b,pgup",
    "move.page-down": "ctrl+f,pgdn",
    "metrics.previous": "k,up",
    "metrics.next": "j,down",
    "grid.left": "h,left",
    "grid.right": "l,right",
    "grid.up": "k,up",
    "grid.down": "j,down",
    "grid.first": "g,home",
    "grid.last": "G,end",
    "grid.page-up": "ctrl+b,ctrl+u,pgup",
    "grid.page-down": "ctrl+f,ctrl+d,pgdn",
    "view.symbols": "ctrl+g",
    "time.back": "h,[,left",
    "time.on": "l,],right",
    "canvas.left": "h,left",
    "canvas.right": "l,right",
    "canvas.up": "k,up",
    "canvas.down": "j,down",
    "server.logs": "ctrl+l",
    "line.up": "k,up",
    "line.down": "j,down",
    "line.left": "h,left",
    "line.right": "l,right",
    "line.first": "g,home",
    "line.last": "G,end",
    "line.page-up": "ctrl+b,ctrl+u,pgup",
    "line.page-down": "ctrl+f,ctrl+d,pgdn",
    "draw.redo": "ctrl+r,U",
}
"""hjkl, gg, G and half pages everywhere; what had these keys moves beside ctrl."""

K9S = {
    "move.first": "g,home",
    "move.page-up": "ctrl+b,pgup",
    "move.page-down": "ctrl+f,pgdn",
    # ctrl+d deletes there, and half pages do not exist.
    "move.half-down": "alt+d",
    "move.half-up": "alt+u",
    "grid.first": "g,home",
    "grid.page-up": "ctrl+b,pgup",
    "grid.page-down": "ctrl+f,pgdn",
    "line.first": "g,home",
    "line.page-up": "ctrl+b,pgup",
    "line.page-down": "ctrl+f,pgdn",
    "view.symbols": "ctrl+g",
    "model.unregister": "ctrl+d,u",
    "workers.restart": "ctrl+k,W",
    "model.describe": "d,y",
    "table.copy": "c",
    "digits.clear": "X",
}
"""What k9s has on the same things, as far as both have them; docs/from-k9s.md compares all."""

PRESETS: Mapping[PresetName, Mapping[str, str]] = MappingProxyType(
    {"default": {}, "vim": VIM, "k9s": K9S}
)
