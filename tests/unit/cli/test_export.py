"""`tsmon export`: which servers are meant, what is said, and that `deploy/` is what it writes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.unit.cli.conftest import Tsmon

DEPLOY = Path(__file__).parents[3] / "deploy"
COMMANDS = ("prometheus", "grafana", "compose", "k8s")


def files_in(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def targets(folder: Path) -> list[str]:
    (job, *_) = yaml.safe_load((folder / "prometheus.yml").read_text())["scrape_configs"]
    return [address for group in job["static_configs"] for address in group["targets"]]


@pytest.mark.parametrize("command", COMMANDS)
def test_deploy_is_what_the_command_writes(command: str, tsmon: Tsmon, tmp_path: Path) -> None:
    tsmon("export", command, str(tmp_path / command))

    assert files_in(tmp_path / command) == files_in(DEPLOY / command), "make deploy"


def test_deploy_has_no_other_folders() -> None:
    assert {path.name for path in DEPLOY.iterdir()} == set(COMMANDS)


def test_all_servers_of_the_configuration_are_scraped(
    tsmon: Tsmon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[servers.a]\nurl = "http://a:8081"\n[servers.b]\nurl = "unix:/run/ts.sock"\n'
        '[servers.c]\nurl = "http://c:9081"\n'
    )
    monkeypatch.setenv("TSMON_CONFIG", str(config))

    done = tsmon("export", "prometheus", str(tmp_path / "all"))
    some = tsmon(
        "export", "prometheus", str(tmp_path / "some"), "--server", "c", "--server", "d:81"
    )
    tsmon("--server", "c", "export", "prometheus", str(tmp_path / "one"))

    assert targets(tmp_path / "all") == ["a:8082", "c:9082"]
    assert "b is left out" in done.stderr
    assert "tsmon exporter --server a" in done.stderr
    assert targets(tmp_path / "some") == ["c:9082", "d:82"]
    assert "tsmon exporter --server d:81" in some.stderr
    assert targets(tmp_path / "one") == ["c:9082"]


def test_exporters_are_named_for_each_server_or_for_none(tsmon: Tsmon, tmp_path: Path) -> None:
    servers = ("--server", "a", "--server", "b")
    refused = tsmon("export", "prometheus", str(tmp_path), *servers, "--exporter", "x:1")
    assert (refused.code, list(tmp_path.glob("*.yml"))) == (2, [])

    tsmon("export", "prometheus", str(tmp_path), "--server", "a", "--exporter", "x:1")
    *_, job = yaml.safe_load((tmp_path / "prometheus.yml").read_text())["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["x:1"], "labels": {"server": "a:8082"}}]


def test_what_was_written_and_what_to_do_next_are_json_too(tsmon: Tsmon, tmp_path: Path) -> None:
    done = tsmon("export", "prometheus", str(tmp_path / "a b"), "--json")

    config = tmp_path / "a b" / "prometheus.yml"
    assert {"path": str(config), "outcome": "written"} in done.json["files"]
    assert f"promtool check config '{tmp_path / 'a b'}'/prometheus.yml" in done.json["next"]


def test_a_file_that_is_there_is_replaced_by_force_alone(tsmon: Tsmon, tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("mine")

    refused = tsmon("export", "prometheus", str(tmp_path))
    assert (refused.code, "--force" in refused.stderr) == (1, True)
    assert (tmp_path / "prometheus.yml").read_text() == "mine"

    forced = tsmon("export", "prometheus", str(tmp_path), "--force")
    assert (forced.code, "replaced" in forced.stdout) == (0, True)
