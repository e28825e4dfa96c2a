"""Worker states, causes and token ends of a recording are those that were observed."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.telemetry.health import worlds
from tsmon.telemetry.health.verdicts import WorkerHealth
from tsmon.telemetry.logs.causes import Cause
from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.logs.worker_events import Phase
from tsmon.telemetry.logs.worker_states import Death, DeathReason
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.scrape import MetricsMode, Scrape
from tsmon.telemetry.snapshot import ModelKey
from tsmon.telemetry.source import Description, Observation
from tsmon.torchserve.records import parse_versions
from tsmon.torchserve.tokens import KeyKind

AT = worlds.at(0)
MNIST = ModelKey("mnist", "1.0")
EMPTY = Observation(AT, None, (), Scrape(AT, MetricsMode.PROMETHEUS, {}))
CAUSE = Cause(
    CauseKind.MISSING_MODULE,
    "ModuleNotFoundError: No module named 'cv2'",
    ("Traceback (most recent call last):", "  import cv2"),
    "pip install opencv-python-headless",
    "9000",
    "mnist",
    "1.0",
    worlds.log_time(-3),
)
LOG_TABLES = (
    "ping",
    "failure",
    "cause",
    "life",
    "log",
    "token",
    "answered",
    "answered_in",
    "answered_by",
)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=20)
causes = st.builds(
    Cause,
    kind=st.sampled_from(CauseKind),
    message=words,
    detail_lines=st.lists(lines, max_size=3).map(tuple),
    hint=words,
    worker_id=words,
    model=words,
    version=words,
    time=st.floats(-1e6, 1e6).map(worlds.log_time),
    fatal=st.booleans(),
    certain=st.booleans(),
)
observations = st.builds(
    replace,
    st.just(EMPTY),
    worker_states=st.dictionaries(st.just("9000"), worlds.worker_states),
    causes=st.dictionaries(st.builds(ModelKey, words, words), causes, max_size=3),
    log_folder=st.none() | st.just(Path("/var/log/torchserve")),
    token_ends=st.dictionaries(
        st.sampled_from([KeyKind.MANAGEMENT, KeyKind.INFERENCE]),
        st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    ),
)


def read_back(file: Path, *written: Observation) -> list[Observation]:
    writer = Writer(file, "local")
    for observation in written:
        writer.write(observation)
    writer.close()
    recording = Recording(file)
    read = [recording.observation(index) for index in range(len(recording.ticks))]
    recording.close()
    return read


@settings(max_examples=40, deadline=None)
@given(st.lists(observations, min_size=1, max_size=3))
def test_what_the_logs_told_is_read_as_it_was_written(written: list[Observation]) -> None:
    with TemporaryDirectory() as folder:
        read = read_back(Path(folder) / "server.tsmon", *written)

    for before, after in zip(written, read, strict=True):
        assert after.worker_states == before.worker_states
        assert after.causes == before.causes
        assert after.log_folder == before.log_folder
        assert after.token_ends == before.token_ends


def test_logs_that_could_not_be_read_are_told_from_logs_without_workers(tmp_path: Path) -> None:
    without, empty = read_back(tmp_path / "server.tsmon", EMPTY, replace(EMPTY, worker_states={}))

    assert (without.worker_states, empty.worker_states) == (None, {})


def test_a_verdict_is_as_grave_in_a_recording_as_it_was_live(tmp_path: Path) -> None:
    began, ended = worlds.log_time(-400), worlds.log_time(-5)
    state = worlds.worker_state(
        Phase.STOPPED,
        since=ended,
        deaths=9,
        recovering_since=began,
        last_death=Death(ended, DeathReason.ENDED, loading=True),
    )
    body = {
        "modelName": "mnist",
        "modelVersion": "1.0",
        "minWorkers": 1,
        "workers": [{"id": "9000", "status": "UNLOADING", "startTime": "2026-11-22T13:00"}],
    }
    described = Description(parse_versions([body])[0], is_default=True)
    seen = replace(EMPTY, models=(described,), worker_states={"9000": state}, causes={MNIST: CAUSE})

    (read,) = read_back(tmp_path / "server.tsmon", seen)

    (live,) = Monitor(_Unasked()).digest(seen).models
    (replayed,) = Monitor(_Unasked()).digest(read).models
    assert live.workers[0].verdict.health is WorkerHealth.GIVEN_UP
    assert replayed.verdict == live.verdict
    assert replayed.cause == live.cause == CAUSE


def test_a_server_that_calls_itself_unhealthy_does_so_in_a_recording(tmp_path: Path) -> None:
    unhealthy, silent = read_back(
        tmp_path / "server.tsmon", replace(EMPTY, ping="Unhealthy"), EMPTY
    )

    assert (unhealthy.ping, silent.ping) == ("Unhealthy", "")


def test_a_cause_is_stored_once_however_often_it_was_seen(tmp_path: Path) -> None:
    file = tmp_path / "server.tsmon"
    read_back(file, *[replace(EMPTY, worker_states={}, causes={MNIST: CAUSE})] * 5)

    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT COUNT(*) FROM cause").fetchone() == (1,)
        assert connection.execute("SELECT COUNT(*) FROM failure").fetchone() == (5,)


def test_causes_go_with_the_last_tick_that_had_them(tmp_path: Path) -> None:
    file = tmp_path / "server.tsmon"
    writer = Writer(file, "local")
    for second in range(4):
        caused = {MNIST: CAUSE} if second == 1 else {}
        writer.write(replace(EMPTY, at=worlds.at(second), worker_states={}, causes=caused))

    writer.thin(now=(worlds.START + timedelta(hours=2)).timestamp())

    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT COUNT(*) FROM cause").fetchone() == (0,)


def test_a_recording_from_before_these_tables_is_read_and_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "server.tsmon"
    read_back(file, EMPTY)
    with sqlite3.connect(file) as connection:
        for table in LOG_TABLES:
            connection.execute(f"DROP TABLE {table}")

    recording = Recording(file)
    old = recording.observation(0)
    recording.close()
    _, new = read_back(file, replace(EMPTY, worker_states={}, causes={MNIST: CAUSE}))

    assert (old.worker_states, old.causes, old.token_ends) == (None, {}, {})
    assert new.causes == {MNIST: CAUSE}


class _Unasked:
    label = "recorded"

    async def observe(self, focus: ModelKey | None) -> Observation:
        raise AssertionError("a recording is not asked")
