"""`tsmon observe`: how Grafana is started where Docker is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.cli.commands import observe
from tsmon.export.compose import GRAFANA_IMAGE


def test_grafana_finds_what_was_exported_and_listens_on_this_machine_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled: list[str] = []
    monkeypatch.setattr(observe, "provide", lambda image, _: pulled.append(image))

    grafana = observe._grafana(tmp_path, "http://127.0.0.1:9090")

    assert pulled == [GRAFANA_IMAGE] == [grafana.command[-1]]
    assert "GF_SERVER_HTTP_ADDR=127.0.0.1" in grafana.command
    mounts = [
        dict(pair.split("=") for pair in word.split(",") if "=" in pair)
        for word in grafana.command
        if word.startswith("type=bind")
    ]
    assert {mount["target"] for mount in mounts} == {
        "/etc/grafana/provisioning",
        "/var/lib/grafana/dashboards",
    }
    assert all(Path(mount["source"]).is_dir() for mount in mounts)
    source = tmp_path / "grafana/provisioning/datasources/tsmon.yml"
    assert "url: http://127.0.0.1:9090" in source.read_text()
