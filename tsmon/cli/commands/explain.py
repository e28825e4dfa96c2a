"""The explain verb: what a number means, from the page that explains them all."""

from __future__ import annotations

import click

from tsmon.cli.options import as_json
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import emit_json, emit_table, emit_text
from tsmon.serving.assets import numbers_page
from tsmon.telemetry.explanations import Explanation, parse_explanations


@click.command()
@click.argument("number", nargs=-1)
@as_json
def explain(number: tuple[str, ...], as_json: bool) -> None:
    """Explain a NUMBER, column or verdict of tsmon; without one, list them all.

    NUMBER is its name or the word that stands for it on the screen: inference, REQ/S, p95, stuck.
    """
    explanations = parse_explanations(numbers_page())
    name = " ".join(number)
    entries = explanations.named(name) if name else explanations.entries
    if not entries:
        nearest = ", ".join(explanations.nearest(name))
        meant = f"did you mean {nearest}? " if nearest else ""
        fail(f"there is no number called {name}", f"{meant}`tsmon explain` lists all", Exit.USAGE)
    if as_json:
        emit_json([_record(entry) for entry in entries])
    elif name:
        emit_text("\n\n".join(map(_words, entries)))
    else:
        emit_table(
            ("NUMBER", "ON THE SCREEN", "SECTION"),
            [(entry.name, " ".join(entry.shown), entry.section) for entry in entries],
        )


def _words(entry: Explanation) -> str:
    width = max(len(heading) for heading, _ in entry.facts)
    lines = [f"{entry.name} ({entry.section})"]
    return "\n".join([*lines, *(f"  {head:<{width}}  {text}" for head, text in entry.facts)])


def _record(entry: Explanation) -> dict[str, object]:
    return {
        "number": entry.name,
        "shown": entry.shown,
        "section": entry.section,
        **dict(entry.facts),
    }
