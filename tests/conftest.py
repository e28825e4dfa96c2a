"""Settings of every test."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A deadline would fail on a slow machine only; in CI the same examples are tried each time.
settings.register_profile("local", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# The settings of whoever runs the tests must not matter.
os.environ["TSMON_CONFIG"] = os.devnull
