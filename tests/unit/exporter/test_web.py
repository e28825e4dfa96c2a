"""Scrapes over HTTP."""

from __future__ import annotations

import errno
import socket

import httpx
import pytest
from prometheus_client import CollectorRegistry, Gauge

from tsmon.exporter.web import MetricsServer


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Gauge("seven", "A number.", registry=registry).set(7)
    return registry


def test_a_scrape_is_answered(registry: CollectorRegistry) -> None:
    with MetricsServer(registry, "127.0.0.1", 0) as server:
        answer = httpx.get(f"http://127.0.0.1:{server.port}/metrics", trust_env=False)

    assert answer.is_success
    assert "seven 7.0\n" in answer.text


def test_a_client_that_says_nothing_keeps_no_other_waiting(registry: CollectorRegistry) -> None:
    with (
        MetricsServer(registry, "127.0.0.1", 0) as server,
        socket.create_connection(("127.0.0.1", server.port)),
    ):
        answer = httpx.get(f"http://127.0.0.1:{server.port}/metrics", trust_env=False)

    assert answer.is_success


def test_nothing_is_modified_through_it(registry: CollectorRegistry) -> None:
    with MetricsServer(registry, "127.0.0.1", 0) as server:
        answer = httpx.post(f"http://127.0.0.1:{server.port}/metrics", trust_env=False)

    assert answer.status_code == 405


def test_a_port_that_is_taken_is_not_shared(registry: CollectorRegistry) -> None:
    with (
        MetricsServer(registry, "127.0.0.1", 0) as server,
        pytest.raises(OSError, match="in use") as error,
    ):
        MetricsServer(registry, "127.0.0.1", server.port)

    assert error.value.errno == errno.EADDRINUSE


def test_it_lets_go_of_its_port(registry: CollectorRegistry) -> None:
    with MetricsServer(registry, "127.0.0.1", 0) as server:
        port = server.port

    with MetricsServer(registry, "127.0.0.1", port) as again:
        assert again.port == port
