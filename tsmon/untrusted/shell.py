"""Words of others in lines that a person pastes into a shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from tsmon.untrusted.text import is_plain


def shell_line(words: Iterable[str]) -> str:
    """The words as a line for a shell, in which no character is an order to the terminal."""
    return " ".join(map(shell_word, words))


def shell_word(word: str) -> str:
    r"""A word as the shell gives it on: as `shlex.quote`, or in the form `$'\x1b'`.

    That form is understood by bash, zsh, ksh and, since 2024, POSIX.
    """
    if is_plain(word):
        return shlex.quote(word)
    return f"$'{''.join(map(_escaped, word))}'"


def _escaped(character: str) -> str:
    if character in "'\\":
        return f"\\{character}"
    if is_plain(character):
        return character
    # Three octal digits end by themselves; hexadecimal ones would go on into what follows.
    return "".join(f"\\{byte:03o}" for byte in character.encode(errors="surrogateescape"))
