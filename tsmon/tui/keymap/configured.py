"""The keys that the configuration files ask for."""

from __future__ import annotations

from tsmon.config.errors import ConfigError
from tsmon.config.files import Loaded, text_of
from tsmon.config.toml_lines import line_of
from tsmon.tui.keymap.effective import BindError, Keymap, resolve


def configured(loaded: Loaded) -> Keymap:
    """The keys in force by the files.

    Raises:
        ConfigError: a key cannot be where a file puts it.
    """
    settings = loaded.config.keys
    try:
        return resolve(settings.preset, settings.bind)
    except BindError as error:
        dotted = ("keys", "bind", error.id)
        file = loaded.origins[dotted]
        line = line_of(text_of(file), dotted)
        problem = f"keys.bind.{error.id}: {error}"
        raise ConfigError(file, problem, error.hint, line=line) from None
