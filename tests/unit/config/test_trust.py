"""What a project's file may say without a person's word, and how that word is kept."""

from __future__ import annotations

import stat
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from tsmon.config.errors import ConfigError
from tsmon.config.schema import Config
from tsmon.config.trust import UntrustedSettings, distrust, is_trusted, pointing, trust

EVIL: UntrustedSettings = {("server",): "http://evil"}
HARMLESS = {
    "monitor.period",
    "monitor.theme",
    "monitor.symbols",
    "monitor.span",
    "monitor.digits_open",
    "monitor.model_store",
    "monitor.samples",
    "monitor.drawings",
    "keys.preset",
    "keys.bind",
    "fleet.job",
    "fleet.period",
    "limits.a.when",
    "limits.a.model",
    "limits.a.series",
    "metrics.pinned",
    "limits.a.clear",
    "servers.a.color",
    "servers.a.log_zone",
}
"""A new setting belongs here only if it sends nothing anywhere, reads no key, and hides nothing."""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tsmon.toml"


def every_setting(kind: Any, key: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for field in fields(kind):
        table_of = field.metadata.get("table_of")
        hint = table_of or get_type_hints(kind)[field.name]
        inner = (*key, field.name, *(["a"] if table_of else []))
        found += every_setting(hint, inner) if is_dataclass(hint) else [inner]
    return found


def nested(key: tuple[str, ...], value: object) -> dict[str, Any]:
    for name in reversed(key):
        value = {name: value}
    assert isinstance(value, dict)
    return value


def test_every_setting_needs_a_word_but_those_known_to_do_no_harm() -> None:
    settings = every_setting(Config)
    assert ("servers", "a", "key_file") in settings

    without_word = {".".join(key) for key in settings if not pointing(nested(key, "x"))}

    assert without_word == HARMLESS


def test_to_make_a_server_read_only_is_harmless_and_the_opposite_is_not() -> None:
    key = ("servers", "a", "read_only")

    assert not pointing(nested(key, True))
    assert pointing(nested(key, False)) == {key: False}


def test_a_word_is_remembered_for_what_was_said_and_for_that_file(
    file: Path, tmp_path: Path
) -> None:
    assert not is_trusted(file, EVIL)
    trust(file, EVIL)

    assert is_trusted(file, EVIL)
    assert not is_trusted(file, {**EVIL, ("servers", "a", "key_file"): Path("/k")})
    assert not is_trusted(file, {("server",): "http://evil2"})
    assert not is_trusted(tmp_path / "other" / "tsmon.toml", EVIL)


def test_a_word_can_be_taken_back(file: Path) -> None:
    trust(file, EVIL)

    assert distrust(file)
    assert not is_trusted(file, EVIL)
    assert not distrust(file)


def test_what_is_remembered_is_private_and_tells_no_secret(file: Path, state: Path) -> None:
    trust(file, {("fleet", "prometheus"): "http://me:Pa55word@prom"})

    (kept,) = (each for each in state.rglob("*") if each.is_file())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert "Pa55word" not in kept.read_text()


@pytest.mark.parametrize("content", [b"", b"\xff", b"x" * 20_000])
def test_a_note_that_was_damaged_is_no_word(file: Path, state: Path, content: bytes) -> None:
    trust(file, EVIL)
    (kept,) = (each for each in state.rglob("*") if each.is_file())
    kept.write_bytes(content)

    assert not is_trusted(file, EVIL)


def test_a_word_that_cannot_be_kept_is_told(file: Path, state: Path) -> None:
    state.write_text("a file where the folder should be")

    with pytest.raises(ConfigError, match="cannot be written"):
        trust(file, EVIL)
