"""The keys that the configuration files ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.config.errors import ConfigError
from tsmon.config.files import Loaded, text_of
from tsmon.config.toml_lines import line_of
from tsmon.tui.keymap.effective import BindError, Keymap, resolve
from tsmon.tui.keymap.plugins import PREFIX, plugin_keys

if TYPE_CHECKING:
    from tsmon.config.values import Dotted


def configured(loaded: Loaded) -> Keymap:
    """The keys in force by the files.

    Raises:
        ConfigError: a key cannot be where a file puts it.
    """
    settings = loaded.config.keys
    try:
        plugins = plugin_keys(loaded.config.plugins)
        return resolve(settings.preset, settings.bind, plugins)
    except BindError as error:
        dotted = _place(error)
        # A setting that is missing is not in any file; the others of its table are.
        near = (file for key, file in loaded.origins.items() if key[:2] == dotted[:2])
        file = loaded.origins.get(dotted) or next(near, loaded.own)
        line = line_of(text_of(file), dotted)
        problem = f"{'.'.join(dotted)}: {error}"
        raise ConfigError(file, problem, error.hint, line=line) from None


def _place(error: BindError) -> Dotted:
    if error.id.startswith(PREFIX):
        return ("plugins", error.id.removeprefix(PREFIX), error.setting)
    return ("keys", "bind", error.id)
