"""Rows of the table that have tests of their own."""

from __future__ import annotations

from tests.faults.rows import Group, HeldRow

LOGS = "tests/faults/test_log_files.py"
CLOCK = "tests/faults/test_clock.py"
TERMINAL = "tests/faults/test_terminal.py"
SCREEN = "tests/tui/test_terminal.py"
HEALTH = "tests/integration/logs/test_health.py"
CAUSES = "tests/integration/causes/test_causes.py"
SERVING = "tests/integration/serving/test_local_server.py"
REAL = "tests/integration/test_faults.py"
ITSELF = "by itself"


def _log(id_: str, fault: str, test: str = "") -> HeldRow:
    return HeldRow(
        id=f"log-{id_}",
        group=Group.FILES,
        fault=fault,
        monitor="nothing of it; lines written later follow",
        says="`serve logs --follow`: goes on",
        code="0",
        recovery=ITSELF,
        held_by=(f"{LOGS}::test_lines_behind_the_fault_are_shown[{test or id_}]",),
    )


def _no_log(id_: str, fault: str) -> HeldRow:
    return HeldRow(
        id=f"log-{id_}",
        group=Group.FILES,
        fault=fault,
        monitor="log page: `cannot read` and why",
        says="`models`: as without logs",
        code="0",
        recovery="by itself, once a file is there",
        held_by=(
            f"{LOGS}::test_what_is_no_file_is_said_to_be_none_and_a_file_in_its_place_is_read[{id_}]",
        ),
    )


def _signal(name: str, monitor: str, *held_by: str) -> HeldRow:
    return HeldRow(
        id=name,
        group=Group.SIGNALS,
        fault=name,
        monitor=monitor,
        says="`--plain`: ends without a traceback",
        code="130",
        recovery="–",
        held_by=(
            *held_by,
            f"{TERMINAL}::test_a_watch_in_front_of_a_server_that_is_away_ends_by_signal[{name}]",
        ),
    )


_GIVEN_BACK = "ends; the terminal is as it was"
_ENDS = f"{SCREEN}::test_the_terminal_is_given_back_whatever_ends_the_monitor"
_STEPS = f"{CLOCK}::test_rates_and_states_go_on_over_a_step_of_the_clock"

HELD_ROWS = (
    HeldRow(
        id="worker-killed",
        group=Group.WORKERS,
        fault="a worker is killed (real server)",
        monitor="`retrying`, then `ready` with another pid",
        says="`models`: `retrying`",
        code="0",
        recovery="by itself: TorchServe starts it again",
        held_by=(
            f"{HEALTH}::test_killed_worker_dies_and_comes_back_with_another_pid",
            f"{CAUSES}::test_killed_worker_is_retried_and_ready_again",
        ),
    ),
    HeldRow(
        id="worker-given-up",
        group=Group.WORKERS,
        fault="a model cannot be loaded: crash loop until TorchServe gives up (real server)",
        monitor="`retrying` with the time of the next try and the cause, then `given up`",
        says="`register`: the cause out of the log",
        code="1",
        recovery="fix the archive, then `replace` or scale to 0 and back",
        held_by=(
            f"{HEALTH}::test_model_that_cannot_be_loaded_is_retried_and_given_up",
            f"{CAUSES}::test_cause_of_a_failed_load",
        ),
    ),
    HeldRow(
        id="worker-stuck",
        group=Group.WORKERS,
        fault="a handler never returns, and the queue fills (real server)",
        monitor="`stuck`, then `overloaded`",
        says="`models`: `stuck`",
        code="0",
        recovery="when the handler returns, or by `restart`",
        held_by=(f"{HEALTH}::test_blocked_handler_is_stuck_and_a_full_queue_overloaded",),
    ),
    HeldRow(
        id="pid-reused",
        group=Group.WORKERS,
        fault="a worker's pid belongs to another process by now",
        monitor="no memory or CPU of a process that is no worker",
        says="–",
        code="–",
        recovery=ITSELF,
        held_by=(
            "tests/unit/telemetry/test_processes.py::test_pid_that_is_no_worker_here_is_left_out",
        ),
    ),
    HeldRow(
        id="server-killed",
        group=Group.LIFE,
        fault="the Java process is killed (real server)",
        monitor="`✗ away` and `stale`; models stay as last seen",
        says="`models`: `connection refused`",
        code="3",
        recovery="`tsmon serve start`",
        held_by=(
            f"{SERVING}::test_a_killed_server_has_died_and_can_be_started_again",
            f"{REAL}::test_a_killed_server_is_away_and_up_again_when_it_is_started",
        ),
    ),
    HeldRow(
        id="port-taken",
        group=Group.LIFE,
        fault="a port is taken when the server starts (real server)",
        monitor="the start dialog says which port",
        says="`serve start`: which port, and how to choose another",
        code="1",
        recovery="`serve start --ports free`",
        held_by=(f"{SERVING}::test_a_taken_port",),
    ),
    HeldRow(
        id="start-too-slow",
        group=Group.LIFE,
        fault="the server does not come up in time (real server)",
        monitor="the start dialog shows the last lines of its console",
        says="`serve start`: gives up and stops it",
        code="1",
        recovery="start again",
        held_by=(f"{SERVING}::test_a_start_that_takes_too_long_is_given_up",),
    ),
    HeldRow(
        id="keys-expired-really",
        group=Group.FILES,
        fault="the keys of a real server expire",
        monitor="`✗ token refused`, `expired`",
        says="`models`: `expired`, and `token refresh`",
        code="1",
        recovery="`tsmon token refresh`",
        held_by=("tests/contract/test_tokens.py::test_key_whose_time_is_over_is_expired",),
    ),
    _log("rotate", "a log is rotated by renaming"),
    _log("truncate", "a log is truncated"),
    _log("delete", "a log is deleted"),
    _log("binary", "1 MB of binary in a log"),
    _log("huge-line", "a line of 10 MB", "huge_line"),
    _log("many-lines", "100,000 lines at once", "many_lines"),
    _log("folder", "a folder takes its place for a moment", "folder_for_a_moment"),
    _no_log("fifo", "a FIFO in place of a log"),
    _no_log("dir", "a folder in place of a log"),
    _no_log("loop", "a log that cannot be opened (a loop of links)"),
    HeldRow(
        id="stdout-full",
        group=Group.DISK,
        fault="the disk behind stdout is full",
        monitor="–",
        says="`models >FILE`: `cannot write: No space left on device`",
        code="1",
        recovery="free some space",
        held_by=(f"{TERMINAL}::test_a_full_disk_behind_stdout_is_said_in_two_lines",),
    ),
    HeldRow(
        id="clock-forward",
        group=Group.CLOCK,
        fault="the wall clock jumps forward, by 3 and by 30 hours",
        monitor="nothing of it: ages, rates and windows are of the monotonic clock",
        says="–",
        code="–",
        recovery="–",
        held_by=(f"{_STEPS}[3]", f"{_STEPS}[30]"),
    ),
    HeldRow(
        id="clock-back",
        group=Group.CLOCK,
        fault="the wall clock jumps back, by 3 and by 30 hours",
        monitor="nothing of it",
        says="–",
        code="–",
        recovery="–",
        held_by=(f"{_STEPS}[-3]", f"{_STEPS}[-30]"),
    ),
    HeldRow(
        id="resized",
        group=Group.TERMINAL,
        fault="the terminal becomes 1x1, 300x1, 500x200 and 120x30 again",
        monitor="what fits, and all of it again",
        says="–",
        code="–",
        recovery=ITSELF,
        held_by=(f"{TERMINAL}::test_any_size_of_the_terminal_is_survived",),
    ),
    HeldRow(
        id="terminal-gone",
        group=Group.TERMINAL,
        fault="the terminal goes away (the network of ssh fails)",
        monitor="ends",
        says="–",
        code="130",
        recovery="–",
        held_by=(f"{SCREEN}::test_it_ends_with_its_terminal",),
    ),
    HeldRow(
        id="terminal-slow",
        group=Group.TERMINAL,
        fault="no one reads the terminal",
        monitor="goes on, and ends when it is asked to",
        says="–",
        code="130",
        recovery=ITSELF,
        held_by=(
            f"{TERMINAL}::test_a_terminal_that_nobody_reads_holds_up_no_ending",
            f"{SCREEN}::test_nothing_waits_for_a_terminal_that_has_gone",
        ),
    ),
    HeldRow(
        id="stdin-closed",
        group=Group.TERMINAL,
        fault="stdin is closed at the start",
        monitor="`needs a terminal`, and `--plain`",
        says="`models`: as ever",
        code="2; 0",
        recovery="–",
        held_by=(
            f"{TERMINAL}::test_without_an_input_the_monitor_says_so",
            f"{TERMINAL}::test_streams_that_the_shell_closed_break_no_command[<&-]",
        ),
    ),
    HeldRow(
        id="stdout-closed",
        group=Group.TERMINAL,
        fault="stdout or stderr is closed",
        monitor="`needs a terminal`",
        says="no traceback",
        code="0 or 1",
        recovery="–",
        held_by=(
            f"{TERMINAL}::test_streams_that_the_shell_closed_break_no_command[>&-]",
            f"{TERMINAL}::test_streams_that_the_shell_closed_break_no_command[2>&-]",
        ),
    ),
    _signal("SIGINT", "ends (as ctrl-q does)"),
    _signal("SIGTERM", _GIVEN_BACK, f"{_ENDS}[SIGTERM]"),
    _signal("SIGHUP", _GIVEN_BACK, f"{_ENDS}[SIGHUP]"),
    _signal("SIGQUIT", _GIVEN_BACK, f"{_ENDS}[SIGQUIT]"),
    HeldRow(
        id="SIGTSTP",
        group=Group.SIGNALS,
        fault="SIGTSTP, then SIGCONT",
        monitor="the terminal is given back; drawn again when it goes on",
        says="stops and goes on",
        code="–",
        recovery="SIGCONT (`fg`)",
        held_by=(
            f"{TERMINAL}::test_a_stopped_monitor_gives_the_terminal_back_and_goes_on_when_continued",
        ),
    ),
)
