"""The keys in force: the tables, with what a preset and a person moved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from tsmon.tui import keymap
from tsmon.tui.keymap import ALL_KEYS
from tsmon.tui.keymap.names import BadKey, read_keys, show_key
from tsmon.tui.keymap.presets import PRESETS

if TYPE_CHECKING:
    from tsmon.config.schema import PresetName
    from tsmon.tui.keymap.key import Key

ANY_ID = {key.id: key for key in ALL_KEYS}
_PLACE = re.compile(r"\{([a-z]+\.[a-z-]+)\}")


class BindError(Exception):
    """A key that cannot be where someone put it."""

    def __init__(self, id_: str, problem: str, hint: str = "", setting: str = "key") -> None:
        super().__init__(problem)
        self.id = id_
        """The id that was bound, as it was written."""
        self.hint = hint
        self.setting = setting
        """Of a plugin, the setting that is wrong."""


class Keymap(Struct, frozen=True):
    """Which key does what; without moves, as the tables have it."""

    moved: Mapping[str, Key] = field(default_factory=lambda: MappingProxyType({}))
    """The keys that are elsewhere, by their ids."""
    plugins: tuple[Key, ...] = ()
    """The person's own, which only the monitor has."""

    @property
    def all_keys(self) -> tuple[Key, ...]:
        """Those of the tables and the person's own."""
        return (*ALL_KEYS, *self.plugins)

    def screens(self) -> Iterator[tuple[str, list[Key]]]:
        """The keys in force of each screen and of the widgets in it."""
        for screen, keys in SCREENS.items():
            own = self.plugins if screen in WITH_PLUGINS else ()
            yield screen, [self.of(key) for key in (*keys, *own)]

    def of(self, key: Key) -> Key:
        """A key of the tables as it is in force."""
        moved = self.moved.get(key.id)
        return replace(key, keys=moved.keys, shown=moved.shown) if moved else key

    def by_id(self, id_: str) -> Key:
        """The key in force of an id that there is."""
        return self.of(ANY_ID[id_])

    def pressed(self, name: str, keys: Iterable[Key]) -> Key | None:
        """The one of these keys that Textual's key `name` stands for."""
        return next((key for key in map(self.of, keys) if name in key.names), None)

    def expand(self, text: str) -> str:
        """A text in which `{model.register}` stands for the key that does it."""
        return _PLACE.sub(lambda place: self._shown(place[1]) or place[0], text)

    def _shown(self, id_: str) -> str:
        return self.by_id(id_).shown if id_ in ANY_ID else ""

    def for_textual(self) -> dict[str, str]:
        """What `App.set_keymap` wants."""
        return {id_: key.keys for id_, key in self.moved.items()}


def resolve(
    preset: PresetName = "default",
    bind: Mapping[str, str] | None = None,
    plugins: tuple[Key, ...] = (),
) -> Keymap:
    """The keys in force: those of a preset, then those that a person bound by their ids.

    Raises:
        BindError: an id or a key that there is not, or a key that two actions of a screen have.
    """
    keys = {id_: _moved(id_, written) for id_, written in PRESETS[preset].items()}
    own = {id_: _moved(id_, written) for id_, written in (bind or {}).items()}
    keymap = Keymap(MappingProxyType({**keys, **own}), plugins)
    _check(keymap, [*own, *(key.id for key in plugins)])
    return keymap


def _moved(id_: str, written: str) -> Key:
    key = ANY_ID.get(id_)
    if key is None:
        near = get_close_matches(id_, ANY_ID, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "`tsmon keys` lists the ids"
        raise BindError(id_, f"there is no action with the id {id_}", hint)
    if key.is_many:
        raise BindError(id_, f"{id_} is {key.shown} and cannot be changed", "leave it out")
    try:
        names = read_keys(written)
    except BadKey as error:
        raise BindError(id_, str(error), error.hint) from None
    return replace(key, keys=names, shown=show_key(names.partition(",")[0]))


def _check(keymap: Keymap, own: list[str]) -> None:
    """Raise where a key is two; it is the person's own binding that is wrong, the later if both."""
    for screen, keys in keymap.screens():
        seen: dict[str, Key] = {}
        for key in keys:
            for name in key.names:
                other = seen.setdefault(name, key)
                if other.id != key.id:
                    wrong, right = key, other
                    if wrong.id not in own or (
                        right.id in own and own.index(right.id) > own.index(wrong.id)
                    ):
                        wrong, right = right, wrong
                    raise BindError(
                        wrong.id,
                        f"{show_key(name)} is {right.id} as well ({right.label}, {screen})",
                        f"give one of them another key; free: {_free(keymap, wrong)}",
                    )


def _free(keymap: Keymap, key: Key) -> str:
    """Letters that nothing has on the screens of a key."""
    taken = {
        name
        for _, keys in keymap.screens()
        if key.id in {each.id for each in keys}
        for each in keys
        for name in each.names
    }
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return " ".join([letter for letter in letters if letter not in taken][:5]) or "any with ctrl"


SCREENS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {
        "monitor": (*keymap.KEYS, *keymap.MOTION_KEYS),
        "metrics": (*keymap.KEYS, *keymap.METRICS_KEYS),
        "picker": (*keymap.PICKER_KEYS, *keymap.GRID_KEYS, *keymap.SHARED_KEYS),
        "draw pad": (*keymap.DRAW_KEYS, *keymap.CANVAS_KEYS, *keymap.SHARED_KEYS),
        "dialog": (*keymap.DIALOG_KEYS, *keymap.MOTION_KEYS),
        "description": (*keymap.DIALOG_KEYS, *keymap.DESCRIBE_KEYS, *keymap.MOTION_KEYS),
        "logs": (*keymap.LOG_KEYS, *keymap.LINE_KEYS, *keymap.PAGE_SHARED_KEYS),
        "requests": (*keymap.REQUEST_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "one request": (*keymap.ONE_REQUEST_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "all metrics": (
            *keymap.ALL_METRICS_KEYS,
            *keymap.TIMELINE_TIME_KEYS,
            *keymap.MOTION_KEYS,
            *keymap.PAGE_SHARED_KEYS,
        ),
        "doctor": (*keymap.DOCTOR_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "events": (*keymap.EVENT_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "canary": (*keymap.CANARY_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "store": (*keymap.STORE_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "workflows": (
            *keymap.WORKFLOW_KEYS,
            *keymap.MOTION_KEYS,
            *keymap.PAGE_SHARED_KEYS,
        ),
        "timeline": (*keymap.TIMELINE_KEYS, *keymap.TIMELINE_TIME_KEYS, *keymap.PAGE_SHARED_KEYS),
        "why": (
            *keymap.WHY_KEYS,
            *keymap.WHY_FIX_KEYS,
            *keymap.MOTION_KEYS,
            *keymap.PAGE_SHARED_KEYS,
        ),
        "runs": (*keymap.RUNS_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "compared runs": (*keymap.COMPARED_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "settings": (*keymap.SETTING_KEYS, *keymap.MOTION_KEYS, *keymap.PAGE_SHARED_KEYS),
        "text": (*keymap.DIALOG_KEYS, *keymap.TEXT_KEYS, *keymap.MOTION_KEYS),
        "answer": (
            *keymap.DIALOG_KEYS,
            *keymap.TEXT_KEYS,
            *keymap.ANSWER_KEYS,
            *keymap.MOTION_KEYS,
        ),
        "steps": keymap.STEPS_KEYS,
        "fleet": (*keymap.FLEET_KEYS, *keymap.MOTION_KEYS, *keymap.FLEET_SHARED_KEYS),
        "help": (*keymap.DIALOG_KEYS, *keymap.HELP_KEYS, *keymap.MOTION_KEYS),
        "command line": (*keymap.DIALOG_KEYS, *keymap.COMMAND_KEYS),
        "load run": keymap.RUN_KEYS,
        "experiment": keymap.RUN_KEYS,
    }
)
"""Every key of a screen and of the widgets in it; a key belongs to at least one screen."""

WITH_PLUGINS = frozenset({"monitor", "metrics"})
"""The screens that have the keys of plugins."""
