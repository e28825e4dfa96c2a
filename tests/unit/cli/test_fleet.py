"""The fleet as a table and as records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.fake.many import ManyServers
from tests.unit.cli.conftest import Finished, Tsmon, entry
from tsmon.cli.target import Target
from tsmon.fleet import fleet as fleet_module


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> ManyServers:
    """Two servers with a model each."""
    monkeypatch.setattr(fleet_module, "PUBLISH_S", 0.02)
    made = ManyServers("a", "b")
    made["a"].load("mnist", workers=2)
    made["b"].load("cifar")
    return made


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "fleet.toml"
    file.write_text(
        '[servers.a]\nurl = "http://a:8081"\nread_only = true\n'
        '[servers.b]\nurl = "http://b:8081"\n'
        '[servers.dead]\nurl = "http://dead:8081"\n'
    )
    return file


def tsmon_fleet(servers: ManyServers, *args: str) -> Finished:
    target = Target(transport=servers.transport())
    result = CliRunner().invoke(entry(target), list(args), prog_name="tsmon")
    return Finished(result.exit_code, result.stdout, result.stderr)


def test_a_table_has_a_row_for_each_server_and_model_the_worst_first(
    servers: ManyServers, config: Path
) -> None:
    ended = tsmon_fleet(servers, "--config", str(config), "fleet", "--once")

    assert ended.code == 0
    rows = [line.split()[:3] for line in ended.stdout.splitlines()]
    assert rows[1:] == [
        ["dead", "*", "*"],
        ["a", "*", "*"],
        ["a", "mnist", "1.0"],
        ["b", "*", "*"],
        ["b", "cifar", "1.0"],
    ]
    assert "READ-ONLY" in ended.stdout


def test_records_show_all_of_it(servers: ManyServers, config: Path) -> None:
    told = tsmon_fleet(servers, "--config", str(config), "fleet", "--json").json

    by_name = {server["server"]: server for server in told["servers"]}
    a, dead = by_name["a"], by_name["dead"]
    assert (a["up"], a["read_only"], a["verdict"], a["ready_workers"]) == (True, True, "ready", 2)
    assert a["models"][0]["model"] == "mnist"
    assert (dead["state"], dead["grade"], dead["requests_per_second"]) == ("away", "bad", None)
    assert "connection refused" in dead["why"]


def test_watching_prints_a_line_of_json_each_time(servers: ManyServers, config: Path) -> None:
    args = ("--config", str(config), "fleet", "--watch", "--json", "--count", "2")
    ended = tsmon_fleet(servers, *args, "--period", "0.5")

    lines = ended.stdout.splitlines()
    assert len(lines) == 2
    assert all(len(json.loads(line)["servers"]) == 3 for line in lines)


def test_servers_of_a_file_are_told_and_what_is_wrong_with_it(
    servers: ManyServers, tmp_path: Path
) -> None:
    targets = tmp_path / "targets.json"
    targets.write_text('[{"targets": ["b:8082", "c"], "labels": {"env": "test"}}]')

    ended = tsmon_fleet(servers, "fleet", "--json", "--file-sd", str(targets))

    (server,) = ended.json["servers"]
    assert (server["server"], server["labels"]) == ("b:8082", {"env": "test"})
    assert "'c' has no port" in ended.stderr


def test_no_server_that_answers_is_unreachable(servers: ManyServers, tmp_path: Path) -> None:
    config = tmp_path / "dead.toml"
    config.write_text('[servers.dead]\nurl = "http://dead:8081"\n')

    assert tsmon_fleet(servers, "--config", str(config), "fleet", "--once").code == 3


def test_without_servers_it_is_told_how_to_name_them(tsmon: Tsmon) -> None:
    ended = tsmon("fleet", "--once")

    assert ended.code == 2
    assert "[servers.NAME]" in ended.stderr


def test_groups_have_a_row_each_with_their_servers_below(
    servers: ManyServers, config: Path, tmp_path: Path
) -> None:
    targets = tmp_path / "targets.json"
    targets.write_text('[{"targets": ["b:8082", "nowhere:8082"], "labels": {"rack": "7"}}]')
    args = ("fleet", "--json", "--file-sd", str(targets))

    rack, model, missing = (
        tsmon_fleet(servers, *args, "--by", by) for by in ("rack", "model", "x")
    )

    (group,) = rack.json["servers"]
    assert (group["server"], group["labels"]) == ("rack=7", {"servers": "2", "up": "1"})
    assert {below["model"] for below in group["models"]} == {"b:8082", "nowhere:8082"}
    assert [group["server"] for group in model.json["servers"]] == ["cifar 1.0"]
    assert missing.code != 0
    assert "no server has the label 'x'" in missing.stderr
    assert "model, rack" in missing.stderr


def test_a_filter_leaves_what_has_its_words(servers: ManyServers, config: Path) -> None:
    args = ("--config", str(config), "fleet", "--json", "--filter")

    assert {each["server"] for each in tsmon_fleet(servers, *args, "cifar").json["servers"]} == {
        "b"
    }
    wrong = tsmon_fleet(servers, *args, "~(")
    assert wrong.code == 2
    assert "--filter is" in wrong.stderr
