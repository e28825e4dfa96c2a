"""Programs that run beside a command: they answer before it goes on, and end with it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tsmon.export import companions
from tsmon.export.companions import Companion, running, usual_or_free
from tsmon.export.files import ExportError
from tsmon.serving.ports import free_ports, is_free


def companion(tmp_path: Path, *words: str, port: int = 9) -> Companion:
    ready = f"http://127.0.0.1:{port}/"
    return Companion("Helper", [sys.executable, *words], ready, tmp_path / "log")


def test_it_answers_while_it_is_needed_and_is_gone_afterwards(tmp_path: Path) -> None:
    port = free_ports().inference
    words = ("-m", "http.server", "--bind", "127.0.0.1", "--directory", str(tmp_path), str(port))

    with running(companion(tmp_path, *words, port=port)) as process:
        assert process.poll() is None
        assert not is_free(port)
        assert usual_or_free(port) != port

    assert process.poll() is not None


def test_one_that_ends_says_its_last_words(tmp_path: Path) -> None:
    dying = companion(tmp_path, "-c", "print('first'); raise SystemExit('no \\x1b]0;room')")

    with (
        pytest.raises(ExportError, match=r"Helper ended with exit code 1: no \\x1b\]0;room"),
        running(dying),
    ):
        pytest.fail("it is running")


def test_one_that_does_not_answer_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companions, "READY_S", 0.3)
    silent = companion(tmp_path, "-c", "import time; time.sleep(60)")

    with pytest.raises(ExportError, match="did not answer"), running(silent):
        pytest.fail("it is running")


def test_one_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    missing = Companion("Helper", [str(tmp_path / "none")], "http://127.0.0.1:9/", tmp_path / "log")

    with (
        pytest.raises(ExportError, match="Helper cannot be started: No such file"),
        running(missing),
    ):
        pytest.fail("it is running")
