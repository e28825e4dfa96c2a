"""What an attacker would write, and how to see in a terminal's bytes that it arrived."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64

from tsmon.untrusted.text import visible

CLIPBOARD = "\x1b]52;c;TUFSS0VS\x07"
UNSEEN = "\x9b31m\x90q\u202e\u200b\u2066\ufeff\u2028\x7f"
"""C1, bidirectional, zero-width and line separators, and DEL."""
COLOURS = "\x1b[3;4;9;5;53m"
"""The one kind of sequence that tsmon makes itself, but never with these numbers."""
MARKUP = "[red]r[@click=app.quit]q"
CLOSING = "[/][/red]"
"""Ends markup that was not begun, which is an error where markup is read."""


def evil(tag: str, *, path: bool = True, lines: bool = True) -> str:
    """A hostile text that begins with its tag; without slashes or line feeds where none can be."""
    closing = CLOSING if path else ""
    forged = "\r\ntsmon: forged line" if lines else ""
    orders = f"\x1b]0;PWNED\x07{CLIPBOARD}\x1b[99z{COLOURS}\x1b[2J\x08\x0c"
    return f"{tag}{MARKUP}{closing}{orders}{UNSEEN}{forged}"


_SEQUENCES = re.compile(
    r"""
      \x1b\[ [\d;:]* m                     # colours
    | \x1b\[ [\d;]* [ABCDGHJK]             # moves and erasing
    | \x1b\[ \? (?:7|25|1000|1002|1003|1004|1006|1015|1016|1049|2004|2026|2031|2048|2027) [hl]
    | \x1b\[ \? (?:2026|2048) \$ p         # asks for modes
    | \x1b\[ [<>=]? [\d;]* u               # keys of the kitty protocol
    | \x1b\[ \? u
    | \x1b\] 22 ; [a-z-]* \x07            # shape of the pointer
    | (?<!PWNED)(?<!TUFSS0VS) \x07        # the bell, for a key that does nothing
    | \x1b\[ 0? c | \x1b\[ > 0? [cq] | \x1b\[ 1[46] t | \x1b\[ 6 n
    """,
    re.VERBOSE,
)
"""The sequences that tsmon, Textual and Rich make themselves."""
_COPY = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


def orders_in(output: bytes) -> list[str]:
    """What of a terminal's bytes is neither plain text nor a sequence of tsmon's own making."""
    text = output.decode("utf-8", errors="surrogateescape")
    found = [COLOURS] if COLOURS in text else []
    found += [copy for copy in _COPY.findall(text) if not _is_ours(copy)]
    rest = _SEQUENCES.sub("", _COPY.sub("", text)).replace("\r\n", "\n").replace("\r", "\n")
    for match in re.finditer(r"[^\n\t]*", rest):
        line = match[0]
        found += [
            f"{character!r} in {visible(line[max(at - 30, 0) : at + 30])}"
            for at, character in enumerate(line)
            if visible(character) != character
        ]
    return found


def _is_ours(copied: str) -> bool:
    """Whether what goes into the clipboard holds no order for the shell it is pasted into."""
    try:
        text = b64decode(copied, validate=True).decode()
    except (NotBase64, UnicodeDecodeError):
        return False
    return text != "MARKER" and visible(text, keep_lines=True) == text
