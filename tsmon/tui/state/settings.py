"""The settings of the running monitor: some can also be changed elsewhere on the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tsmon.config.schema import KeySettings, MonitorSettings, PresetName
from tsmon.config.settings import Setting, setting_at
from tsmon.config.values import BadValue, Dotted
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.keymap.effective import BindError, Keymap, resolve
from tsmon.tui.text.themes import theme_named

if TYPE_CHECKING:
    from tsmon.config.changes import Changes
    from tsmon.tui.keymap import Key

THEME: Dotted = ("monitor", "theme")
DRAWINGS: Dotted = ("monitor", "drawings")
PRESET: Dotted = ("keys", "preset")
FLEET_PERIOD: Dotted = ("fleet", "period")
SETTINGS: tuple[Setting, ...] = tuple(
    map(
        setting_at,
        (*(("monitor", f.name) for f in fields(MonitorSettings)), PRESET, FLEET_PERIOD),
    )
)
"""What the settings page changes."""


class Live(Struct):
    """A setting that holds at once."""

    read: Callable[[], Any]
    """What it is now, however it came about."""
    use: Callable[[Any], None]
    """Has it be another; raises `InvalidArgument`."""


def live_preset(
    use_keys: Callable[[Keymap], None], settings: KeySettings, plugins: tuple[Key, ...]
) -> Live:
    """The preset of keys; what a person bound stays where it is."""
    now = settings.preset

    def use(name: PresetName) -> None:
        nonlocal now
        use_keys(resolve(name, settings.bind, plugins))
        now = name

    return Live(lambda: now, use)


class LiveSettings:
    """Knows what holds now, and changes it."""

    def __init__(self, changes: Changes, live: Mapping[Dotted, Live]) -> None:
        self.changes = changes
        self._live = live
        self._seen = {key: each.read() for key, each in live.items()}
        """What each was when a setting was last said."""
        self._before = dict(self._seen)
        """What each is without a change."""

    def is_live(self, setting: Setting) -> bool:
        """Whether a change of it holds at once."""
        return setting.key in self._live

    def catch_up(self) -> None:
        """Take over what was changed elsewhere: by a key, a command, the palette."""
        for key, live in self._live.items():
            now = live.read()
            if now == self._seen[key]:
                continue
            self._seen[key] = now
            back = now == self._before[key]
            self.changes.change(key, self.changes.before(key) if back else now)

    def change(self, setting: Setting, value: Any) -> None:
        """Set it for this session, and have it hold where that goes at once.

        Raises:
            InvalidArgument: it cannot be that.
        """
        self._check(setting, value)
        live = self._live.get(setting.key)
        if live is not None:
            live.use(value)
            self._seen[setting.key] = live.read()
        self.changes.change(setting.key, value)

    def read(self, setting: Setting, text: str) -> Any:
        """The value that a text means.

        Raises:
            InvalidArgument: it is no value of this setting.
        """
        try:
            return setting.read(text)
        except BadValue as error:
            raise InvalidArgument(f"{setting.name}: {error}", error.hint) from None

    def keep(self) -> tuple[Path, ...]:
        """Write what was changed into the files.

        Raises:
            ConfigError: a file is wrong or cannot be written.
        """
        try:
            return self.changes.keep()
        finally:
            for key in self._live:
                if not self.changes.is_changed(key):
                    self._before[key] = self._seen[key]

    def _check(self, setting: Setting, value: Any) -> None:
        if setting.key == THEME:
            theme_named(value)
        elif isinstance(value, Path):
            _check_folder(value, made=setting.key == DRAWINGS)
        elif setting.key == PRESET:
            try:
                resolve(value, self.changes.value(("keys", "bind")))
            except BindError as error:
                raise InvalidArgument(f"keys.bind.{error.id}: {error}", error.hint) from None


def _check_folder(path: Path, *, made: bool) -> None:
    """Refuse what is not a folder; with `made` one that is not there is made when it is needed."""
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except OSError as error:  # such as a name too long
        raise InvalidArgument(f"{path} is not a folder: {error.strerror}") from None
    if exists and not is_folder:
        raise InvalidArgument(f"{path} is not a folder")
    if not made and not exists:
        raise InvalidArgument(f"no such folder: {path}")
