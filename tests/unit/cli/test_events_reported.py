"""events --exec and --webhook."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.hook import Hook, hooked
from tests.unit.cli.conftest import Tsmon
from tsmon.cli import notifying
from tsmon.cli.watch import monitor_plainly
from tsmon.config.files import VARIABLE, load
from tsmon.config.schema import NotifySettings
from tsmon.notify import webhook
from tsmon.telemetry.limits.limit import read_limits
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.source import Source

LIMIT = "[limits.few]\nwhen = 'ready < 9'\nmodel = 'mnist'\n"
WATCH = ("events", "--count", "1", "--interval", "0.1")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FakeTorchServe) -> Path:
    """One limit, and a server that is over it."""
    server.load("mnist", "1.0")
    file = tmp_path / "config.toml"
    file.write_text(LIMIT)
    monkeypatch.setenv(VARIABLE, str(file))
    return file


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hooked(failures=2) as server:
        yield server


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


async def test_without_a_screen_the_configuration_says_where_to(
    server: FakeTorchServe,
    config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notifying, "GRACE_S", 0.2)
    got = tmp_path / "got"
    notify = NotifySettings(exec=("touch", str(got)), webhook="http://127.0.0.1:9/secret-path")
    limits = LimitWatch(read_limits(load(config).config.limits))

    @asynccontextmanager
    async def opened() -> AsyncIterator[Source]:
        async with server.client() as client:
            yield LiveSource(client)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(monitor_plainly(opened(), 0.1, None, limits, notify), 3)

    assert got.exists()
    assert "secret-path" not in "".join(capsys.readouterr())


@pytest.mark.usefixtures("config")
def test_the_terminal_around_is_asked_to_show_it(
    tsmon: Tsmon, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[str] = []
    monkeypatch.setattr(notifying, "to_terminal", orders.append)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("TMUX", raising=False)
    tsmon(*WATCH, "--bell", "--desktop", "osc777")

    shown = "limit exceeded: mnist 1.0, few: ready 1 (ready < 9)"
    assert orders == ["\a", f"\x1b]777;notify;tsmon;{shown}\a"]


@pytest.mark.usefixtures("config")
def test_without_a_terminal_there_is_no_order_to_one(tsmon: Tsmon) -> None:
    ended = tsmon(*WATCH, "--bell", "--desktop", "osc9")

    assert "\a" not in ended.stdout + ended.stderr


def test_what_happened_in_a_recording_is_reported_to_no_one(tsmon: Tsmon, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = tsmon("events", str(tmp_path / "file"), "--exec", "true")

    assert ended.code == 2
    assert "a recording is over" in ended.stderr
