"""The page that explains the numbers, as the screen shows it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from textual.content import Content

from tsmon.serving.errors import AssetsMissing
from tsmon.telemetry.explanations import (
    Explanation,
    Explanations,
    ExplanationSection,
    parse_explanations,
)
from tsmon.tui.keymap import PaneName
from tsmon.tui.text.tones import Span, Tone, line

SECTIONS = {
    PaneName.MODELS: ("Models", "From the counters", "Verdicts on a model", "What has no number"),
    PaneName.WORKERS: ("Workers", "Verdicts on a worker"),
    PaneName.METRICS: (
        *("From the counters", "On the charts", "What has no number"),
        *("Percentiles", "Metrics modes", "All metrics"),
    ),
    PaneName.DIGITS: ("Sends",),
    PaneName.RUN: ("Load runs",),
}
"""The sections of docs/metrics.md for the numbers of each pane."""
EVERYWHERE = ("The server's line",)


@cache
def explanations() -> Explanations:
    """The page; empty where it did not come with this tsmon."""
    from tsmon.serving.assets import numbers_page

    try:
        return parse_explanations(numbers_page())
    except AssetsMissing:
        return Explanations()


def tip(pane: PaneName, name: str) -> Content | None:
    """What a word in a pane stands for, for its tooltip; None for a word that is not explained."""
    entry = explanations().find(name, SECTIONS[pane])
    return line(*_entry_spans(entry)) if entry else None


def format_page(pane: PaneName, chosen: str = "") -> Content:
    """The numbers of a pane, the chosen one first."""
    page = explanations()
    first = page.find(chosen, SECTIONS[pane]) if chosen else None
    spans = [*_entry_spans(first), ("\n\n", Tone.PLAIN)] if first else []
    titles = (*SECTIONS[pane], *EVERYWHERE)
    sections = [section for title in titles if (section := page.section(title))]
    if not sections:
        return line(("docs/metrics.md is missing from this installation", Tone.BAD))
    return line(*spans, *_section_spans(sections))


def _section_spans(sections: Iterable[ExplanationSection]) -> list[Span]:
    spans: list[Span] = []
    for section in sections:
        spans.append((f"{section.title}\n\n", Tone.ACCENT))
        if section.text:
            spans.append((f"{section.text}\n\n", Tone.PLAIN))
        for entry in section.entries:
            spans += [*_entry_spans(entry), ("\n\n", Tone.PLAIN)]
    return spans


def _entry_spans(entry: Explanation) -> list[Span]:
    shown = "  ".join(word for word in entry.shown if word != entry.name)
    spans: list[Span] = [(entry.name, Tone.GOOD), (f"  {shown}" if shown else "", Tone.MUTED)]
    for heading, text in entry.facts:
        spans += [(f"\n  {heading}: ", Tone.MUTED), (text, Tone.PLAIN)]
    return spans
