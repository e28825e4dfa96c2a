"""A killed experiment is found by its note, and its model put back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fake.loopback import Loopback
from tsmon.digits.images import DigitImage
from tsmon.load.experiment.experiment import Experiment
from tsmon.load.experiment.plan import ExperimentPlan, Load
from tsmon.load.experiment.restoring import restore
from tsmon.load.experiment.steps import ExperimentStep, Stage
from tsmon.load.experiment.subject import Subject
from tsmon.load.experiment.unfinished import Unfinished, abandoned_on
from tsmon.serving.owner import Owner
from tsmon.torchserve.client import TorchServe

DEAD = Owner(2**62, 0.0)


def plan(images: tuple[DigitImage, ...]) -> ExperimentPlan:
    load = Load((2,))
    counts = (1, 2)
    return ExperimentPlan(
        model="mnist", payloads=images, worker_counts=counts, load=load, warm_up=0, seed=1
    )


async def note_of(client: TorchServe, *, registers: bool = False) -> Unfinished:
    subject = await Subject.find(client.management, "mnist", None)
    note = Unfinished.of(subject, client.addresses.label, registers=registers)
    return replace(note, owner=DEAD)


def files(home: Path) -> list[Path]:
    return sorted((home / "unfinished").glob("*"))


@pytest.mark.parametrize("ends", ["well", "by an interruption"])
async def test_a_note_stands_from_the_first_change_until_the_model_is_back(
    server: Loopback, client: TorchServe, images: tuple[DigitImage, ...], tmp_path: Path, ends: str
) -> None:
    home = tmp_path / "home"
    seen: list[int] = []
    experiment = Experiment(client, plan(images), home=home)
    await experiment.look()
    assert not files(home)

    def show(step: ExperimentStep) -> None:
        seen.append(len(files(home)))
        if ends == "by an interruption" and step.stage is Stage.SENDING:
            work.cancel()

    work = asyncio.ensure_future(experiment.run(show))
    await asyncio.wait({work})

    assert seen
    assert set(seen) == {1}
    assert not files(home)


async def test_the_note_is_there_before_the_server_is_asked_to_change_anything(
    server: Loopback, client: TorchServe, images: tuple[DigitImage, ...], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.write_text("no folder can be made here")

    result = await Experiment(client, plan(images), home=home).run(lambda _: None)

    assert any("killed experiment" in note for note in result.notes)


@pytest.mark.parametrize("registers", [False, True])
async def test_what_was_killed_is_put_back_and_its_note_removed(
    server: Loopback, client: TorchServe, tmp_path: Path, registers: bool
) -> None:
    note = (await note_of(client, registers=registers)).keep(tmp_path)
    if registers:
        await client.management.unregister("mnist")
    else:
        await client.management.scale("mnist", 1, max_workers=1, synchronous=True)

    (found,) = abandoned_on(client.addresses.label, tmp_path)
    restoration = await restore(found, client.management)

    assert restoration.done
    assert restoration.message == "mnist 1.0 is back to 3 workers"
    assert len(server.fake.version("mnist").workers) == note.workers == 3
    assert not files(tmp_path)


async def test_a_model_that_cannot_be_put_back_keeps_its_note(
    server: Loopback, client: TorchServe, tmp_path: Path
) -> None:
    note = (await note_of(client)).keep(tmp_path)
    await client.management.unregister("mnist")

    restoration = await restore(note, client.management)

    assert not restoration.done
    assert "tsmon scale mnist 3" in restoration.remedy
    assert files(tmp_path) == [note.path]


async def test_a_model_that_somebody_put_back_is_known_as_such(
    client: TorchServe, tmp_path: Path
) -> None:
    note = await note_of(client)
    assert note.is_as_before(await client.management.describe("mnist"))
    await client.management.scale("mnist", 1, max_workers=1, synchronous=True)
    assert not note.is_as_before(await client.management.describe("mnist"))


async def test_only_those_of_dead_processes_on_that_server_are_found(
    client: TorchServe, tmp_path: Path
) -> None:
    note = await note_of(client)
    replace(note, owner=Owner.me()).keep(tmp_path)
    replace(note, server="elsewhere:8081").keep(tmp_path)
    older = replace(note, time="2026-01-01T00:00:00+00:00").keep(tmp_path)
    newer = note.keep(tmp_path)

    found = abandoned_on(client.addresses.label, tmp_path)

    assert [each.path for each in found] == [newer.path, older.path]
    assert "mnist 1.0 was killed" in found[0].words
    assert "it had 3 workers" in found[0].words


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "not an object": lambda record: [record],
    "nothing": lambda record: {},
    "an owner of words": lambda record: record | {"owner": "me"},
    "a worker count of words": lambda record: record | {"workers": "3"},
    "a model of another type": lambda record: record | {"model": 5},
    "a description that is none": lambda record: record | {"found": {"workers": 7}},
    "more than is known": lambda record: record | {"more": 1},
}


@pytest.mark.parametrize("change", CHANGES)
async def test_files_that_are_no_notes_are_left_out(
    client: TorchServe, tmp_path: Path, change: str
) -> None:
    path = (await note_of(client)).keep(tmp_path).path
    write(path, CHANGES[change](json.loads(read(path))))

    assert abandoned_on(client.addresses.label, tmp_path) == []


def read(path: Path) -> str:
    return path.read_text()


def write(path: Path, record: Any) -> None:
    path.write_text(json.dumps(record))
