"""metrics, once and watched; token."""

from __future__ import annotations

import json

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon


def test_the_counters_and_their_milliseconds_per_request(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.load("mnist")
    server.serve("mnist", n=80, inference_ms=93.57, queue_ms=9.70)

    (series,) = tsmon("metrics", "--json").json

    assert series["ts_inference_requests_total"] == 80
    assert round(series["inference_ms"], 2) == 93.57
    assert round(series["queue_ms"], 2) == 9.70
    assert "93.57" in tsmon("metrics").stdout


def test_the_raw_text_is_what_the_server_wrote(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")
    server.serve("mnist")

    assert 'ts_inference_requests_total{model_name="mnist"' in tsmon("metrics", "--raw").stdout


def test_before_the_first_request_it_says_so_instead_of_printing_zeros(tsmon: Tsmon) -> None:
    ended = tsmon("metrics")

    assert (ended.code, ended.stdout) == (0, "")
    assert "no counters yet" in ended.stderr


def test_log_mode_is_named_with_the_line_that_changes_it(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.metrics_mode = "log"

    ended = tsmon("metrics")

    assert ended.code == 1
    assert "metrics_mode=prometheus" in ended.stderr


def test_watching_gives_a_line_per_model_and_tick(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")
    server.serve("mnist", n=4)

    ended = tsmon("metrics", "--watch", "--count", "2", "--interval", "0.1", "--json")

    first, second = map(json.loads, ended.stdout.splitlines())
    assert first["interval"] == {"missing": "first sample"}
    assert second["interval"]["requests"] == 0
    assert second["interval"]["inference_ms"] is None
    assert second["since_start"]["requests"] == 4


def test_watching_a_server_that_is_away_ends_with_its_exit_code(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.kill()

    ended = tsmon("metrics", "--watch", "--count", "1")

    assert ended.code == 3
    assert "connection refused" in ended.stderr


def test_token_status_tells_expiries_and_never_keys(tsmon: Tsmon, server: FakeTorchServe) -> None:
    ended = tsmon("token", "status", "--json")

    assert set(ended.json["keys"]) == {"management", "inference", "API"}
    assert ended.json["keys"]["API"]["expires"] is None
    assert server.keys.path is not None
    keys = json.loads(server.keys.path.read_text())
    assert all(entry["key"] not in ended.stdout for entry in keys.values())


def test_a_refreshed_key_is_used_from_then_on(tsmon: Tsmon, server: FakeTorchServe) -> None:
    assert server.keys.path is not None
    before = server.keys.path.read_text()

    assert tsmon("token", "refresh", "management").code == 0

    assert server.keys.path.read_text() != before
    assert tsmon("models").code == 0
    assert len(server.sent(prefix="/token")) == 1


def test_a_bare_refresh_renews_both_keys(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.keys.expire("management", "inference")

    ended = tsmon("token", "refresh")

    assert ended.code == 0
    assert "expires in 60 min" in ended.stderr
    assert tsmon("models").code == tsmon("ping").code == 0
