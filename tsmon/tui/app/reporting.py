"""Reports events of the watched server outside of the screen, where the configuration asks for it.

What a terminal is to show on the desktop goes past the screen, straight to the driver: no widget
draws it, and `notify.terminal` leaves no character in it that could end it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

    from tsmon.config.schema import NotifySettings
    from tsmon.notify.notifier import Notifier
    from tsmon.tui.state.session import Session

GRACE_S = 1.0
"""On leaving, for what is still being delivered."""


class Reporting:
    """Follows the events of the session that is watched; those of a recording are long past."""

    def __init__(
        self, app: App[Any], settings: NotifySettings, complain: Callable[[str], None]
    ) -> None:
        self._app = app
        self._settings = settings
        self._complain = complain
        self._notifier: Notifier | None = None

    def start(self) -> None:
        """Begin, if anything is asked for."""
        settings = self._settings
        shows = settings.bell or settings.desktop
        if not (shows or settings.exec or settings.webhook):
            return
        from tsmon.notify.notifier import notifier_of

        self._notifier = notifier_of(settings, self._complain, self._show if shows else None)
        if self._notifier is not None:
            self._notifier.start()

    def ticked(self, session: Session) -> None:
        """Report what is new."""
        if self._notifier is not None and not session.replays:
            monitor = session.monitor
            self._notifier.follow(monitor.events, monitor.latest.server.label)

    async def close(self) -> None:
        """Stop, after a moment for what is under way."""
        if self._notifier is not None:
            await self._notifier.close(GRACE_S)

    def _show(self, text: str) -> None:
        from tsmon.notify.terminal import desktop_note

        if self._settings.bell:
            self._app.bell()
        if self._settings.desktop and self._app._driver is not None:
            self._app._driver.write(desktop_note(text, self._settings.desktop, os.environ))
