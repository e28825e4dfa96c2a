"""A payload that is no image, as a text to look at."""

from __future__ import annotations

from textual.content import Content
from textual.highlight import highlight

from tsmon.payloads.content import MOST_INDENTED, ContentKind, look_into
from tsmon.payloads.payload import Payload, PayloadError
from tsmon.tui.text.tones import Tone, line
from tsmon.untrusted.text import few_lines

MOST_LINES = 200
MOST_COLOURED = 10_000
"""Characters."""


def preview_text(payload: Payload) -> Content:
    """Its type, and its text if it has one; why it cannot be read."""
    try:
        content = look_into(payload, MOST_INDENTED)
    except PayloadError as error:
        return line((f"✗ {error}", Tone.BAD))
    head = line((content.words, Tone.MUTED))
    if not content.text:
        return head
    text = few_lines(content.text, MOST_LINES)
    coloured = content.kind is ContentKind.JSON and len(text) <= MOST_COLOURED
    return head.append("\n").append(highlight(text, language="json") if coloured else text)
