"""events --exec and --webhook."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon
from tsmon.config.files import VARIABLE
from tsmon.notify import webhook

LIMIT = "[limits.few]\nwhen = 'ready < 9'\nmodel = 'mnist'\n"
WATCH = ("events", "--seconds", "1.5", "--interval", "0.1")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FakeTorchServe) -> Path:
    """One limit, and a server that is over it."""
    server.load("mnist", "1.0")
    file = tmp_path / "config.toml"
    file.write_text(LIMIT)
    monkeypatch.setenv(VARIABLE, str(file))
    return file


class Hook(HTTPServer):
    """Fails as often as it is asked to, then takes what comes."""

    def __init__(self, failures: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.failures = failures
        self.received: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret-path"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        failed = len(self.server.received) <= self.server.failures
        self.send_response(503 if failed else 204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name of the base)
        pass


@pytest.fixture
def hook() -> Iterator[Hook]:
    server = Hook(failures=2)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("config")
def test_a_command_is_run_for_a_limit_and_for_nothing_else(tsmon: Tsmon, tmp_path: Path) -> None:
    script = tmp_path / "on_event.py"
    script.write_text(f"import sys; open({str(tmp_path / 'got')!r}, 'a').write(sys.stdin.read())")

    ended = tsmon(*WATCH, "--exec", f"{sys.executable} '{script}'")

    assert "limit exceeded" in ended.stdout
    lines = (tmp_path / "got").read_text().splitlines()
    assert [json.loads(line)["limit"]["name"] for line in lines] == ["few"]


@pytest.mark.usefixtures("config")
def test_a_command_that_fails_is_said_and_the_events_go_on(tsmon: Tsmon) -> None:
    ended = tsmon(*WATCH, "--exec", "sh -c 'echo no such channel; exit 3'")

    assert "sh: ended with exit code 3: no such channel" in ended.stderr
    assert "limit exceeded" in ended.stdout


@pytest.mark.usefixtures("config")
def test_a_webhook_that_fails_twice_gets_the_event(
    tsmon: Tsmon, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "PAUSES_S", (0.01, 0.01, 0.01))
    ended = tsmon(*WATCH, "--webhook", hook.url)

    assert [each["event"] for each in hook.received] == ["limit exceeded"] * 3
    assert "secret-path" not in ended.stdout + ended.stderr


@pytest.mark.usefixtures("config")
def test_one_that_is_not_there_is_said_without_its_path(
    tsmon: Tsmon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "PAUSES_S", (0.01,))
    ended = tsmon(*WATCH, "--webhook", "http://127.0.0.1:9/secret-path")

    assert "http://127.0.0.1:9/***: cannot be reached, tried 2 times" in ended.stderr
    assert "secret-path" not in ended.stderr


@pytest.mark.usefixtures("config")
def test_kinds_can_be_chosen(tsmon: Tsmon, tmp_path: Path) -> None:
    got = tmp_path / "got"
    tsmon(*WATCH, "--exec", f"touch {got}", "--on", "server away")

    assert not got.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--webhook", "https://me:geheim@host/"), "a webhook takes no user:password@"),
        (("--exec", "a 'b"), "quote it as for a shell"),
        (("--on", "worker dies"), "'worker dies' is not one of"),
    ],
)
def test_what_cannot_be_is_refused(
    tsmon: Tsmon, server: FakeTorchServe, arguments: tuple[str, ...], said: str
) -> None:
    ended = tsmon("events", *arguments)

    assert ended.code == 2
    assert said in ended.stderr
    assert "geheim" not in ended.stderr
