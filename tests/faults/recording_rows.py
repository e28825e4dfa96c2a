"""Rows of recordings; each has tests of its own."""

from __future__ import annotations

from tests.faults.rows import Group, HeldRow

RECORDER = "tests/unit/telemetry/recording/test_recorder.py"
DAMAGE = "tests/unit/cli/test_damaged_recording.py"
BYTES = "tests/unit/telemetry/recording/test_damage.py"


def _not_recorded(id_: str, fault: str, recovery: str, test: str) -> HeldRow:
    return HeldRow(
        id=f"record-{id_}",
        group=Group.RECORDING,
        fault=fault,
        monitor="goes on, with `NOT RECORDED` and why; what is missing is said at the end",
        says="`record`: the same",
        code="1",
        recovery=recovery,
        held_by=(f"{RECORDER}::{test}",),
    )


def _unreadable(id_: str, fault: str, says: str, test: str) -> HeldRow:
    return HeldRow(
        id=f"replay-{id_}",
        group=Group.RECORDING,
        fault=fault,
        monitor="–",
        says=says,
        code="1",
        recovery="a copy, or `sqlite3 FILE .recover`",
        held_by=(test,),
    )


RECORDING_ROWS = (
    _not_recorded(
        "disk-full",
        "the disk is full while recording",
        "by itself, after 1 to 60 s",
        "test_a_full_disk_marks_the_ticks_and_later_ones_are_recorded_again",
    ),
    _not_recorded(
        "deleted",
        "the recording is deleted meanwhile",
        "it is begun again",
        "test_a_file_that_is_deleted_is_begun_again",
    ),
    _not_recorded(
        "replaced",
        "another file takes its place",
        "move it away",
        "test_a_file_that_took_its_place_is_left_alone",
    ),
    _not_recorded(
        "folder-gone",
        "its folder vanishes and comes back",
        "by itself",
        "test_a_folder_that_vanished_and_came_back_is_recorded_into",
    ),
    _not_recorded(
        "disk-hangs",
        "the disk hangs",
        "by itself",
        "test_a_disk_that_hangs_holds_no_tick_up",
    ),
    _unreadable(
        "nothing",
        "nothing of a recording can be read, 21 ways",
        "`replay`: one error: what, why, what to do",
        f"{DAMAGE}::test_a_file_of_which_nothing_can_be_read_is_one_error",
    ),
    _unreadable(
        "part",
        "part of a recording is damaged, 16 ways",
        "`replay`: the rest, then the error",
        f"{DAMAGE}::test_of_a_damaged_file_the_rest_is_printed_and_the_damage_is_an_error",
    ),
    _unreadable(
        "bytes",
        "any bytes of a recording are changed",
        "`replay`: the error, or a result",
        f"{BYTES}::test_any_damaged_byte_gives_the_error_or_a_readable_result",
    ),
    _unreadable(
        "locked",
        "another program keeps it locked",
        "`replay`: `is locked by another program`",
        f"{BYTES}::test_a_file_that_another_program_keeps_locked_says_so",
    ),
)
