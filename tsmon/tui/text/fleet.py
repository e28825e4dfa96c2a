"""What the fleet screen says besides its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.config.files import user_file
from tsmon.fleet.arrange import FleetLine, troubles
from tsmon.fleet.targets import Origin
from tsmon.tui.text.series import series_value
from tsmon.tui.text.tones import Span, Tone, line, tone_of
from tsmon.units import ABSENT, count, duration, plural
from tsmon.untrusted.secrets import masked_address

if TYPE_CHECKING:
    from tsmon.fleet.snapshot import FleetSnapshot, ServerRow
    from tsmon.tui.keymap.effective import Keymap

MOST_PROBLEMS = 3

_EXAMPLE = """
    [servers.prod]
    url = "http://prod.example:8081"
    color = "red"
    read_only = true

    [fleet]
    file_sd = ["targets/*.json"]
    prometheus = "http://127.0.0.1:9090"
"""


def fleet_bar(snapshot: FleetSnapshot, order: str, width: int) -> Content:
    """How many servers there are, how many answer, how many have which verdict; the order."""
    servers = len(snapshot.servers)
    all_up = snapshot.up == servers
    parts: list[Span] = [
        ("Fleet", Tone.ACCENT),
        (plural(servers, "server"), Tone.PLAIN),
        (f"{count(snapshot.up)} up", Tone.GOOD if all_up else Tone.PLAIN),
    ]
    parts += [(f"{sign} {count(many)}", tone_of(sign.grade)) for sign, many in troubles(snapshot)]
    parts.append((order, Tone.MUTED))
    spans: list[Span] = []
    for text, tone in parts:
        if sum(len(each) for each, _ in spans) + len(text) + 2 < width:
            spans += [(" ", Tone.PLAIN), (text, tone), (" ", Tone.PLAIN)]
    return line(*spans)


def format_problems(problems: Sequence[str]) -> Content | None:
    """What is wrong with the lists of servers; None when nothing is."""
    if not problems:
        return None
    shown = [(f"✗ {text}", Tone.BAD) for text in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        shown.append((f"  and {len(problems) - MOST_PROBLEMS} more", Tone.MUTED))
    return Content("\n").join([line(span) for span in shown])


def format_line(chosen: FleetLine) -> Content:
    """Two lines about a row: why it has its verdict, and where its server is."""
    server = chosen.server
    sign = chosen.figures.sign
    evidence = line((f"{sign}  ", tone_of(sign.grade)), (chosen.figures.evidence, Tone.PLAIN))
    target = server.target
    labels = [f"{name}={text}" for name, text in target.labels.items()]
    seen = f"answered {duration(server.last_answer.age())} ago" if server.last_answer else ""
    parts = (
        masked_address(target.settings.url) or target.name,
        "" if target.origin is Origin.GROUP else f"from {target.origin}",
        *labels,
        seen,
    )
    if server.is_up and server.series:
        evidence += line(("   ", Tone.PLAIN), *_series_spans(server))
    badge: Span = ("READ-ONLY  " if target.settings.read_only else "", Tone.ACCENT)
    return evidence + "\n" + line(badge, ("  ".join(filter(None, parts)), Tone.MUTED))


def _series_spans(server: ServerRow) -> list[Span]:
    """The host's gauges and the pinned series, by their names alone where that is enough."""
    names = [each.text.partition("{")[0] for each in server.series]
    spans: list[Span] = []
    for name, each in zip(names, server.series, strict=True):
        shown = name if names.count(name) == 1 else each.text
        exceeded = any(status.exceeded for status in each.limits)
        value = ABSENT if each.value is None else series_value(each.value)
        unit = "%" if each.unit == "Percent" else f" {each.unit}" if each.unit else ""
        spans.append(
            (
                f"{'! ' if exceeded else ''}{shown} {value}{unit}  ",
                Tone.BAD if exceeded else Tone.MUTED,
            )
        )
    return spans


def how_to_begin(keys: Keymap) -> Content:
    """How to name servers, for a configuration that has none."""
    return line(
        ("No servers are configured yet.\n\n", Tone.PLAIN),
        ("Add them to ", Tone.MUTED),
        (str(user_file()), Tone.ACCENT),
        (", or to a tsmon.toml in your project:\n", Tone.MUTED),
        (_EXAMPLE, Tone.PLAIN),
        ("\n`tsmon config init` writes a file with every setting explained.\n", Tone.MUTED),
        (keys.expand("{fleet.back} goes back."), Tone.MUTED),
    )
