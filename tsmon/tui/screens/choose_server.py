"""The question which server of the configuration to watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from tsmon.config.schema import ServerSettings
from tsmon.tui.badges import badge
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.tones import Tone, line


class ChooseServer(Dialog[str]):
    """Lists the servers by name; its result is the one that was taken."""

    HEADING: ClassVar[str] = "Server"
    ACCEPT: ClassVar[str] = "Watch"

    def __init__(self, servers: Mapping[str, ServerSettings], now: str) -> None:
        """`servers` must not be empty; the cursor is on `now`, the one that is watched."""
        super().__init__()
        self._servers = servers
        self._now = now

    def body(self) -> ComposeResult:
        """The servers, each with its address."""
        yield Static("Servers of the configuration; enter watches one.", classes="explanation")
        spelled = [self._spell(name, settings) for name, settings in self._servers.items()]
        yield OptionList(*spelled, id="versions-list", compact=True)

    def on_mount(self) -> None:
        """Begin at the present one."""
        listed = self.query_one(OptionList)
        names = list(self._servers)
        listed.highlighted = names.index(self._now) if self._now in names else 0
        listed.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click takes it."""
        event.stop()
        self.accept()

    def accept(self) -> None:
        """Take the one under the cursor."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(list(self._servers)[at])

    def _spell(self, name: str, settings: ServerSettings) -> Content:
        watched = "  watched now" if name == self._now else ""
        mode = "  READ-ONLY" if settings.read_only else ""
        told = line(
            (f"  {settings.url or 'the local server'}", Tone.MUTED),
            (mode, Tone.ACCENT),
            (watched, Tone.GOOD),
        )
        return badge(name, settings.color) + told
