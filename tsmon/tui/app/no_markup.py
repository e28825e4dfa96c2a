"""Strings that are words, in Textual too.

Textual takes a string for markup nearly everywhere: titles, buttons, notes, tooltips, options. A
model may be called `[@click=app.quit]x[/]`. What tsmon itself styles it puts into `Content`.
"""

from __future__ import annotations

from textual.content import Content

from tsmon.untrusted.text import visible


def take_no_markup() -> None:
    """Have Textual show every string as it stands, in a visible form."""
    setattr(Content, "from_markup", classmethod(_as_it_stands))  # noqa: B010 (a method of a class)


def _as_it_stands(cls: type[Content], text: str | Content, /, **_: object) -> Content:
    return text if isinstance(text, Content) else cls(visible(text, keep_lines=True))
