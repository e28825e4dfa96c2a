"""The dashboard: its queries, its places, and that Grafana's own types read it."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.export.conftest import Promtool
from tests.unit.export.queries import queries_of
from tsmon.export.grafana import DASHBOARDS, dashboard, grafana_files

LATER = {
    *("definition", "percentChangeColorMode", "showPercentChange", "wideLayout"),
    *("mode", "showColorScale"),
}
"""Fields of Grafana after 10.1, the version of the types."""


def test_every_query_is_promql(promtool: Promtool, tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:query:{number}", "expr": query}
        for number, (_, query) in enumerate(queries_of(dashboard()))
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))

    promtool("check", "rules", file)


def test_no_panel_lies_on_another_or_has_its_number() -> None:
    panels = dashboard()["panels"]
    numbers = [panel["id"] for panel in panels]
    assert len(set(numbers)) == len(numbers)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)
        assert one["x"] + one["w"] <= 24


def test_the_provisioned_source_is_the_prometheus_that_was_named() -> None:
    files = dict(grafana_files("http://prom:9090"))

    (source,) = yaml.safe_load(files["provisioning/datasources/tsmon.yml"])["datasources"]
    (provider,) = yaml.safe_load(files["provisioning/dashboards/tsmon.yml"])["providers"]
    assert source["url"] == "http://prom:9090"
    assert provider["options"] == {"path": DASHBOARDS}


def test_the_types_of_grafana_know_every_field() -> None:
    reason = "pip install grafana-foundation-sdk"
    models = pytest.importorskip("grafana_foundation_sdk.models.dashboard", reason=reason)
    plugins = pytest.importorskip("grafana_foundation_sdk.cog.plugins")
    encoder = pytest.importorskip("grafana_foundation_sdk.cog.encoder")
    plugins.register_default_plugins()

    read = models.Dashboard.from_json(dashboard())
    written = json.loads(json.dumps(read, cls=encoder.JSONEncoder))

    assert lost(dashboard(), written) <= LATER


def lost(before: Any, after: Any) -> set[str]:
    """The names of fields that are gone, or have another value."""
    if isinstance(before, dict):
        gone: set[str] = before.keys() - after.keys()
        return gone.union(*(lost(before[name], after[name]) for name in before if name in after))
    if isinstance(before, list):
        assert len(before) == len(after)
        return set().union(*map(lost, before, after))
    return set() if before == after else {repr((before, after))}
