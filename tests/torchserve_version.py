"""Which TorchServe the tests of a real server run on: the one that Python finds first."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest


@cache
def torchserve_version() -> str:
    """Its version, empty without a TorchServe."""
    spec = find_spec("ts")
    if spec is None or spec.origin is None:
        return ""
    return Path(spec.origin).with_name("version.txt").read_text().strip()


def skip_before(mark: pytest.Mark) -> None:
    """Skip a test marked `since(version, what)` on a real server that does not have it yet."""
    version, what = mark.args
    if torchserve_version() and _numbers(torchserve_version()) < _numbers(version):
        pytest.skip(f"{what}: since TorchServe {version}, this one is {torchserve_version()}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
