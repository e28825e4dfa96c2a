"""The file that explains every setting."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from tsmon.config.commented import commented
from tsmon.config.schema import (
    Config,
    FleetSettings,
    KeySettings,
    LimitSettings,
    MonitorSettings,
    NotifySettings,
    PluginSettings,
    ServerSettings,
)
from tsmon.config.values import assembled, checked


def test_as_it_is_written_it_changes_nothing() -> None:
    values = checked(Config, tomllib.loads(commented()), Path())

    assert assembled(Config, values) == Config()


def test_every_setting_is_in_it_and_its_example_is_valid() -> None:
    switched_on = re.sub(r"^# (?=\[|[\w.]+ = )", "", commented(), flags=re.MULTILINE)

    values = checked(Config, tomllib.loads(switched_on), Path("/"))

    for name, kind in (
        ("monitor", MonitorSettings),
        ("keys", KeySettings),
        ("fleet", FleetSettings),
        ("notify", NotifySettings),
    ):
        assert set(values[name]) == {field.name for field in fields(kind)}
    assert set(values["limits"]["slow"]) == {field.name for field in fields(LimitSettings)}
    assert set(values["servers"]["local"]) == {field.name for field in fields(ServerSettings)}
    assert set(values["plugins"]["notes"]) == {field.name for field in fields(PluginSettings)}
