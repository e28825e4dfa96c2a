"""What --logs can be told, and what a container's logs tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docker_stand_in import NAME, install
from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon
from tsmon.logs.places import Container, parse_log_place
from tsmon.torchserve.errors import InvalidArgument


def test_a_folder_a_container_and_a_folder_in_it() -> None:
    assert parse_log_place("some/logs") == Path("some/logs")
    assert parse_log_place("docker:ts") == Container("ts")
    assert parse_log_place("docker:ts:/var/log/ts/") == Container("ts", "/var/log/ts")


@pytest.mark.parametrize("text", ["docker:", "docker::/logs", "docker:ts:logs", __file__])
def test_anything_else_is_refused(text: str, tsmon: Tsmon) -> None:
    with pytest.raises(InvalidArgument):
        parse_log_place(text)
    assert tsmon("models", "--logs", text).code == 2


def test_counters_of_a_container_that_is_there_and_of_one_that_is_not(
    server: FakeTorchServe, tsmon: Tsmon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.metrics_mode = "log"
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "ts_metrics.log").write_bytes(
        b"2026-11-22T14:07:46,715 - ts_inference_requests_total.Count:1.0"
        b"|#model_name:mnist,model_version:default|#hostname:vm,timestamp:1795356466\n"
    )
    engine = install(tmp_path / "engine", monkeypatch)
    engine.run(tmp_path)

    ended = tsmon("metrics", "--json", "--logs", f"docker:{NAME}")
    gone = tsmon("metrics", "--logs", "docker:gone")

    assert ended.code == 0
    assert [series["ts_inference_requests_total"] for series in ended.json] == [1.0]
    assert gone.code == 1
    assert "the logs of container gone cannot be read: No such container: gone" in gone.stderr
    assert "metrics_mode=prometheus" in gone.stderr
