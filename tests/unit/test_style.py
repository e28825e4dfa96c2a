"""What people read keeps to docs/style.md, whose table of words to avoid is read from there."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tsmon.tui.keymap import ALL_KEYS
from tsmon.tui.keymap.key import Key

ROOT = Path(__file__).parents[2]
STYLE = ROOT / "docs" / "style.md"
SOURCES = sorted(
    path
    for folder in ("tsmon", "model", "handler", "tools")
    for path in (ROOT / folder).rglob("*.py")
)
SHORTEST = 3
"""Words of a docstring."""
PAGES = sorted({ROOT / "README.md", *(ROOT / "docs").glob("*.md")} - {STYLE})


class Rule(NamedTuple):
    """Words to avoid, whether in names as well, and what to write."""

    pattern: re.Pattern[str]
    in_names: bool
    instead: str


def rules_of(page: str) -> list[Rule]:
    """The rows of the table under `Words to avoid`."""
    table = page.partition("## Words to avoid")[2]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return [_rule(*map(str.strip, row)) for row in rows[2:]]


def _rule(avoid: str, instead: str, where: str) -> Rule:
    words = (re.escape(word.strip()).replace(r"\ ", r"\s+") for word in avoid.split(","))
    flags = re.NOFLAG if avoid.isupper() or where == "as written" else re.IGNORECASE
    return Rule(re.compile(rf"\b(?:{'|'.join(words)})\b", flags), where == "names", instead)


RULES = rules_of(STYLE.read_text(encoding="utf-8"))


def faults(pieces: Iterator[tuple[int, str, bool]]) -> Iterator[tuple[int, str, str]]:
    """Each line with a word to avoid, and what to write; a piece is a name or prose."""
    for number, text, is_name in pieces:
        for rule in RULES:
            if (rule.in_names or not is_name) and (found := rule.pattern.search(text)):
                yield number + text.count("\n", 0, found.start()), found[0], rule.instead


def pieces_of_source(text: str) -> Iterator[tuple[int, str, bool]]:
    """Strings, comments and docstrings, and the words of names."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string.replace("_", " "), True
        elif token.type == tokenize.COMMENT or _is_text(token):
            yield token.start[0], re.sub(r"\n\s*#?:?", "\n", token.string), False


def _is_text(token: tokenize.TokenInfo) -> bool:
    kind = tokenize.tok_name[token.type]
    return kind == "FSTRING_MIDDLE" or (kind == "STRING" and " " in token.string)


def pieces_of_page(text: str) -> Iterator[tuple[int, str, bool]]:
    """A document without its code; line numbers stay."""
    bare = re.sub(r"```.*?```", lambda code: "\n" * code[0].count("\n"), text, flags=re.DOTALL)
    yield 1, re.sub(r"`[^`\n]*`", "", bare), False


def test_no_word_that_the_style_avoids() -> None:
    found = []
    for path in (*SOURCES, *PAGES):
        text = path.read_text(encoding="utf-8")
        if any(rule.pattern.search(text.replace("_", " ")) for rule in RULES):
            pieces = pieces_of_source(text) if path.suffix == ".py" else pieces_of_page(text)
            place = path.relative_to(ROOT)
            found += [
                f"{place}:{line}: {word!r}, write {new}" for line, word, new in faults(pieces)
            ]

    assert not found, "\n".join(found)


def test_the_words_are_found_where_they_are_and_nowhere_else() -> None:
    source = '"""Do\nit anew."""\nspelled_x = 1  # whoever\nword = f"a {whoever()} b"\n'

    found = [(line, word) for line, word, _ in faults(pieces_of_source(source))]

    assert (2, "anew") in found
    assert (3, "spelled") in found
    assert (3, "whoever") in found
    assert not list(faults(pieces_of_page("plain\n```\nanew\n```\nand `anew`\n")))
    assert [line for line, *_ in faults(pieces_of_page("one\n`x`\nanew\n"))] == [3]


def test_the_table_has_the_words_of_this_test() -> None:
    page = (
        "anew\n## Words to avoid\n\n| avoid | write | where |\n|---|---|---|\n| a b, c | d | "
        "names |\n"
    )

    (rule,) = rules_of(page)

    assert rule.pattern.fullmatch("A\nB")
    assert rule.in_names
    assert rule.instead == "d"


def test_a_docstring_says_something() -> None:
    """`It answers.` repeats a name; a sentence has more than two words."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            doc = ast.get_docstring(node) if isinstance(node, kinds) else None
            if doc and len(doc.split()) < SHORTEST:
                found.append(f"{path.relative_to(ROOT)}: {doc!r}")

    assert not found, "\n".join(found)


@pytest.mark.parametrize("key", ALL_KEYS, ids=lambda key: key.id)
def test_the_help_of_a_key_is_one_sentence_or_two(key: Key) -> None:
    assert key.help[0].isupper()
    assert key.help.endswith(".")
    assert len(key.label.split()) <= 3
