"""What happens to log files while they are read: a line written later is seen all the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.faults.keyboard import try_keys, watched
from tests.faults.test_rows import LONGEST_S
from tests.tui.log_seat import reading, write
from tests.tui.seat import PERIOD_S
from tests.unit.telemetry.log_page.lines import printed
from tsmon.logs.files import TS_LOG
from tsmon.tui.app.app import MonitorOptions

MIB = 1 << 20


def _rotate(log: Path) -> None:
    log.rename(log.with_suffix(".1"))


def _truncate(log: Path) -> None:
    os.truncate(log, 0)


def _delete(log: Path) -> None:
    log.unlink()


def _binary(log: Path) -> None:
    with log.open("ab") as file:
        file.write(bytes(range(256)) * 4000 + b"\n")


def _huge_line(log: Path) -> None:
    with log.open("ab") as file:
        file.write(b"x" * (10 * MIB) + b"\n")


def _many_lines(log: Path) -> None:
    write(log.parent, (printed(2, f"line {number}") for number in range(100_000)))


def _no_line_end(log: Path) -> None:
    with log.open("ab") as file:
        file.write(b"half a line")
        file.write(b"\n")


def _folder_for_a_moment(log: Path) -> None:
    log.unlink()
    log.mkdir()
    log.rmdir()


def _loop_for_a_moment(log: Path) -> None:
    log.unlink()
    log.symlink_to(log)
    log.unlink()


FAULTS = (
    *(_rotate, _truncate, _delete, _binary, _huge_line, _many_lines, _no_line_end),
    *(_folder_for_a_moment, _loop_for_a_moment),
)


@pytest.mark.parametrize("strike", FAULTS, ids=lambda strike: strike.__name__.strip("_"))
async def test_lines_behind_the_fault_are_shown(
    strike: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = tmp_path / "logs"
    write(folder, [printed(1, "before")])
    options = MonitorOptions(period_s=PERIOD_S)
    async with reading(FakeTorchServe(), options, folder) as seat, watched() as delays:
        await seat.press("l")
        await seat.sees("before", "following")
        delays.stall = 0.0
        strike(folder / TS_LOG)
        await try_keys(seat, delays)
        write(folder, [printed(3, "behind it")])
        await seat.sees("behind it", "following")
        delays.keep(f"log-{strike.__name__.strip('_')}")
    assert delays.usual < LONGEST_S
    assert delays.stall < LONGEST_S


@pytest.mark.parametrize(
    "make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to(path)], ids=["fifo", "dir", "loop"]
)
async def test_what_is_no_file_is_said_to_be_none_and_a_file_in_its_place_is_read(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    make(folder / TS_LOG)
    options = MonitorOptions(period_s=PERIOD_S)
    async with reading(FakeTorchServe(), options, folder) as seat:
        await seat.press("l")
        await seat.sees("cannot read")
        path = folder / TS_LOG
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
        write(folder, [printed(3, "a line")])
        await seat.sees("a line")
