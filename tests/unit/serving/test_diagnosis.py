from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.serving.diagnosis import StartLogs
from tsmon.serving.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    return home


@pytest.mark.parametrize(
    ("line", "cause", "hint"),
    [
        (
            "Invalid configuration: Invalid binding address: nonsense",
            "Invalid configuration: Invalid binding address: nonsense",
            "config.properties",
        ),
        (
            "java.io.IOException: Failed to bind to address: http://127.0.0.1:8080",
            "Failed to bind to address: http://127.0.0.1:8080",
            "--ports free",
        ),
        (
            'Exception in thread "main" java.lang.UnsupportedClassVersionError: Main: 55.0',
            "java.lang.UnsupportedClassVersionError: Main: 55.0",
            "JAVA_HOME",
        ),
        (
            "There is insufficient memory for the Java Runtime Environment to continue.",
            "There is insufficient memory for the Java Runtime Environment to continue.",
            "-Xmx",
        ),
    ],
)
def test_known_causes(home: Home, line: str, cause: str, hint: str) -> None:
    logs = StartLogs(home)
    home.console.write_text(f"something\n{line}\nsomething after\n")

    diagnosis = logs.diagnose()

    assert diagnosis.cause == cause
    assert hint in diagnosis.hint


def test_an_unknown_cause_gets_the_lines_of_both_logs(home: Home) -> None:
    logs = StartLogs(home)
    home.console.write_text("on the console\n")
    (home.logs / "ts_log.log").write_text("in the log\n")

    diagnosis = logs.diagnose()

    assert diagnosis.cause == ""
    assert diagnosis.log_lines == ("in the log", "on the console")
    assert "ts_log.log" in diagnosis.hint


def test_lines_of_earlier_starts_do_not_count(home: Home) -> None:
    home.console.write_text("Invalid configuration: of yesterday\n")

    assert StartLogs(home).diagnose().log_lines == ()


def test_noise_and_doubles_are_left_out(home: Home) -> None:
    logs = StartLogs(home)
    home.console.write_text(
        "WARNING: sun.misc.Unsafe\n"
        "twice\ntwice\n"
        "\tat org.pytorch.serve.ModelServer.stop(ModelServer.java:571)\n\n"
    )

    assert logs.diagnose().log_lines == ("twice",)
