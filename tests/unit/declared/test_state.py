"""Declared states as files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake import FakeTorchServe
from tsmon.declared.lost import lost_by_restart
from tsmon.declared.state import (
    DeclaredState,
    DeclaredVersion,
    as_properties,
    as_records,
    as_toml,
    read_state,
    state_of,
)
from tsmon.torchserve.errors import InvalidArgument

texts = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=20)


@given(texts, texts, texts, st.booleans(), st.integers(0, 9))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    version: str,
    archive: str,
    default: bool,
    workers: int,
) -> None:
    if "/" in name or not archive.strip():
        return
    state = DeclaredState((DeclaredVersion(name, version, archive, default, workers, workers),))
    folder = tmp_path_factory.mktemp("state")
    (folder / "a.toml").write_text(as_toml(state, "models"))
    (folder / "a.json").write_text(json.dumps({"models": as_records(state)}))
    assert read_state(folder / "a.toml") == read_state(folder / "a.json") == state


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("models = 3", "not a declared state"),
        ("[[models]]\nname = 'a'", "version"),
        ("[[models]]\nname='a'\nversion='1'\narchive='a.mar'\nworkers=1", "workers"),
        ("[[models]]\nname='a'\nversion='1'\narchive='a.mar'\nmin_workers=-1", "-1"),
        (
            "[[models]]\nname='a'\nversion='1'\narchive='a.mar'\nmin_workers=2\nmax_workers=1",
            r"max workers \(1\) is less than min workers \(2\)",
        ),
        ("[[models]]\nname='a'\nversion='1'\narchive='a.mar'\n" * 2, "a 1 twice"),
        (
            "[[models]]\nname='a'\nversion='1'\narchive='a.mar'\n"
            "[[models]]\nname='a'\nversion='2'\narchive='b.mar'\n",
            "no default version",
        ),
    ],
)
def test_what_no_server_can_have_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(InvalidArgument, match=words):
        read_state(tmp_path / "a.toml")


async def test_a_server_is_written_down_with_its_defaults(fake: FakeTorchServe) -> None:
    fake.load("a", "1.0", workers=2)
    fake.load("a", "2.0")
    fake.load("b")
    async with fake.client() as client:
        state = await state_of(client.management)
    assert [(str(each), each.default, each.min_workers) for each in state.models] == [
        ("a 1.0", True, 2),
        ("a 2.0", False, 1),
        ("b 1.0", True, 1),
    ]


def test_torchserves_own_settings_name_archives_and_versions() -> None:
    state = DeclaredState((DeclaredVersion("a", "1.0", "a.mar", True, 2, 3, 8, 5, 60, 90),))
    settings = as_properties(state)
    assert settings["load_models"] == "a.mar"
    assert json.loads(settings["models"]) == {
        "a": {
            "1.0": {
                "defaultVersion": True,
                "marName": "a.mar",
                "minWorkers": 2,
                "maxWorkers": 3,
                "batchSize": 8,
                "maxBatchDelay": 5,
                "responseTimeout": 60,
                "startupTimeout": 90,
            }
        }
    }


def test_a_restart_loses_what_its_configuration_does_not_load() -> None:
    state = DeclaredState(
        (
            DeclaredVersion("a", "1.0", "a.mar"),
            DeclaredVersion("b", "1.0", "b.mar"),
            DeclaredVersion("c", "1.0", "https://host/c.mar"),
        )
    )

    def lost(**settings: str) -> list[str]:
        return [each.name for each in lost_by_restart(state, settings).models]

    assert lost() == lost(load_models="none") == ["a", "b", "c"]
    assert lost(load_models="a.mar, other=b.mar") == ["c"]
    assert lost(load_models="ALL") == ["c"]
