"""Percentiles of a log that a real TorchServe wrote, beside a computation of its own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.integration.logs.archives import write_archive
from tests.integration.logs.conftest import Server, until
from tests.integration.logs.offline import Offline, compute, later, percentile
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import RequestPhase, TimesKey
from tsmon.telemetry.logs.server_log_follower import ServerLogFollower
from tsmon.telemetry.monitor import Monitor

pytestmark = [
    pytest.mark.integration,
    pytest.mark.since("0.8.0", "handler times in the log"),
]

MODELS = ("first", "other_one", "idle")
GOOD, FAILED, REFUSED = 300, 20, 15
AT_ONCE = 4
READ_S = 1.0
"""How much later each reading is taken to be than the one before."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The logs of a run, and what was done in it."""

    ts_log: bytes
    access_log: bytes
    expected: dict[tuple[str, str], Offline]


@pytest.fixture(scope="module")
def recorded(server: Server) -> Recorded:
    """A run of two versions and another model, polled by tsmon all the while."""
    for name, version in (("first", "1.0"), ("first", "2.0"), ("other_one", "1.5")):
        server.register(write_archive(server.folder, name, version), wait=False)
    server.register(write_archive(server.folder, "idle", "1.0"), workers=0)
    for name in ("first", "other_one"):
        until(partial(server.versions, name), lambda found: all(v.ready_workers for v in found))
    rng = random.Random(1)
    paths = [rng.choice(("first", "first/2.0", "other_one")) for _ in range(GOOD)]
    wishes = [(path, bytes(rng.randrange(12))) for path in paths]
    wishes += [("first", b"raise")] * FAILED + [("idle", b"")] * REFUSED
    rng.shuffle(wishes)
    asyncio.run(_send_while_polling(server, wishes))
    server.management.get("/models/other_one", params={"customized": "true"})
    # A handler's time is written after the answer was sent.
    log = until(
        (server.logs / "ts_log.log").read_bytes,
        lambda log: sum(len(of.handler) for of in _mine(compute(log.decode())).values()) >= GOOD,
    )
    return Recorded(log, (server.logs / "access_log.log").read_bytes(), compute(log.decode()))


async def _send_while_polling(server: Server, wishes: list[tuple[str, bytes]]) -> None:
    async with server.client() as client:
        monitor = Monitor(LiveSource(client), period_s=0.2)
        polling = asyncio.create_task(monitor.run(lambda _: None))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            loop = asyncio.get_running_loop()
            sending = [loop.run_in_executor(pool, server.predict, *wish) for wish in wishes]
            await asyncio.gather(*sending)
        polling.cancel()


def test_the_run_had_what_must_be_told_apart(recorded: Recorded) -> None:
    answers = _mine(recorded.expected)
    assert {key for key, of in answers.items() if of.total} == {
        *(("first", "1.0"), ("first", "2.0"), ("other_one", "1.5"))
    }
    assert answers["first", "1.0"].statuses[503] == FAILED
    assert answers["idle", ""].statuses == {503: REFUSED}
    assert sum(len(of.queue) for of in answers.values()) == GOOD
    assert b'"GET /models' in recorded.access_log
    assert b'"GET /metrics' in recorded.access_log


Write = Callable[[Path, bytes], Iterator[None]]
"""Writes a log bit by bit, in its own way; after each bit it is read."""


def in_odd_chunks(path: Path, log: bytes) -> Iterator[None]:
    """Cut anywhere, between the bytes of a line and between the two of a doubled one."""
    rng = random.Random(2)
    while log:
        size = rng.choice((1, 7, 100, 4097, 50_000))
        _append(path, log[:size])
        log = log[size:]
        yield


def rotated(path: Path, log: bytes) -> Iterator[None]:
    """Renamed in the middle, as TorchServe does at midnight, and unread until then."""
    middle = log.index(b"\n", len(log) // 2) + 1
    _append(path, log[: middle // 2])
    yield
    _append(path, log[middle // 2 : middle])
    path.rename(path.with_name("ts_log.22-Nov.log"))
    _append(path, log[middle:])
    yield


def truncated(path: Path, log: bytes) -> Iterator[None]:
    """Cut to nothing after it was copied away, as logrotate's copytruncate does."""
    middle = log.index(b"\n", 2 * len(log) // 3) + 1
    _append(path, log[:middle])
    yield
    path.write_bytes(b"")
    _append(path, log[middle:])
    yield


@pytest.mark.parametrize("write", [in_odd_chunks, rotated, truncated])
def test_percentiles_are_exactly_those_computed_offline(
    recorded: Recorded, tmp_path: Path, write: Write
) -> None:
    path = tmp_path / "ts_log.log"
    path.touch()
    reader = ServerLogFollower(tmp_path)
    reader.read(0.0)

    now = 0.0
    for now, _ in enumerate(write(path, recorded.ts_log)):
        reader.read(now / 1000)

    assert reader.times.keys() == {TimesKey(*key) for key in recorded.expected}
    for key, expected in recorded.expected.items():
        report = reader.times.report([TimesKey(*key)], now / 1000)
        assert report is not None
        assert report.statuses == expected.statuses
        assert report.minute == report.five_minutes == _profile(expected)
    reader.close()


def test_a_window_has_the_requests_read_within_it(recorded: Recorded, tmp_path: Path) -> None:
    lines = recorded.ts_log.splitlines(keepends=True)
    size = len(lines) // 90 + 1
    batches = [b"".join(lines[start : start + size]) for start in range(0, len(lines), size)]
    path = tmp_path / "ts_log.log"
    path.touch()
    reader = ServerLogFollower(tmp_path)
    reader.read(0.0)

    for number, batch in enumerate(batches, 1):
        _append(path, batch)
        reader.read(number * READ_S)

    early = compute(b"".join(batches[:-60]).decode())
    for key, whole in recorded.expected.items():
        report = reader.times.report([TimesKey(*key)], len(batches) * READ_S)
        assert report is not None
        assert report.minute == _profile(later(whole, early.get(key, Offline())))
        assert report.five_minutes == _profile(whole)
    reader.close()


def test_access_log_alone_has_the_total_times(recorded: Recorded, tmp_path: Path) -> None:
    path = tmp_path / "access_log.log"
    path.touch()
    reader = ServerLogFollower(tmp_path)
    reader.read(0.0)
    _append(path, recorded.access_log)
    reader.read(1.0)

    for key, version in ((("first", "2.0"), "2.0"), (("other_one", "1.5"), "")):
        report = reader.times.report([TimesKey(key[0], version)], 1.0)
        assert report is not None
        total = _profile(recorded.expected[key])[RequestPhase.TOTAL]
        assert report.minute == {RequestPhase.TOTAL: total}
    reader.close()


def _mine(found: dict[tuple[str, str], Offline]) -> dict[tuple[str, str], Offline]:
    """Those of the models of this run; the server has served others before."""
    return {key: of for key, of in found.items() if key[0] in MODELS}


def _profile(expected: Offline) -> dict[RequestPhase, Percentiles]:
    return {
        part: Percentiles(
            len(samples), *(percentile(samples, percent) for percent in (50, 90, 95, 99))
        )
        for part in RequestPhase
        if (samples := getattr(expected, part.value))
    }


def _append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)
