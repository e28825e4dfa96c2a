"""What the monitor shows when the server is not as it should be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, seated, watching
from tsmon.serving.servers_here import RunningServer
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.screens.ask import AskPath
from tsmon.tui.state.session import LiveSession


async def test_a_server_that_goes_away_leaves_its_models_on_the_screen(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", at_start=True)
    async with watching(fake, options) as seat:
        await seat.sees("● up", "mnist", "● ready")
        fake.kill()
        await seat.sees("✗ away", "stale", "connection refused", "S starts one here", "mnist")
        fake.start()
        await seat.sees("● up", "● ready")
        await seat.misses("connection refused")


async def test_the_footer_offers_what_works_while_the_server_is_away(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", at_start=True)

    def footer(seat: Seat) -> str:
        return seat.text.splitlines()[-1]

    async with watching(fake, options) as seat:
        await seat.until(lambda: "register" in footer(seat))
        fake.kill()
        await seat.until(lambda: "S start server" in footer(seat))
        assert all(word in footer(seat) for word in ("fleet", "logs", "doctor", "events", "help"))
        assert not any(word in footer(seat) for word in ("register", "worker", "scale", "send"))
        fake.start()
        await seat.until(lambda: "register" in footer(seat))


async def test_a_read_only_monitor_offers_to_start_no_server(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.kill()
    async with watching(fake, options, read_only=True) as seat:
        await seat.until(lambda: "l logs" in seat.text.splitlines()[-1])
        assert "start server" not in seat.text


async def test_a_model_that_a_restart_forgot_is_gone_until_it_is_dismissed(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("mnist", "● ready")
        fake.kill()
        await seat.sees("✗ away")
        fake.start()
        await seat.sees("● up", "✗ gone", "gone: the server restarted without it")
        await seat.press("n")
        await seat.sees("u removes it from the list")
        await seat.press("u")
        await seat.sees("No models are registered.")


async def test_no_server_from_the_beginning(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.kill()
    async with watching(fake, options) as seat:
        await seat.sees("✗ away", "no sample yet", "no models seen yet")


async def test_a_slow_server_is_no_reason_to_lose_the_screen(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("mnist")
        fake.fail("/models", httpx.ReadTimeout)
        await seat.sees("◐ not answering", "got no answer within", "mnist")
        fake.heal()
        await seat.sees("● up")


async def test_something_else_that_answers(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.fail("/", httpx.Response(200, text="<html>hello</html>"))
    async with watching(fake, options) as seat:
        await seat.sees("? no TorchServe")


async def test_the_key_file_that_the_server_wrote_is_filled_in_already(
    tmp_path: Path, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeTorchServe(key_file=tmp_path / "key_file.json")
    client = fake.client()
    found = RunningServer(1, 1.0, client.addresses, tmp_path / "key_file.json")
    monkeypatch.setattr("tsmon.serving.servers_here.server_listening", lambda *_: found)
    client.keys.path = None
    async with seated(TsmonApp(LiveSession(client, options.period_s), options)) as seat:
        await seat.sees("✗ token refused", "K reads another key file")
        await seat.press("K")
        await seat.until(lambda: isinstance(seat.app.screen, AskPath))
        await seat.press("enter")
        await seat.sees("● up")


async def test_where_the_token_is_missing_no_other_remedy_comes_first(
    options: MonitorOptions, tmp_path: Path
) -> None:
    fake = FakeTorchServe(key_file=tmp_path / "key_file.json", metrics_mode="log")
    client = fake.client()
    client.keys.path = None
    async with seated(TsmonApp(LiveSession(client, options.period_s), options)) as seat:
        await seat.sees("✗ token refused", "no numbers before the server takes the token")
        assert "metrics_mode=prometheus" not in seat.text


async def test_an_expired_token_is_refused_and_another_key_file_helps(
    tmp_path: Path, options: MonitorOptions
) -> None:
    fake = FakeTorchServe(key_file=tmp_path / "key_file.json")
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● up", "token 60 min")
        good = (tmp_path / "key_file.json").read_text()
        other = tmp_path / "other-key_file.json"
        other.write_text(good)
        (tmp_path / "key_file.json").write_text(good.replace("m-0", "x-0"))
        await seat.sees("✗ token refused", "it is wrong", "K reads another key file")
        await seat.press("K")
        await seat.sees("Key file", "key_file.json")
        await seat.write(str(tmp_path / "nowhere"))
        await seat.press("enter")
        await seat.sees("cannot read", "No such file")
        await seat.write(str(other))
        await seat.press("enter")
        await seat.sees("● up")


async def test_tokens_that_end_soon_are_told_and_renewed_by_a_key(
    tmp_path: Path, options: MonitorOptions
) -> None:
    fake = FakeTorchServe(key_file=tmp_path / "key_file.json")
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● up", "token 60 min")
        fake.keys.age(timedelta(minutes=56.5))
        await seat.sees("token 3.", "the tokens expire in 3.", "T makes the server issue new ones")
        await seat.press("T")
        await seat.sees("stop working at once")
        await seat.press("tab", "enter")
        await seat.sees("token 60 min", "the server issued new tokens")
        await seat.misses("the tokens expire")
        fake.keys.age(timedelta(minutes=61))
        await seat.sees("✗ token refused", "it is expired", "T makes the server issue new ones")
        await seat.press("T")  # nobody loses what is void already
        await seat.sees("● up", "token 60 min")
    assert len(fake.sent(prefix="/token")) == 4


async def test_a_read_only_session_makes_no_new_tokens(
    tmp_path: Path, options: MonitorOptions
) -> None:
    fake = FakeTorchServe(key_file=tmp_path / "key_file.json")
    async with watching(fake, options, read_only=True) as seat:
        fake.keys.age(timedelta(minutes=56.5))
        await seat.sees("the tokens expire in 3.", "`tsmon token refresh`")
        await seat.press("T")
        await seat.sees("read-only: new tokens is refused")
    assert fake.sent(prefix="/token") == []


async def test_without_counters_the_metrics_say_why_and_what_to_do(
    options: MonitorOptions,
) -> None:
    fake = FakeTorchServe(metrics_mode="log")
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees(
            "this server's metrics_mode is log", "metrics_mode=prometheus", "config.properties"
        )


async def test_a_failing_scrape_is_told_in_the_metrics_only(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● up", "requests/s")
        fake.fail("/metrics", httpx.Response(500, text="out of order"))
        await seat.sees("● up", "out of order", "no counters")


async def test_a_disabled_model_api_is_told_before_anybody_tries(options: MonitorOptions) -> None:
    fake = FakeTorchServe(model_api=False)
    async with watching(fake, options) as seat:
        await seat.sees("! model API disabled", "enable_model_api=true")
        await seat.press("r")
        await seat.sees("The model API of this server is disabled")


async def test_before_the_first_answer_it_says_what_it_waits_for(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    hold = fake.hold("/models")
    app = TsmonApp(LiveSession(fake.client(), options.period_s), options)
    async with app.run_test(size=(120, 30)) as pilot:
        seat = Seat(app, pilot)
        await seat.sees("◌ connecting", "waiting for the server's first answer")
        hold.release()
        await seat.sees("1 model ready", "● 1/1")
        await seat.misses("first answer")


async def test_after_the_shell_had_the_terminal_it_says_that_it_catches_up(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● up", "mnist")
        hold = fake.hold("/metrics")
        await seat.until(lambda: hold.waiting)
        seat.app.app_resume_signal.publish(seat.app)
        await seat.sees("catching up")
        hold.release()
        await seat.misses("catching up")
