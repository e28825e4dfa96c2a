"""Notifications that a terminal shows on the desktop, as sequences to write to it."""

from __future__ import annotations

from collections.abc import Mapping

from tsmon.untrusted.text import visible

_LONGEST = 200
_SCREENS_ROOM = 512
"""Characters that GNU screen is given at once; what is longer than its buffer it drops."""


def desktop_note(text: str, kind: str, environment: Mapping[str, str]) -> str:
    """The sequence for a text, OSC 9 or OSC 777, as tmux and GNU screen hand it on.

    No character of the text ends it or begins another: what could is made visible. It begins with
    a word, since terminals take figures at the beginning of OSC 9 for orders.
    """
    shown = visible(text)[:_LONGEST].replace(";", ",")
    code = f"777;notify;tsmon;{shown}" if kind == "osc777" else f"9;tsmon: {shown}"
    return handed_on(f"\x1b]{code}\a", environment)


def handed_on(code: str, environment: Mapping[str, str]) -> str:
    """A sequence as tmux (with allow-passthrough) and GNU screen give it to their terminal."""
    if "TMUX" in environment:
        doubled = code.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    if environment.get("TERM", "").startswith("screen"):
        return for_screen(code)
    return code


def for_screen(code: str) -> str:
    """A sequence as GNU screen hands it on, in pieces that it has room for."""
    parts = (code[at : at + _SCREENS_ROOM] for at in range(0, len(code), _SCREENS_ROOM))
    return "".join(f"\x1bP{part}\x1b\\" for part in parts)
