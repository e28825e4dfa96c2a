"""The settings of one session: what they are, where from, and which were changed and not kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tsmon.config.edit import forget, keep
from tsmon.config.files import user_file
from tsmon.config.schema import Config
from tsmon.config.settings import setting_at
from tsmon.config.values import Dotted


@dataclass(frozen=True, slots=True)
class Given:
    """A value that wins over the files."""

    value: Any
    by: str
    """The option or the variable: `--period`, `TSMON_PERIOD`."""


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the settings of a session come from; what is in neither has its default."""

    files: Mapping[Dotted, Path] = field(default_factory=dict)
    given: Mapping[Dotted, Given] = field(default_factory=dict)
    own: Path = field(default_factory=user_file)
    """The user's own file, whether it is there or not."""
    read: tuple[Path, ...] = ()
    """The files that were read."""


class Changes:
    """What a person changes while the monitor is open."""

    def __init__(self, config: Config, origins: Origins) -> None:
        self._config = config
        self._files = dict(origins.files)
        self._given = dict(origins.given)
        self._origins = origins
        self._kept: dict[Dotted, Any] = {}
        self._now: dict[Dotted, Any] = {}

    def value(self, key: Dotted) -> Any:
        """What a setting is now."""
        return self._now.get(key, self.before(key))

    def before(self, key: Dotted) -> Any:
        """What it was at the start, or when it was kept last."""
        if key in self._kept:
            return self._kept[key]
        if given := self._given.get(key):
            return given.value
        value: Any = self._config
        for name in key:
            value = value[name] if isinstance(value, Mapping) else getattr(value, name)
        return value

    def origin(self, key: Dotted) -> Path | Given | None:
        """Where that value comes from; None for the default."""
        return self._given.get(key) or self._files.get(key)

    def given(self, key: Dotted) -> Given | None:
        """What an option or a variable says of it."""
        return self._given.get(key)

    @property
    def own(self) -> Path:
        """The user's own file."""
        return self._origins.own

    def change(self, key: Dotted, value: Any) -> None:
        """Set it for this session."""
        if value == self.before(key):
            self._now.pop(key, None)
        else:
            self._now[key] = value

    def is_changed(self, key: Dotted) -> bool:
        """Whether it was changed and not kept."""
        return key in self._now

    @property
    def changed(self) -> tuple[Dotted, ...]:
        """All that were changed and not kept."""
        return tuple(self._now)

    def place(self, key: Dotted) -> Path:
        """The file that a change of this setting is kept in."""
        return self._files.get(key, self._origins.own)

    def keep(self) -> tuple[Path, ...]:
        """Write what was changed into the files; what has its default again leaves them.

        Raises:
            ConfigError: a file is wrong or cannot be written; what was to go there stays changed.
        """
        by_file: dict[Path, dict[Dotted, Any]] = defaultdict(dict)
        defaults = {key for key, value in self._now.items() if value == setting_at(key).default}
        for key, value in self._now.items():
            if key not in defaults:
                by_file[self.place(key)][key] = value
        written = []
        for file, values in by_file.items():
            keep(file, values)
            written.append(file)
            self._files.update(dict.fromkeys(values, file))
            self._settle(values)
        if defaults:
            files = dict.fromkeys((*self._origins.read, self._origins.own))
            written += [file for file in files if forget(file, defaults)]
            for key in defaults:
                self._files.pop(key, None)
            self._settle({key: self._now[key] for key in defaults})
        return tuple(dict.fromkeys(written))

    def _settle(self, values: Mapping[Dotted, Any]) -> None:
        """These are kept now, so that no option shows where they are from any more."""
        for key, value in values.items():
            self._kept[key] = value
            self._given.pop(key, None)
            self._now.pop(key, None)
