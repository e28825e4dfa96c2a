from __future__ import annotations

from collections import Counter

import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.tui import keymap
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.keymap import ALL_KEYS, KEYS, Key, PaneName
from tsmon.tui.monitor.actions import Actions
from tsmon.tui.monitor.screen import MonitorScreen
from tsmon.tui.screens.describe import Describe
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.screens.help import Help
from tsmon.tui.widgets.metrics_pane import MetricsPane

SHARED = [key for key in KEYS if key.call[0] != "do"]
"""The keys of the app, and of other screens too."""


@pytest.mark.parametrize("key", ALL_KEYS, ids=lambda key: key.id)
def test_every_key_says_what_it_is(key: Key) -> None:
    assert key.id
    assert key.group
    assert key.label
    assert key.shown
    assert key.help.endswith(".")
    assert all(binding.id and binding.id.startswith(key.id) for binding in key.bindings())


def test_no_id_and_no_key_of_the_monitor_is_used_twice() -> None:
    assert max(Counter(key.id for key in ALL_KEYS).values()) == 1
    names = Counter(name for key in KEYS for name in key.keys.split(","))
    assert max(names.values()) == 1


async def test_every_key_of_the_monitor_has_its_action(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    own = {key.id for key in KEYS if key not in SHARED}
    async with watching(fake, options) as seat:
        assert seat.monitor.actions.ids == own


@pytest.mark.parametrize(
    "key", [key for key in KEYS if key.call[0] != "do"], ids=lambda key: key.id
)
def test_every_key_of_the_whole_app_has_its_action(key: Key) -> None:
    where = TsmonApp if key.action.startswith("app.") else MonitorScreen
    assert callable(getattr(where, f"action_{key.call[0]}"))


async def test_no_action_is_done_by_two_capabilities(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        past = seat.monitor.past
        with pytest.raises(ValueError, match="two capabilities do time"):
            Actions([past, past], KEYS)


def test_every_dialog_key_has_its_action() -> None:
    for screen in (Dialog, Describe, Help):
        assert hasattr(screen, "action_cancel")
    assert hasattr(Describe, "action_copy")
    assert hasattr(Help, "action_turn")
    assert hasattr(MetricsPane, "action_choose")


@pytest.mark.parametrize("pane", PaneName)
def test_a_footer_is_short(pane: PaneName) -> None:
    assert 1 <= len(keymap.footer(pane)) <= keymap.FOOTER_MOST
