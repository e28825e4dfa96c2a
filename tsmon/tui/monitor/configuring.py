"""Settings, changed and kept while the monitor runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.state.settings import FLEET_PERIOD, PRESET, THEME, Live, LiveSettings, live_preset
from tsmon.tui.text.symbols import Symbols, symbols_of
from tsmon.tui.text.themes import theme_named

if TYPE_CHECKING:
    from tsmon.config.values import Dotted
    from tsmon.tui.keymap.effective import Keymap
    from tsmon.tui.monitor.looking_back import LookingBack
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.monitor.sending import Sending
    from tsmon.tui.monitor.servers import ServerActions

PERIOD: Dotted = ("monitor", "period")
SPAN: Dotted = ("monitor", "span")
SYMBOLS: Dotted = ("monitor", "symbols")
DIGITS_OPEN: Dotted = ("monitor", "digits_open")


class Appearance(Protocol):
    """What settings change of the whole app."""

    theme: str
    symbols: Symbols

    @property
    def fleet_period_s(self) -> float:
        """Seconds from one sample of a server of the fleet to the next."""

    def set_fleet_period(self, seconds: float) -> None:
        """Ask the servers of the fleet that often."""

    def use_keys(self, keys: Keymap) -> None:
        """Have the keys elsewhere from now on."""


class Configuring(Capability):
    """Opens the settings page; what was changed on it stays changed while the monitor is open."""

    def __init__(
        self,
        host: MonitorScreen,
        appearance: Appearance,
        past: LookingBack,
        servers: ServerActions,
        sending: Sending,
    ) -> None:
        from tsmon.config.changes import Changes

        super().__init__(host)
        self._appearance = appearance
        self._past = past
        self._servers = servers
        self._sending = sending
        changes = Changes(host.options.config, host.options.origins)
        self._settings = LiveSettings(changes, self._live())

    def actions(self) -> Handlers:
        """Its one key."""
        return {"app.settings": self._open}

    def _open(self) -> None:
        """Show the settings."""
        from tsmon.tui.screens.settings import SettingsPage

        config = self.host.options.config
        page = SettingsPage(self.host.session, self._settings, config, self._in_force())
        self.talk.push(page)

    def _live(self) -> Mapping[Dotted, Live]:
        """What a change of holds at once; a recording was made with its own period."""
        host, look = self.host, self._appearance
        live = {
            THEME: Live(lambda: look.theme, self._use_theme),
            SYMBOLS: Live(lambda: look.symbols.value, self._use_symbols),
            DIGITS_OPEN: Live(lambda: host.digits_open, self._open_digits),
            SPAN: Live(lambda: host.session.playhead.span_s, self._past.set_span),
            PRESET: live_preset(look.use_keys, host.options.config.keys, host.options.keys.plugins),
            FLEET_PERIOD: Live(lambda: look.fleet_period_s, look.set_fleet_period),
        }
        if not host.session.replays:
            period = Live(lambda: host.session.monitor.period_s, self._servers.set_period)
            live[PERIOD] = period
        return live

    def _open_digits(self, is_open: bool) -> None:
        self.host.digits_open = is_open

    def _use_theme(self, name: str) -> None:
        self._appearance.theme = theme_named(name)

    def _use_symbols(self, name: str) -> None:
        self._appearance.symbols = Symbols(name) if name else symbols_of(os.environ)

    def _in_force(self) -> Mapping[Dotted, Any]:
        """What tsmon found itself where a setting says nothing."""
        options = self.host.options
        return {
            THEME: self._appearance.theme,
            SYMBOLS: self._appearance.symbols.value,
            ("monitor", "model_store"): options.model_store,
            ("monitor", "samples"): options.samples,
            ("monitor", "drawings"): self._sending.desk.drawings,
        }
