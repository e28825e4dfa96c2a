"""The monitor whose settings can be changed and kept while it runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from tsmon.config.changes import Changes
from tsmon.config.values import Dotted
from tsmon.tui.live_settings import (
    FLEET_PERIOD,
    PRESET,
    THEME,
    Live,
    LiveSettings,
    live_preset,
)
from tsmon.tui.screens.marking import MarkingScreen
from tsmon.tui.screens.settings import Settings
from tsmon.tui.terminal import symbols_of
from tsmon.tui.themes import theme_named
from tsmon.tui.widgets.raster import Symbols

if TYPE_CHECKING:
    from tsmon.tui.app import TsmonApp

PERIOD: Dotted = ("monitor", "period")
SPAN: Dotted = ("monitor", "span")
SYMBOLS: Dotted = ("monitor", "symbols")


class ConfiguringScreen(MarkingScreen):
    """Opens the settings page; what was changed on it stays changed while the monitor is open."""

    _settings: LiveSettings

    def on_mount(self) -> None:
        """Remember what the settings were at the start."""
        changes = Changes(self.options.config, self.options.origins)
        self._settings = LiveSettings(changes, self._live())

    def action_settings(self) -> None:
        """Show the settings."""
        page = Settings(self.session, self._settings, self.options.config, self._in_force())
        self.app.push_screen(page)

    def _live(self) -> Mapping[Dotted, Live]:
        """What a change of holds at once; a recording was made with its own period."""
        app = self._tsmon
        live = {
            THEME: Live(lambda: app.theme, self._use_theme),
            SYMBOLS: Live(lambda: app.symbols.value, self._use_symbols),
            SPAN: Live(lambda: self.session.playhead.span_s, self.set_span),
            PRESET: live_preset(app, self.options.config.keys),
            FLEET_PERIOD: Live(lambda: app.fleet_period_s, app.set_fleet_period),
        }
        if not self.session.replays:
            live[PERIOD] = Live(lambda: self.session.monitor.period_s, self.set_period)
        return live

    def _use_theme(self, name: str) -> None:
        self.app.theme = theme_named(name)

    def _use_symbols(self, name: str) -> None:
        self._tsmon.symbols = Symbols(name) if name else symbols_of(os.environ)

    @property
    def _tsmon(self) -> TsmonApp:
        return cast("TsmonApp", self.app)

    def _in_force(self) -> Mapping[Dotted, Any]:
        """What tsmon found itself where a setting says nothing."""
        options = self.options
        return {
            THEME: self.app.theme,
            SYMBOLS: self._tsmon.symbols.value,
            ("monitor", "model_store"): options.model_store,
            ("monitor", "samples"): options.samples,
            ("monitor", "drawings"): self.desk.drawings,
        }
