"""A model that cannot be read costs no other, and says what is known and what is not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe, bad_answers
from tests.fake.bad_models import ODD, UNREADABLE
from tsmon.telemetry import descriptions
from tsmon.telemetry.events import EventKind
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.recorder import RecordedSource
from tsmon.telemetry.snapshot import ModelStatus, ServerState, Snapshot


@pytest.fixture
def server() -> FakeTorchServe:
    fake = FakeTorchServe()
    for name in ("a", "bad", "z"):
        fake.load(name)
    return fake


async def test_the_others_are_as_they_were(server: FakeTorchServe) -> None:
    async with server.client() as client:
        monitor = Monitor(LiveSource(client))
        for what, reply in {**UNREADABLE, **ODD}.items():
            server.heal()
            server.fail("/models/bad", reply)
            for _ in range(3):
                snapshot = await monitor.tick()
            assert snapshot.server.state is ServerState.UP, what
            others = [model for model in snapshot.models if model.key.name in {"a", "z"}]
            assert [model.verdict.health for model in others] == [ModelHealth.READY] * 2, what
            bad = _bad(snapshot)
            assert bad.problem, what
            assert not bad.gone


@pytest.mark.parametrize("what", UNREADABLE)
async def test_one_that_never_could_be_read_is_a_row_of_what_the_list_says(
    server: FakeTorchServe, what: str
) -> None:
    server.fail("/models/bad", UNREADABLE[what])
    async with server.client() as client:
        monitor = Monitor(LiveSource(client))
        await monitor.tick()
        bad = _bad(await monitor.tick())
    assert bad.verdict.health is ModelHealth.UNREAD
    assert bad.verdict.evidence == bad.problem
    assert not bad.workers_known


@pytest.mark.parametrize("what", ODD)
async def test_a_field_without_sense_is_unknown_and_named(
    server: FakeTorchServe, what: str
) -> None:
    server.fail("/models/bad", ODD[what])
    async with server.client() as client:
        bad = _bad(await Monitor(LiveSource(client)).tick())
    assert "no usable value" in bad.problem
    assert bad.workers_known is (what != "worker of another type")  # it may be ready or not
    assert all(worker.memory_bytes is None for worker in bad.workers)


async def test_what_an_earlier_answer_said_stays_until_it_can_be_read_again(
    server: FakeTorchServe,
) -> None:
    async with server.client() as client:
        monitor = Monitor(LiveSource(client))
        await monitor.tick()
        server.fail("/models/bad", httpx.ReadTimeout)
        unread = _bad(await monitor.tick())
        server.heal()
        await monitor.tick()
        again = _bad(await monitor.tick())
    assert (unread.key.version, unread.verdict.health) == ("1.0", ModelHealth.UNREAD)
    assert (again.key.version, again.problem, again.verdict.health) == (
        *("1.0", ""),
        ModelHealth.READY,
    )
    kinds = [event.kind for event in monitor.events.events]
    assert kinds == [EventKind.MODEL_UNREAD, EventKind.MODEL_READ]


async def test_one_whose_versions_become_known_is_neither_removed_nor_added(
    server: FakeTorchServe,
) -> None:
    server.fail("/models/bad", httpx.Response(500))
    server.serve("bad", "1.0")
    async with server.client() as client:
        monitor = Monitor(LiveSource(client))
        first = await monitor.tick()
        server.heal()
        for _ in range(2):
            last = await monitor.tick()
    assert [str(model.key) for model in first.models] == ["a 1.0", "bad", "z 1.0"]
    assert [str(model.key) for model in last.models] == ["a 1.0", "bad 1.0", "z 1.0"]
    assert [event.kind for event in monitor.events.events] == [EventKind.MODEL_READ]


async def test_a_describe_that_hangs_holds_up_neither_the_tick_nor_the_others(
    server: FakeTorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descriptions, "DESCRIBE_PATIENCE_S", 0.2)
    for number in range(6):  # more than may be described at once
        server.load(f"hangs-{number}")
    hold = server.hold("/models/hangs")
    async with server.client() as client:
        monitor = Monitor(LiveSource(client))
        for _ in range(4):
            async with asyncio.timeout(10):
                snapshot = await monitor.tick()
        states = {model.key.name: model.verdict.health for model in snapshot.models}
        assert {name for name, state in states.items() if state is ModelHealth.READY} == {
            *("a", "bad", "z")
        }
        assert all(states[f"hangs-{number}"] is ModelHealth.UNREAD for number in range(6))
        hold.release()
        async with asyncio.timeout(10):
            while not all(model.workers_known for model in (await monitor.tick()).models):
                pass


async def test_an_entry_of_the_list_that_cannot_be_read_costs_itself_alone(
    server: FakeTorchServe,
) -> None:
    entries = [{"modelName": "a", "modelUrl": "a.mar"}, {"modelName": 5}, "z", {"modelUrl": "x"}]
    server.fail("/models", bad_answers.page(*entries), times=1)
    async with server.client() as client:
        found = await client.management.models()
    assert [(model.name, bool(model.problem)) for model in found] == [
        ("a", False),
        ("(entry 2)", True),
        ("(entry 3)", True),
        ("(entry 4)", True),
    ]


async def test_a_replay_tells_the_same_of_it(server: FakeTorchServe, tmp_path: Path) -> None:
    live: list[ModelStatus] = []
    async with server.client() as client:
        source = RecordedSource(LiveSource(client), tmp_path / "r.tsmon")
        monitor = Monitor(source)
        for reply in (UNREADABLE["fails"], ODD["huge memory"], UNREADABLE["times out"]):
            server.heal()
            server.fail("/models/bad", reply)
            live += [_bad(await monitor.tick()), _bad(await monitor.tick())]
        source.close()
    recording = Recording(tmp_path / "r.tsmon")
    replayed = Monitor(recording)
    for seen in live:
        again = _bad(await replayed.tick())
        assert (again.key, again.problem, again.verdict.health) == (
            *(seen.key, seen.problem),
            seen.verdict.health,
        )


def _bad(snapshot: Snapshot) -> ModelStatus:
    (found,) = [model for model in snapshot.models if model.key.name == "bad"]
    return found
