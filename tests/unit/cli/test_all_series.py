"""Every series by command."""

from __future__ import annotations

import csv
import json

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon


def test_all_series_with_their_labels_and_unit(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")
    server.serve("mnist", n=4)
    found = {each["name"]: each for each in tsmon("metrics", "--all", "--json").json}
    memory = found["MemoryUsed"]
    assert (memory["value"], memory["unit"], memory["type"]) == (2216.953125, "Megabytes", "gauge")
    assert memory["labels"] == {"Level": "Host", "Hostname": "vm"}
    requests = found["ts_inference_requests_total"]
    assert (requests["value"], requests["per_second"]) == (4, None)
    assert 'MemoryUsed{Level="Host",Hostname="vm"}' in tsmon("metrics", "--all").stdout


def test_series_are_filtered_as_on_the_screen(tsmon: Tsmon) -> None:
    rows = list(
        csv.DictReader(tsmon("metrics", "--all", "--csv", "--filter", "~^Mem").stdout.splitlines())
    )
    assert [row["name"] for row in rows] == ["MemoryUsed", "MemoryUtilization"]
    assert rows[0]["labels"] == "Level=Host,Hostname=vm"
    assert tsmon("metrics", "--all", "--filter", "~(").code == 2


def test_watching_all_series_gives_rates(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")
    server.serve("mnist", n=4)
    options = ("--watch", "--count", "2", "--interval", "0.1", "--filter", "Requests2XX")
    ended = tsmon("metrics", "--all", *options, "--json")
    first, second = map(json.loads, ended.stdout.splitlines())
    assert first["per_second"] is None
    assert second["per_second"] > 0  # its own requests are counted
    rows = list(csv.DictReader(tsmon("metrics", "--all", *options, "--csv").stdout.splitlines()))
    assert [row["name"] for row in rows] == ["Requests2XX"] * 2


def test_filter_and_csv_are_of_all_series(tsmon: Tsmon) -> None:
    assert tsmon("metrics", "--csv").code == 2
    assert tsmon("metrics", "--filter", "x").code == 2


def test_a_filter_that_nothing_passes_is_said(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")
    ended = tsmon("metrics", "--all", "--filter", "nosuchthing")
    assert ended.code == 0
    assert "no series matches the filter" in ended.stderr
