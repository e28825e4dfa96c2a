"""What each number means, read from the page that explains them all (docs/metrics.md).

An entry is a row of one of the page's tables: its first cell names the number, and in code the
words that stand for it on the screen; the other cells show about it under their column's heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from msgspec import Struct

_CODE = re.compile(r"`([^`]*)`")
_RULE = re.compile(r"^\|[-|: ]+\|$")


class Explanation(Struct, frozen=True):
    """One number, verdict or word."""

    section: str
    name: str
    shown: tuple[str, ...]
    """The words that stand for it on the screen."""
    facts: tuple[tuple[str, str], ...]
    """What is reported of it: a heading and a text each, without markup."""

    def is_called(self, name: str) -> bool:
        """Whether this is its name or what the screen calls it, in whatever case."""
        return name.casefold() in (word.casefold() for word in (self.name, *self.shown))


class ExplanationSection(Struct, frozen=True):
    """A heading of the page and what is below it."""

    title: str
    text: str
    """Its paragraphs, without markup, with an empty line between them."""
    entries: tuple[Explanation, ...]


class Explanations(Struct, frozen=True):
    """The whole page."""

    sections: tuple[ExplanationSection, ...] = ()

    @property
    def entries(self) -> tuple[Explanation, ...]:
        """All entries in the page's order."""
        return tuple(entry for section in self.sections for entry in section.entries)

    def section(self, title: str) -> ExplanationSection | None:
        """The section of a title."""
        return next((section for section in self.sections if section.title == title), None)

    def named(self, name: str) -> tuple[Explanation, ...]:
        """The entries of a name; several where sections share a word, such as `queue`."""
        return tuple(entry for entry in self.entries if entry.is_called(name))

    def find(self, name: str, sections: Iterable[str]) -> Explanation | None:
        """The entry of a name in the first of these sections that has one."""
        found = {entry.section: entry for entry in reversed(self.named(name))}
        return next((found[title] for title in sections if title in found), None)

    def nearest(self, name: str) -> list[str]:
        """Names much like this one, the likest first."""
        words = {word.casefold(): word for e in self.entries for word in (e.name, *e.shown)}
        return [words[found] for found in get_close_matches(name.casefold(), words, n=3)]


def parse_explanations(page: str) -> Explanations:
    """The sections of a page in Markdown, which begin at headings of the second level."""
    _, *parts = re.split(r"^## ", page, flags=re.MULTILINE)
    return Explanations(tuple(map(_section, parts)))


def _section(part: str) -> ExplanationSection:
    title, _, body = part.partition("\n")
    paragraphs: list[str] = []
    entries: list[Explanation] = []
    for block in re.split(r"\n\s*\n", body.strip()):
        if block.startswith("|"):
            entries += _entries(title.strip(), block.splitlines())
        else:
            paragraphs.append(_plain(" ".join(block.split())))
    return ExplanationSection(title.strip(), "\n\n".join(filter(None, paragraphs)), tuple(entries))


def _entries(section: str, lines: list[str]) -> Iterator[Explanation]:
    _, *headings = _cells(lines[0])
    for row in lines[1:]:
        if _RULE.match(row):
            continue
        first, *cells = _cells(row)
        shown = tuple(_CODE.findall(first))
        name = _CODE.sub("", first).strip() or shown[0]
        facts = [(heading, _plain(cell)) for heading, cell in zip(headings, cells, strict=True)]
        yield Explanation(section, name, shown, tuple(fact for fact in facts if fact[1]))


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _plain(text: str) -> str:
    return text.replace("`", "").replace("*", "")
