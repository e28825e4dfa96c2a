"""A model that cannot be read: every command has the rest, and an exit code that says so."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.fake import FakeTorchServe
from tests.fake.bad_models import ODD, UNREADABLE
from tests.unit.cli.conftest import Tsmon


@pytest.fixture(autouse=True)
def models(server: FakeTorchServe) -> None:
    for name in ("a", "bad", "z"):
        server.load(name)


@pytest.mark.parametrize("what", UNREADABLE)
def test_models_prints_all_others_and_what_the_list_says_of_it(
    tsmon: Tsmon, server: FakeTorchServe, what: str
) -> None:
    server.fail("/models/bad", UNREADABLE[what])
    ended = tsmon("models", "--json")
    assert ended.code == 1
    by_name = {model["name"]: model for model in ended.json}
    assert [by_name[name]["verdict"] for name in ("a", "bad", "z")] == ["ready", "unread", "ready"]
    bad = by_name["bad"]
    assert (bad["ready_workers"], bad["min_workers"]) == (None, None)
    assert bad["problem"] == bad["evidence"]
    assert "bad" in ended.stderr
    table = tsmon("models")
    assert table.code == 1
    assert "unread" in table.stdout


@pytest.mark.parametrize("what", ODD)
def test_models_names_the_field_that_makes_no_sense(
    tsmon: Tsmon, server: FakeTorchServe, what: str
) -> None:
    server.fail("/models/bad", ODD[what])
    ended = tsmon("models", "--json")
    assert ended.code == 1
    (bad,) = [model for model in ended.json if model["problem"]]
    assert "no usable value" in bad["problem"]
    assert bad["name"] == "bad"


@pytest.mark.parametrize("what", ["fails", "times out", "is deep", "has no objects"])
def test_describe_tells_what_the_list_has(tsmon: Tsmon, server: FakeTorchServe, what: str) -> None:
    server.fail("/models/bad", UNREADABLE[what])
    ended = tsmon("describe", "bad")
    assert ended.code == 1
    assert "bad-1.0.mar" in ended.stdout
    assert "bad:" in ended.stderr
    (found,) = tsmon("describe", "bad", "--json").json
    assert found["modelUrl"] == "bad-1.0.mar"
    assert found["tsmon"]["problem"]


def test_describe_prints_a_model_with_an_odd_field_and_names_it(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.fail("/models/bad", ODD["huge memory"])
    ended = tsmon("describe", "bad")
    assert ended.code == 1
    assert "workers[0].memoryUsage" in ended.stderr
    assert "not measured yet" in ended.stdout


def test_a_server_that_goes_away_meanwhile_is_no_bad_model(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.fail("/models/bad", httpx.ReadError)
    ended = tsmon("models")
    assert (ended.code, ended.stdout) == (3, "")


def test_register_waits_for_the_new_one_beside_one_that_cannot_be_read(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.fail("/models/bad", httpx.Response(500))
    ended = tsmon("register", "mnist.mar", "--workers", "2")
    assert ended.code == 0
    assert "2 of 2 workers ready" in ended.stderr


def test_watching_goes_on_with_the_others_and_tells_it_once(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.fail("/models/bad", httpx.Response(500))
    ended = tsmon("metrics", "--watch", "--count", "3", "--interval", "0.1", "--json")
    assert ended.code == 0
    records = list(map(json.loads, ended.stdout.splitlines()))
    bad = [record for record in records if record["model"] == "bad"]
    assert [(record["min_workers"], record["verdict"]) for record in bad] == [(None, "unread")] * 3
    assert len(records) == 9
    assert ended.stderr.count("bad") == 1


def test_doctor_names_it_and_judges_the_others(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.fail("/models/bad", httpx.Response(500))
    ended = tsmon("doctor", "--json")
    findings = [each for each in ended.json["findings"] if each["id"] == "readable"]
    assert [each["severity"] for each in findings] == ["warning"]
    assert "bad" in findings[0]["title"]
    assert not [each for each in ended.json["findings"] if "bad has no workers" in str(each)]


def test_a_metric_line_that_cannot_be_read_is_counted_beside_the_others(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.serve("a", n=4)
    text = server.counters.text("prometheus") + "this is {no metric\n"
    server.fail("/metrics", httpx.Response(200, text=text))
    ended = tsmon("metrics", "--json")
    assert ended.code == 1
    assert [series["ts_inference_requests_total"] for series in ended.json] == [4]
    assert "cannot be read: 1" in ended.stderr
