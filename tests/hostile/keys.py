"""Textual's names of keys as the bytes that a terminal sends for them."""

from __future__ import annotations

import string

from textual.keys import _character_to_key

_NAMED = {
    "enter": b"\r",
    "escape": b"\x1b[27u",  # as the kitty protocol has it: the bare one would wait for more
    "tab": b"\t",
    "shift+tab": b"\x1b[Z",
    "backspace": b"\x7f",
    "delete": b"\x1b[3~",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "left": b"\x1b[D",
    "home": b"\x1b[H",
    "end": b"\x1b[F",
    "pageup": b"\x1b[5~",
    "pagedown": b"\x1b[6~",
}
_CHARACTERS = {_character_to_key(character): character for character in string.printable}


def key_bytes(name: str) -> bytes:
    """What a terminal sends for a key."""
    if name in _NAMED:
        return _NAMED[name]
    if name.startswith("ctrl+") and len(name) == len("ctrl+") + 1:
        return bytes([ord(name[-1]) & 31])
    return _CHARACTERS[name].encode()
