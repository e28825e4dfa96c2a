"""What the person who opens the monitor chooses."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct, field

from tsmon.config.changes import Origins
from tsmon.config.schema import Config
from tsmon.tui.keymap.effective import Keymap
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.themes import DARK


class MonitorOptions(Struct, frozen=True):
    """Settings of one session of the monitor."""

    period_s: float = 1.0
    """Seconds between two samples."""
    theme: str = DARK
    """Name of the colour theme."""
    symbols: Symbols = Symbols.BRAILLE
    """What charts are drawn with."""
    span_s: float = 120.0
    """Seconds of history the charts show at first."""
    model_store: Path | None = None
    """Where the register dialog looks for archives."""
    samples: Path | None = None
    """The folder the image picker opens."""
    drawings: Path | None = None
    """Where the draw pad keeps digits; by default among the user's own data."""
    read_only: bool = False
    """Whether nothing may be changed on any server that is opened."""
    server_home: Path | None = None
    """Home of a server that is started from the monitor."""
    config: Config = field(default_factory=Config)
    """All settings: the other servers, the keys, the fleet."""
    origins: Origins = field(default_factory=Origins)
    """Where the settings come from, and where changed ones are kept."""
    keys: Keymap = field(default_factory=Keymap)
    """Which key does what."""
    fleet: bool = False
    """Whether the fleet is shown at first."""
    welcome: bool = False
    """Whether to offer the first steps where no server answers."""
    crash_folder: Path | None = None
    """Where a report is kept when a fault of tsmon's own ends it."""
    history_file: Path | None = None
    """Where the commands that were typed are kept for later sessions."""
    note: str = ""
    """A few words for the first line, such as `stops when you quit`."""
