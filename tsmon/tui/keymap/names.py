"""Names of keys: as a person writes them, as Textual has them, as they are shown."""

from __future__ import annotations

import string
import unicodedata

from textual.keys import KEY_NAME_REPLACEMENTS


class BadKey(Exception):
    """A name that is no key, or a key that does not reach a program in a terminal."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint


def _punctuation(character: str) -> str:
    name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


_CHARACTERS = {character: _punctuation(character) for character in string.punctuation}
_PUNCTUATION = {name: character for character, name in _CHARACTERS.items()}
_ALIASES = {
    "esc": "escape",
    "return": "enter",
    "ins": "insert",
    "del": "delete",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
    "⌫": "backspace",
}
_SHOWN = {name: alias for alias, name in _ALIASES.items() if name not in ("enter", "insert")}
_MOVING = frozenset(
    ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete")
)
_FUNCTION = frozenset(f"f{number}" for number in range(1, 13))
_NAMED = _MOVING | _FUNCTION | {"enter", "escape", "tab", "space", "backspace"}
_MODIFIERS = {"ctrl": "ctrl", "control": "ctrl", "alt": "alt", "meta": "alt", "shift": "shift"}

_SAME = {"i": "tab", "m": "enter", "h": "backspace", "left_square_bracket": "escape"}
"""What a terminal sends for a letter with ctrl, where that is another key."""
_WITH_CONTROL = frozenset(
    ("at", "backslash", "right_square_bracket", "circumflex_accent", "underscore")
)
"""The signs that a terminal sends with ctrl."""
_TAKEN = {"ctrl+c": "copies the selected text", "ctrl+q": "always quits"}
"""Keys that stay what they are in every screen."""


def read_key(written: str) -> str:
    """Textual's name of a key such as `r`, `R`, `ctrl+r`, `?`, `+`, `pgdn` or `shift+tab`.

    Raises:
        BadKey: there is no such key, a terminal cannot send it, or it must stay what it is.
    """
    modifiers, key = _parts(written)
    if len(key) == 1 and key.isalpha():
        name = _letter(written, modifiers, key)
    elif "ctrl" in modifiers and key == "space":
        name = "ctrl+at"
    else:
        _check_sendable(written, modifiers, key)
        name = "+".join((*modifiers, key))
    if name in _TAKEN:
        raise BadKey(f"{written} is reserved: it {_TAKEN[name]}", "choose another key")
    return name


def read_keys(written: str) -> str:
    """Textual's names of keys that are separated by commas.

    Raises:
        BadKey: one of them is not valid, or none is given.
    """
    parts = [part.strip() for part in written.split(",")]
    if not all(parts):
        raise BadKey("a key is missing", "the key , itself is written comma")
    return ",".join(dict.fromkeys(read_key(part) for part in parts))


def show_key(name: str) -> str:
    """A key as a person reads it, from Textual's name of it."""
    *modifiers, key = name.split("+")
    if key == "comma" and modifiers:
        return name
    return "+".join((*modifiers, _SHOWN.get(key) or _PUNCTUATION.get(key, key)))


def _parts(written: str) -> tuple[tuple[str, ...], str]:
    """The modifiers, in Textual's order, and the key without them."""
    text = written.strip()
    before, plus, last = text.rpartition("+")
    if plus and not last:
        before, last = before.removesuffix("+"), "+"
    words = [word.strip().lower() for word in before.split("+")] if before else []
    unknown = next((word for word in words if word not in _MODIFIERS), None)
    if unknown is not None:
        raise BadKey(
            f"{written} is not a key a terminal sends: {unknown} is not sent",
            "use a key such as r, R, ctrl+r, alt+r, shift+tab, f5, pgdn, ? or comma",
        )
    modifiers = tuple(sorted({_MODIFIERS[word] for word in words}))
    return modifiers, _base(written, last.strip())


def _base(written: str, key: str) -> str:
    if key in _CHARACTERS:
        return _CHARACTERS[key]
    if len(key) == 1 and key.isalnum():
        return key
    name = _ALIASES.get(key.lower(), key.lower())
    if name in _NAMED or name in _PUNCTUATION:
        return name
    raise BadKey(
        f"{written} is not the name of a key",
        "use a key such as r, R, ctrl+r, shift+tab, f5, pgdn, space, ? or comma",
    )


def _letter(written: str, modifiers: tuple[str, ...], letter: str) -> str:
    if "ctrl" not in modifiers:
        upper = letter.upper() if "shift" in modifiers else letter
        return "+".join((*(m for m in modifiers if m != "shift"), upper))
    if "shift" in modifiers:
        raise BadKey(f"{written}: a terminal sends the same without shift", f"write ctrl+{letter}")
    if same := _SAME.get(letter.lower()):
        raise BadKey(f"{written} is what a terminal sends for {same}", "choose another letter")
    return "+".join((*modifiers, letter.lower()))


def _check_sendable(written: str, modifiers: tuple[str, ...], key: str) -> None:
    if not modifiers or key in _MOVING or key in _FUNCTION:
        return
    if "ctrl" in modifiers and (same := _SAME.get(key)):
        raise BadKey(f"{written} is what a terminal sends for {same}", "choose another key")
    sent: dict[tuple[str, ...], bool] = {
        ("ctrl",): key in _WITH_CONTROL,
        ("alt",): key in _PUNCTUATION or key.isdigit(),
        ("shift",): key == "tab",
    }
    if not sent.get(modifiers, False):
        hint = "use the character it types" if "shift" in modifiers else "choose another key"
        raise BadKey(f"{written} is not sent by a terminal", hint)
