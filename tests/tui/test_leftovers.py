"""What killed sessions left is asked about once a server answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.load.experiment.subject import Subject
from tsmon.load.experiment.unfinished import Unfinished
from tsmon.serving import running
from tsmon.serving.home import Home
from tsmon.serving.local_server import LocalServer
from tsmon.serving.owner import Owner
from tsmon.serving.record import ServerRecord
from tsmon.torchserve import rollout
from tsmon.tui.app.app import MonitorOptions

DEAD = Owner(2**62, 0.0)


async def leave_note(fake: FakeTorchServe, home: Path) -> None:
    fake.load("mnist", workers=3)
    async with fake.client() as client:
        subject = await Subject.find(client.management, "mnist", None)
        note = Unfinished.of(subject, client.addresses.label, registers=False)
        replace(note, owner=DEAD).keep(home)
        await client.management.scale("mnist", 1, max_workers=1, synchronous=True)


def notes(home: Path) -> list[Path]:
    return list((home / "unfinished").glob("*.json"))


async def test_a_model_that_was_not_put_back_is_put_back_on_a_yes(
    fake: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "ROLLOUT_POLL_S", 0.01)
    home = options.server_home or Path()
    await leave_note(fake, home)
    async with watching(fake, options) as seat:
        await seat.sees("Restore mnist?", "it had 3 workers")
        await seat.press("tab", "enter")
        await seat.sees("is back to 3 workers")
    assert len(fake.version("mnist").workers) == 3
    assert not notes(home)


async def test_a_no_changes_nothing_and_keeps_the_note(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    home = options.server_home or Path()
    await leave_note(fake, home)
    async with watching(fake, options) as seat:
        await seat.sees("Restore mnist?")
        await seat.press("escape")
        await seat.misses("Restore mnist?")
    assert len(fake.version("mnist").workers) == 1
    assert notes(home)


@pytest.fixture
def orphan(
    fake: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> list[str]:
    """The server is one whose tsmon was killed; gives what was done to it."""
    done: list[str] = []
    record = ServerRecord(
        inference=fake.addresses.inference,
        management=fake.addresses.management,
        metrics=fake.addresses.metrics,
        model_store=tmp_path,
        key_file=None,
        started_at=0.0,
        version="0.12.0",
        ready=True,
        owner=DEAD,
    )
    home = Home.at(options.server_home)
    home.path.mkdir(parents=True, exist_ok=True)
    record.save(home.record)

    def stop(server: LocalServer) -> ServerRecord:
        done.append("stop")
        return record

    monkeypatch.setattr(running, "runs", lambda record: True)

    def give_to(server: LocalServer, owner: Owner | None, record: ServerRecord) -> ServerRecord:
        done.append(f"leave to {owner}")
        return record

    monkeypatch.setattr(LocalServer, "stop", stop)
    monkeypatch.setattr(LocalServer, "give_to", give_to)
    return done


@pytest.mark.parametrize(
    ("keys", "done"), [(("tab", "enter"), ["stop"]), (("escape",), ["leave to None"])]
)
async def test_a_server_that_nobody_stops_is_stopped_on_a_yes(
    fake: FakeTorchServe,
    options: MonitorOptions,
    orphan: list[str],
    keys: tuple[str, ...],
    done: list[str],
) -> None:
    async with watching(fake, options) as seat:
        await seat.sees("Stop the leftover server?", "killed before it could stop it")
        await seat.press(*keys)
        await seat.until(lambda: "Stop the leftover server?" not in seat.text)
        await seat.until(lambda: orphan == done)


async def test_a_read_only_monitor_asks_nothing(
    fake: FakeTorchServe, options: MonitorOptions, orphan: list[str]
) -> None:
    async with watching(fake, options, read_only=True) as seat:
        await seat.sees("READ-ONLY", "up")
        ticks = len(seat.monitor.session.monitor.past)
        await seat.until(lambda: len(seat.monitor.session.monitor.past) > ticks + 2)
        assert "Stop the leftover server?" not in seat.text
    assert not orphan
