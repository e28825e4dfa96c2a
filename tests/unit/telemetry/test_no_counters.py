"""Why `/metrics` is empty, by the version of the server."""

from __future__ import annotations

import pytest

from tsmon.telemetry.no_counters import PROMETHEUS_HINT, REQUEST_HINT, why_empty


@pytest.mark.parametrize(
    ("version", "words", "hint"),
    [
        ("0.4.2", "no request has come yet", REQUEST_HINT),
        ("0.7.1", "no request has come yet", REQUEST_HINT),
        ("0.8.2", "this server's metrics_mode is log", PROMETHEUS_HINT),
        ("0.9.0", "this server's metrics_mode is log", PROMETHEUS_HINT),
        ("0.10.0", "metrics_mode is log, or no request", PROMETHEUS_HINT),
        ("0.11.1", "metrics_mode is log, or no request", PROMETHEUS_HINT),
        ("0.12.0", "this server's metrics_mode is log", PROMETHEUS_HINT),
        ("1.0", "this server's metrics_mode is log", PROMETHEUS_HINT),
        ("", "metrics_mode is log, or no request", PROMETHEUS_HINT),
        ("nightly", "metrics_mode is log, or no request", PROMETHEUS_HINT),
    ],
)
def test_an_empty_page_is_explained_by_the_version(version: str, words: str, hint: str) -> None:
    why = why_empty(version)

    assert words in why.problem
    assert why.hint == hint
