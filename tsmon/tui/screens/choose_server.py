"""The question which server of the configuration to watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.content import Content

from tsmon.tui.screens.list_dialog import ListDialog
from tsmon.tui.text.badges import badge
from tsmon.tui.text.tones import Tone, line
from tsmon.untrusted.secrets import masked_address

if TYPE_CHECKING:
    from tsmon.config.schema import ServerSettings


class ChooseServer(ListDialog[str]):
    """Lists the servers by name, each with its address; its result is the one that was taken."""

    ACCEPT: ClassVar[str] = "Watch"

    def __init__(self, servers: Mapping[str, ServerSettings], now: str) -> None:
        """`servers` must not be empty; the cursor is on `now`, the one that is watched."""
        answers = [(_format(name, each, name == now), name) for name, each in servers.items()]
        words = "Configured servers; enter watches one."
        super().__init__("Server", answers, now, words)


def _format(name: str, settings: ServerSettings, watched: bool) -> Content:
    message = line(
        (f"  {masked_address(settings.url) or 'the local server'}", Tone.MUTED),
        ("  READ-ONLY" if settings.read_only else "", Tone.ACCENT),
        ("  watched now" if watched else "", Tone.GOOD),
    )
    return badge(name, settings.color) + message
