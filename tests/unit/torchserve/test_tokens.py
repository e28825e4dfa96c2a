"""The key file: what is read from it, when, and what a refusal means."""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.errors import KeyProblem
from tsmon.torchserve.tokens import KeyFileError, KeyKind, KeyRing, ServerKey, parse_key_file

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HERE = "http://127.0.0.1:8080"

values = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1)
moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(values, values, values, moments, st.integers(0, 999))
def test_keys_and_times_are_read_as_java_writes_them(
    management: str, inference: str, api: str, expires: datetime, nanoseconds: int
) -> None:
    # Instant.toString writes nine fraction digits, or six when the last three are zero.
    time = f"{expires:%Y-%m-%dT%H:%M:%S.%f}{f'{nanoseconds:03d}' if nanoseconds else ''}Z"
    entries = {
        "management": {"key": management, "expiration time": time},
        "inference": {"key": inference, "expiration time": time},
        "API": {"key": api},
    }
    assert parse_key_file(json.dumps(entries)) == {
        KeyKind.MANAGEMENT: ServerKey(management, expires),
        KeyKind.INFERENCE: ServerKey(inference, expires),
        KeyKind.API: ServerKey(api, None),
    }


@given(
    json_values
    | st.dictionaries(
        st.sampled_from(["management", "API"]),
        json_values
        | st.fixed_dictionaries({"key": json_values}, optional={"expiration time": json_values}),
    )
)
@example({"management": {"key": "schlüssel"}})
@example({"management": {"key": "two\nlines"}})
def test_any_other_json_is_refused_or_gives_keys_that_can_be_sent(entries: Any) -> None:
    try:
        keys = parse_key_file(json.dumps(entries))
    except KeyFileError:
        return
    assert all(key.value.isascii() and key.value.isprintable() for key in keys.values())


@given(st.text())
def test_any_other_text_is_refused_or_has_no_keys(text: str) -> None:
    with contextlib.suppress(KeyFileError):
        assert parse_key_file(text) == {}


def test_key_is_not_shown_by_its_repr() -> None:
    assert "secret" not in repr(ServerKey("secret"))


def test_without_a_key_file_nothing_is_sent() -> None:
    assert KeyRing().headers(KeyKind.INFERENCE, HERE) == {}


def test_changed_file_is_read_again(tmp_path: Path) -> None:
    keys = KeyRing(_write(tmp_path, "old"))
    assert keys.headers(KeyKind.INFERENCE, HERE) == {"Authorization": "Bearer old"}
    _write(tmp_path, "new", modified=2)
    assert keys.headers(KeyKind.INFERENCE, HERE) == {"Authorization": "Bearer new"}


def test_file_changed_within_one_tick_of_its_clock_is_read_when_forced(tmp_path: Path) -> None:
    keys = KeyRing(_write(tmp_path, "old"))
    keys.reload()
    _write(tmp_path, "new")
    assert keys.reload(force=True)
    assert keys.headers(KeyKind.INFERENCE, HERE) == {"Authorization": "Bearer new"}


@pytest.mark.parametrize("content", [b"", b'{"inference": {"ke', b"\xff\xfe\x00"])
def test_file_that_is_being_written_leaves_the_keys_known(tmp_path: Path, content: bytes) -> None:
    path = _write(tmp_path, "old")
    keys = KeyRing(path)
    keys.reload()
    path.write_bytes(content)
    os.utime(path, (2, 2))
    assert keys.headers(KeyKind.INFERENCE, HERE) == {"Authorization": "Bearer old"}
    assert str(path) in str(keys.problem)
    _write(tmp_path, "new", modified=3)
    assert keys.headers(KeyKind.INFERENCE, HERE) == {"Authorization": "Bearer new"}
    assert keys.problem is None


def test_missing_key_is_explained_by_why_the_file_cannot_be_read(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path / "absent.json")
    keys.reload()
    problem, hint = keys.diagnose(KeyKind.MANAGEMENT, HERE)
    assert problem is KeyProblem.MISSING
    assert hint.endswith("absent.json: No such file or directory")


@pytest.mark.parametrize(
    ("age", "problem"),
    [
        (timedelta(seconds=-1), KeyProblem.WRONG),
        (timedelta(), KeyProblem.EXPIRED),
        (timedelta(seconds=1), KeyProblem.EXPIRED),
    ],
)
def test_refused_key_is_expired_from_its_time_on_and_wrong_before(
    tmp_path: Path, age: timedelta, problem: KeyProblem
) -> None:
    keys = KeyRing(_write(tmp_path, "key"))
    keys.reload()
    assert keys.diagnose(KeyKind.INFERENCE, HERE, NOW + age)[0] is problem


@pytest.mark.parametrize(
    "url",
    [
        "http://prod:8080",
        "http://PROD:8081",
        "http://127.0.0.1:9",
        "http://127.8.8.8:8080",
        "http://localhost:8080",
        "https://[::1]:8080",
    ],
)
def test_a_key_goes_to_its_own_server_and_to_this_machine(tmp_path: Path, url: str) -> None:
    keys = KeyRing(_write(tmp_path, "a-key"), Addresses.from_server("prod:8081"))

    assert keys.headers(KeyKind.INFERENCE, url) == {"Authorization": "Bearer a-key"}


@pytest.mark.parametrize(
    "url",
    [
        "http://evil:8080",
        "http://prod:9999",
        "https://prod:8080",
        "http://prod",
        "http://prod.evil:8080",
        "http://127.0.0.1.evil.example:8080",
        "http://127.evil.example:8080",
        "http://localhost.evil.example:8080",
        "http://[::2]:8080",
        "http://0.0.0.0:8080",
    ],
)
@pytest.mark.parametrize("owner", [Addresses.from_server("prod:8081"), None])
def test_a_key_goes_nowhere_else_and_that_is_said(
    tmp_path: Path, url: str, owner: Addresses | None
) -> None:
    keys = KeyRing(_write(tmp_path, "a-key"), owner)

    assert keys.headers(KeyKind.INFERENCE, url) == {}
    problem, hint = keys.diagnose(KeyKind.INFERENCE, url)
    assert problem is KeyProblem.MISSING
    assert "are not sent to" in hint
    assert "--key-file and --server" in hint


def _write(folder: Path, key: str, *, modified: int = 1) -> Path:
    """A key file whose time of change is what the test says."""
    path = folder / "key_file.json"
    path.write_text(json.dumps({"inference": {"key": key, "expiration time": NOW.isoformat()}}))
    os.utime(path, (modified, modified))
    return path
