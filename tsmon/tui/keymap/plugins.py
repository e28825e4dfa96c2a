"""The keys of plugins: a person's own commands, from the configuration."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tsmon.config.plugins import BadPlugin, check_plugin
from tsmon.tui.keymap.key import DO, Group, Key
from tsmon.tui.keymap.names import BadKey, read_keys, show_key

if TYPE_CHECKING:
    from tsmon.config.schema import PluginSettings

PREFIX = "plugin."


def plugin_keys(plugins: Mapping[str, PluginSettings]) -> tuple[Key, ...]:
    """A key for each plugin.

    Raises:
        BindError: a plugin, or its key, cannot be.
    """
    return tuple(_key(name, plugin) for name, plugin in plugins.items())


def _key(name: str, plugin: PluginSettings) -> Key:
    from tsmon.tui.keymap.effective import BindError

    id_ = f"{PREFIX}{name}"
    try:
        check_plugin(name, plugin)
    except BadPlugin as error:
        raise BindError(id_, str(error), error.hint, setting=error.setting) from None
    try:
        keys = read_keys(plugin.key)
    except BadKey as error:
        raise BindError(id_, str(error), error.hint) from None
    danger = "Dangerous: run" if plugin.dangerous else "Run"
    return Key(
        id_,
        keys,
        show_key(keys.partition(",")[0]),
        DO,
        Group.PLUGINS,
        f"{plugin.label or name}{' !' * plugin.dangerous}",
        f"{danger} {shlex.join(plugin.command)}",
        changes=plugin.dangerous,
        needs_server=True,
    )
