"""What the commands say of experiments that were killed, and the command they name."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon
from tsmon.load.experiment.subject import Subject
from tsmon.load.experiment.unfinished import Unfinished
from tsmon.serving.owner import Owner
from tsmon.torchserve import rollout


@pytest.fixture
def killed(
    tsmon: Tsmon, server: FakeTorchServe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeTorchServe:
    """A server whose model had three workers before an experiment was killed; it has one."""
    monkeypatch.setattr(rollout, "ROLLOUT_POLL_S", 0.01)

    async def leave() -> None:
        async with server.client() as client:
            subject = await Subject.find(client.management, "mnist", None)
            note = Unfinished.of(subject, client.addresses.label, registers=False)
            replace(note, owner=Owner(2**62, 0.0)).keep(tmp_path / "home")
            await client.management.scale("mnist", 1, max_workers=1, synchronous=True)

    server.load("mnist", workers=3)
    asyncio.run(leave())
    return server


def test_a_command_says_so_and_names_the_command_that_puts_it_back(
    tsmon: Tsmon, killed: FakeTorchServe
) -> None:
    told = tsmon("models")

    assert told.code == 0
    assert "an experiment with mnist 1.0 was killed" in told.stderr
    command = told.stderr.split("`")[1]

    _, *words = shlex.split(command)
    assert words[:3] == ["experiment", "mnist", "--restore"]
    mended = tsmon(*words)

    assert mended.code == 0
    assert "mnist 1.0 is back to 3 workers" in mended.stderr
    assert len(killed.version("mnist").workers) == 3
    assert "was killed" not in tsmon("models").stderr


def test_where_nothing_was_killed_there_is_nothing_to_put_back(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.load("mnist")
    ended = tsmon("experiment", "mnist", "--restore")
    assert ended.code == 0
    assert "nothing to restore" in ended.stderr


def test_read_only_puts_nothing_back(tsmon: Tsmon, killed: FakeTorchServe) -> None:
    ended = tsmon("experiment", "mnist", "--restore", "--read-only")
    assert ended.code == 1
    assert len(killed.version("mnist").workers) == 1
