"""Every `tsmon …` command that a text of tsmon's own tells a person to use, found in its source."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from tsmon.cli.main import cli

ROOT = Path(__file__).parents[1] / "tsmon"
QUOTED = re.compile(r"`(tsmon(?: [^`]*)?)`")
BARE = re.compile(r"(?:^|[:;(] |,? or )(tsmon (?:[a-z-]+|--)(?:(?!\. )[^;,()\n])*)")
"""A command outside of backticks: a text of its own, or what follows a colon."""
TEMPLATED = re.compile(r"\{\{ *\$[\w.]+ *\}\}")
"""What Prometheus puts a label in place of, in the text of an alert."""
SAMPLES = {
    "WALKTHROUGH_DIGITS": "3",
    "_words(model)": "mnist --model-version 1.0",
    "advice.workers": "2",
    "again": "2",
    "api": "management",
    "each": "2",
    "found.batch_size": "4",
    "found.max_batch_delay_ms": "10",
    "len(model.workers) + 1": "3",
    "max(model.min_workers, 1)": "1",
    "name": "models",
    "options": "--batch-size 1",
    "rate": "12.5",
    "version": " --model-version 1.0",
    "workers": "2",
}
"""What stands for a value that is known only when the text is printed, by its expression."""
TO_REPLACE = {
    "MILLISECONDS": "100",
    "WORKERS": "2",
    "N": "2",
    "FILE": "x.db",
    "URL": "http://127.0.0.1:8081",
}
"""What a person may put for words in capitals; for the others any word will do."""


@dataclass(frozen=True)
class Remedy:
    """One command as a person would type it."""

    place: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place} {shlex.join(self.words)}"


def texts() -> Iterator[tuple[str, str]]:
    """The strings of the source but for docstrings, with where they are."""
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text())
        ignored = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                ignored |= {id(value) for value in node.values}
        for node in ast.walk(tree):
            if id(node) not in ignored and (text := toml_value(node)):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", text  # type: ignore[attr-defined]


def toml_value(node: ast.AST) -> str:
    """A string with samples for its values; empty for anything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(toml_value, node.values))
    if isinstance(node, ast.FormattedValue):
        return SAMPLES.get(ast.unparse(node.value), "mnist")
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def commands_in(text: str) -> Iterator[tuple[str, ...]]:
    """The words of every command that a text tells, without `tsmon` itself."""
    text = TEMPLATED.sub("mnist", text)
    bare = (found.rstrip(".") for found in BARE.findall(QUOTED.sub("", text)) if _is_command(found))
    for line in (*QUOTED.findall(text), *bare):
        yield tuple(TO_REPLACE.get(word, word) for word in shlex.split(line)[1:])


def remedies() -> Iterator[Remedy]:
    """Every command that is told, in backticks or without."""
    for place, text in texts():
        for words in commands_in(text):
            yield Remedy(place, words)


def _is_command(line: str) -> bool:
    """Whether it is more than a sentence about tsmon."""
    return (first := line.split()[1]).startswith("--") or first in cli.commands


def parse(words: tuple[str, ...]) -> None:
    """Parse a command line as click does, without doing anything.

    Raises:
        click.UsageError: no such command or option, or something is missing.
    """
    command: click.Command = cli
    parent: click.Context | None = None
    rest = list(words)
    while True:
        parent = command.make_context(command.name, rest, parent=parent)
        if not isinstance(command, click.Group):
            return
        rest = [*parent._protected_args, *parent.args]
        if not rest:
            return
        _, found, rest = command.resolve_command(parent, rest)
        assert found is not None
        command = found
