"""Settings of every test."""

from __future__ import annotations

import gc
import os
import signal
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, settings

from tests.secrecy import no_key_leaks, nothing_of_mine
from tests.torchserve_version import skip_before

__all__ = ["no_key_leaks", "nothing_of_mine"]

# A deadline would fail on a slow machine only; in CI the same examples are tried each time.
settings.register_profile("local", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# A worktree that no build has seen has none.
if find_spec("tsmon.torchserve.grpc.management_pb2") is None:
    from tools.grpc_messages import make

    make()

# What runs in the background of a script is born deaf to Ctrl-C, and so is all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The settings of whoever runs the tests must not matter.
os.environ["TSMON_CONFIG"] = os.devnull


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what a real server older than the newest does not have, and say what that is."""
    mark = item.get_closest_marker("since")
    if mark is not None and item.get_closest_marker("integration") is not None:
        skip_before(mark)


def pytest_collection_finish() -> None:
    """Have garbage collected less often, and not looked for in what was imported.

    It is a quarter of the processor time of a test of screens, whose widgets are many objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def pytest_unconfigure() -> None:
    """Let what was frozen go in the usual way, or libraries report it as leaked."""
    gc.unfreeze()
