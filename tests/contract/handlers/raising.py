"""Loads, and raises at every request."""

from typing import Any


def handle(data: list[dict[str, Any]] | None, context: Any) -> list[str] | None:
    if data is None:  # TorchServe's call at load
        return None
    raise ValueError("the handler raised")
