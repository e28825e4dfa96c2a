"""A recording, and the ways to damage it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.unit.telemetry.health import worlds
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.scrape import Counters, MetricsMode, Scrape, SeriesKey
from tsmon.telemetry.snapshot import ProcessUsage
from tsmon.telemetry.source import Description, Observation
from tsmon.torchserve.records import parse_versions

BODY = {
    "modelName": "mnist",
    "modelVersion": "1.0",
    "minWorkers": 1,
    "maxWorkers": 1,
    "workers": [{"id": "9000", "status": "READY", "startTime": "2026-11-22T13:00", "pid": 7}],
}
TICKS = 40


def observed(second: float) -> Observation:
    at = worlds.at(second)
    described = Description(parse_versions([BODY])[0], is_default=True)
    series = {SeriesKey("mnist", "default"): Counters(second, second * 1000, second * 10)}
    return Observation(
        at,
        None,
        (described,),
        Scrape(at, MetricsMode.PROMETHEUS, series),
        processes={7: ProcessUsage(700_000_000, 38.0, 1.7e9)},
        worker_states={},
    )


def write(file: Path, ticks: int = TICKS) -> None:
    writer = Writer(file, "local")
    for second in range(ticks):
        writer.write(observed(second))
    writer.close()


def sql(*statements: str) -> Callable[[Path], object]:
    def change(file: Path) -> None:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("PRAGMA writable_schema = ON")
            for statement in statements:
                connection.execute(statement)

    return change


def zeroed(number: int) -> Callable[[Path], object]:
    def change(file: Path) -> None:
        with file.open("r+b") as opened:
            opened.seek(number * 4096)
            opened.write(bytes(4096))

    return change


def remade(make: Callable[[Path], object]) -> Callable[[Path], object]:
    def change(file: Path) -> None:
        file.unlink()
        make(file)

    return change


ENDLESS = (
    "CREATE VIEW tick AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i "
    "AS id, 1 AS session, 1.0 AS time, 1.0 AS elapsed FROM n"
)
WITHOUT_ANY: dict[str, Callable[[Path], object]] = {
    "not there": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "text": lambda file: file.write_text("mine"),
    "only a header": lambda file: os.truncate(file, 100),
    "one page": lambda file: os.truncate(file, 4096),
    "half of it": lambda file: os.truncate(file, file.stat().st_size // 8192 * 4096),
    "folder": remade(Path.mkdir),
    "pipe": remade(os.mkfifo),
    "endless device": remade(lambda file: file.symlink_to("/dev/zero")),
    "another database": sql("PRAGMA application_id = 1"),
    "a newer format": sql("PRAGMA user_version = 99"),
    "a page of the schema": zeroed(0),
    "no ticks": sql("DELETE FROM tick"),
    "no table of ticks": sql("DROP TABLE tick"),
    "no table of sessions": sql("DROP TABLE session"),
    "ticks at no time": sql("UPDATE tick SET time = 'noon'"),
    "ticks at the end of time": sql("UPDATE tick SET time = 1e300"),
    "ticks of no session": sql("UPDATE tick SET session = 99"),
    "a view": sql("ALTER TABLE tick RENAME TO old", ENDLESS),
    "a trigger": sql("CREATE TRIGGER t AFTER INSERT ON tick BEGIN DELETE FROM tick; END"),
    "a virtual table": sql(
        "INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING x')"
    ),
    "a schema of nonsense": sql("UPDATE sqlite_master SET sql = 'nonsense' WHERE name = 'tick'"),
}
WITH_SOME: dict[str, Callable[[Path], object]] = {
    "a number that is text": sql("UPDATE counter SET requests = 'many' WHERE tick = 5"),
    "a number that is endless": sql("UPDATE counter SET requests = 9e999 WHERE tick = 5"),
    "a text that is a blob": sql("UPDATE counter SET model = zeroblob(1000) WHERE tick = 5"),
    "bytes that are no text": sql("UPDATE counter SET model = CAST(x'ff' AS TEXT) WHERE tick = 5"),
    "a description that is not JSON": sql("UPDATE body SET json = '{'"),
    "a description of a list": sql("UPDATE body SET json = '[]'"),
    "a deep description": sql(f"UPDATE body SET json = '{'[' * 5000}'"),
    "a description of nine megabytes": sql("UPDATE body SET json = hex(zeroblob(4500000))"),
    "no description": sql("DELETE FROM body"),
    "no table of counters": sql("DROP TABLE counter"),
    "no table of descriptions": sql("DROP TABLE description"),
    "no table of processes": sql("DROP TABLE process"),
    "a time that is text": sql("UPDATE tick SET time = 'noon' WHERE id = 5"),
    "no elapsed time of a scrape": sql("UPDATE tick SET metrics_elapsed = NULL WHERE id = 5"),
    "an unknown mode": sql("UPDATE tick SET metrics_mode = 'smoke signals' WHERE id = 5"),
    "a server that is a number": sql("UPDATE tick SET server_version = x'00' WHERE id = 5"),
}
