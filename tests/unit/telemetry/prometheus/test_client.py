"""What a Prometheus can answer, and what else may answer at its address."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.unit.telemetry.prometheus.fake import INSTANCE, JOB, FakePrometheus
from tests.unit.telemetry.scrapes import MNIST
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.telemetry.prometheus.errors import NotPrometheus, QueryFailed
from tsmon.telemetry.prometheus.instances import Instance, discover, quoted
from tsmon.telemetry.scrape import Counters
from tsmon.torchserve.errors import InvalidArgument, TimedOut, TorchServeError, Unreachable
from tsmon.torchserve.route import Route


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.ConnectError, Unreachable),
        (httpx.ConnectTimeout, Unreachable),
        (httpx.RemoteProtocolError, Unreachable),
        (httpx.ReadTimeout, TimedOut),
        (httpx.Response(200, text="<html>Grafana</html>"), NotPrometheus),
        (httpx.Response(200, json={"models": []}), NotPrometheus),
        (httpx.Response(200, json={"status": "success", "data": []}), NotPrometheus),
        (httpx.Response(404, json={"code": 404, "message": "TorchServe's"}), NotPrometheus),
        (httpx.Response(302, headers={"location": "/login"}), NotPrometheus),
        (httpx.Response(401, text="Unauthorized"), QueryFailed),
        (httpx.Response(503, text="Service Unavailable"), QueryFailed),
    ],
)
async def test_what_goes_wrong_is_one_of_our_errors(
    answer: httpx.Response | type[httpx.TransportError], error: type[TorchServeError]
) -> None:
    async with FakePrometheus(answer=answer).client() as client:
        with pytest.raises(TorchServeError) as raised:
            await client.query("up")
    assert type(raised.value) is error
    assert "prom:9090" in str(raised.value) or error is NotPrometheus


async def test_error_of_a_query_keeps_the_words_of_prometheus() -> None:
    answer = {"status": "error", "errorType": "bad_data", "error": "parse error: unexpected end"}
    async with FakePrometheus(answer=httpx.Response(400, json=answer)).client() as client:
        with pytest.raises(QueryFailed) as error:
            await client.query("up{")
    assert str(error.value) == "Prometheus answers bad_data: parse error: unexpected end"


@pytest.mark.parametrize(
    "result", [[{}], [{"metric": {}, "value": [1]}], [{"metric": {}, "value": [1, "x"]}], 3]
)
async def test_result_in_another_shape_is_no_prometheus(result: object) -> None:
    data = {"status": "success", "data": {"resultType": "vector", "result": result}}
    async with FakePrometheus(answer=httpx.Response(200, json=data)).client() as client:
        with pytest.raises(NotPrometheus):
            await client.query("up")


async def test_request_whose_caller_goes_away_is_answered_all_the_same() -> None:
    arrived, release, answered = asyncio.Event(), asyncio.Event(), []

    async def handle(request: httpx.Request) -> httpx.Response:
        arrived.set()
        await release.wait()
        answered.append(request.url.path)
        return httpx.Response(200, json={})

    async with Prometheus("prom:9090", transport=httpx.MockTransport(handle)) as client:
        caller = asyncio.create_task(client.query("up"))
        await arrived.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        release.set()
    assert answered == ["/api/v1/query"]  # closing the client waited for it


async def test_path_and_password_are_used_and_the_password_is_not_shown() -> None:
    sent: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(503)

    url = "https://me:secret@host/prometheus/"
    route = Route(headers={"X-Scope-OrgID": "team"})
    transport = httpx.MockTransport(handle)
    async with Prometheus(url, route=route, transport=transport) as client:
        assert client.label == "host/prometheus"
        with pytest.raises(QueryFailed) as error:
            await client.query("up", 1.5)
    assert "secret" not in str(error.value)
    (request,) = sent
    assert request.url.raw_path == b"/prometheus/api/v1/query?query=up&time=1.500"
    assert request.headers["Authorization"].startswith("Basic ")
    assert request.headers["X-Scope-OrgID"] == "team"


@pytest.mark.parametrize("url", ["", "ftp://host", "http://", "http://host:port", "http://h/?q=1"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument):
        Prometheus(url)


async def test_instances_with_torchserves_metrics_are_found() -> None:
    prometheus = FakePrometheus()
    prometheus.scrape(0, {MNIST: Counters(1)})
    prometheus.scrape(0, {MNIST: Counters(1)}, instance="gpu1:8082")
    prometheus.scrape(0, {}, instance="node:9100", job="node")
    async with prometheus.client() as client:
        assert await discover(client) == [
            Instance("gpu1:8082", JOB, up=True),
            Instance(INSTANCE, JOB, up=True),
        ]


def test_label_is_quoted_as_promql_does() -> None:
    assert quoted('a"b\\c\nü') == '"a\\"b\\\\c\\nü"'
