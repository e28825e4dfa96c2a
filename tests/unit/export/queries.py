"""The queries of a dashboard as Prometheus can be asked them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

VARIABLES = {"$__rate_interval": "1m", "$server": ".*", "$model": ".*"}


def queries_of(dashboard: dict[str, Any], interval: str = "1m") -> Iterator[tuple[str, str]]:
    """The title of a panel and an expression of it, with all servers and models chosen."""
    values = {**VARIABLES, "$__rate_interval": interval}
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"]
            for variable, value in values.items():
                query = query.replace(variable, value)
            assert "$" not in query, query
            yield panel["title"], query
