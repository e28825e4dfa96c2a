"""Settings of every test."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A deadline would fail on a slow machine only; in CI the same examples are tried each time.
settings.register_profile("local", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# The settings of whoever runs the tests must not matter.
os.environ["TSMON_CONFIG"] = os.devnull

MOST_PROCESSES = 6
"""Each imports and collects everything before it begins."""
TOGETHER = {
    "model": "a trained network",
    "contract": "servers that many tests share",
    "integration/causes": "servers that many tests share",
    "integration/logs": "servers that many tests share",
    "integration/prometheus": "servers that many tests share",
    "integration": "servers that come and go",
}
"""Folders by what their tests share, the inner ones first. Where several processes do the tests,
one does all of a kind, in their order: no server is started in each process anew, and hardly ever
do two look for free ports at once.
"""
TESTS = Path(__file__).parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores, as tests of a real server mostly wait for it."""
    return min((os.cpu_count() or 1) + 1, MOST_PROCESSES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell which tests stay together."""
    for item in items:
        path = item.path.relative_to(TESTS).as_posix()
        folder = next((each for each in TOGETHER if path.startswith(f"{each}/")), "")
        if folder == "model" or (folder and item.get_closest_marker("integration")):
            item.add_marker(pytest.mark.xdist_group(TOGETHER[folder]))


def pytest_collection_finish() -> None:
    """Have garbage collected less often, and not looked for in what was imported.

    It is a quarter of the processor time of a test of screens, whose widgets are many objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
