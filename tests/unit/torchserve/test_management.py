"""What is refused before it is sent, and the ways around the server's quirks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count

import httpx
import pytest

from tests.fake import FakeTorchServe, bad_answers
from tsmon.torchserve import management
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import (
    ApiError,
    InvalidArgument,
    NotTorchServe,
    ReadOnly,
    TimedOut,
    TokenRefused,
)
from tsmon.torchserve.inference import predictions_path
from tsmon.torchserve.management import MOST_PAGES, Management, Registration
from tsmon.torchserve.tokens import KeyKind

Change = Callable[[Management], Awaitable[object]]


@pytest.mark.parametrize(
    "registration",
    [
        Registration(""),
        Registration("  "),
        Registration("a.mar", model_name="a/b"),
        Registration("a.mar", initial_workers=-1),
        Registration("a.mar", batch_size=0),
        Registration("a.mar", max_batch_delay=-1),
        Registration("a.mar", response_timeout=0),
        Registration("a.mar", startup_timeout=0),
    ],
    ids=lambda registration: str(registration)[13:],
)
def test_registration_the_server_would_misread_is_refused(registration: Registration) -> None:
    with pytest.raises(InvalidArgument):
        registration.parameters()


def test_registration_sends_what_is_given_and_always_the_number_of_workers() -> None:
    assert Registration("a.mar").parameters() == {"url": "a.mar", "initial_workers": 0}
    assert Registration("a.mar", batch_size=4, s3_sse_kms=True).parameters() == {
        "url": "a.mar",
        "initial_workers": 0,
        "batch_size": 4,
        "s3_sse_kms": "true",
    }


async def test_scaling_always_names_both_bounds_and_does_not_wait() -> None:
    server = FakeTorchServe()
    server.load("mnist")
    async with server.client() as client:
        await client.management.scale("mnist", 2)
    assert dict(server.requests[-1].url.params) == {
        "min_worker": "2",
        "max_worker": "2",
        "synchronous": "false",
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda management: management.register(Registration("a.mar")),
        lambda management: management.scale("mnist", 1),
        lambda management: management.unregister("mnist"),
        lambda management: management.set_default("mnist", "1.0"),
        lambda management: management.refresh_token(KeyKind.MANAGEMENT),
    ],
    ids=["register", "scale", "unregister", "set_default", "refresh_token"],
)
async def test_read_only_client_sends_no_change(change: Change) -> None:
    server = FakeTorchServe()
    async with server.client(read_only=True) as client:
        with pytest.raises(ReadOnly):
            await change(client.management)
        assert await client.management.models() == ()
    assert server.sent() == ["GET /models"]


@pytest.mark.parametrize(("name", "version"), [("", "1.0"), ("a/b", "1.0"), ("a", "1/0")])
async def test_name_that_no_path_can_hold_is_not_sent(name: str, version: str) -> None:
    server = FakeTorchServe()
    async with server.client() as client:
        with pytest.raises(InvalidArgument):
            await client.management.describe(name, version)
        with pytest.raises(InvalidArgument):
            await client.inference.predict(name, b"", version=version)
    assert server.requests == []


def test_version_in_a_prediction_is_quoted_and_left_out_when_none() -> None:
    assert predictions_path("a b", "1+2") == "/predictions/a%20b/1%2B2"
    assert predictions_path("mnist") == "/predictions/mnist"


async def test_every_page_is_read_of_a_list_longer_than_one() -> None:
    server = FakeTorchServe()
    server.load_many(200, workers=0)
    async with server.client() as client:
        models = await client.management.models()
    assert [model.name for model in models] == [f"model-{n:03d}" for n in range(200)]


async def test_where_all_versions_cannot_be_asked_for_the_default_one_is_described() -> None:
    server = FakeTorchServe()
    server.load("mnist", "1.0")
    server.load("mnist", "2.0")
    server.fail(
        "/models/mnist/all",
        httpx.Response(404, json={"code": 404, "type": "ResourceNotFoundException"}),
    )
    async with server.client() as client:
        versions = await client.management.describe_all("mnist")
    assert [version.version for version in versions] == ["1.0"]


async def test_model_api_question_does_not_take_a_refused_token_for_an_answer() -> None:
    server = FakeTorchServe()
    refusal = {"code": 400, "type": "InvalidKeyException", "message": ""}
    server.fail("/models", httpx.Response(400, json=refusal))
    async with server.client() as client:
        with pytest.raises(TokenRefused):
            await client.management.model_api_enabled()


async def test_address_without_a_description_is_no_torchserve() -> None:
    server = FakeTorchServe()
    server.fail("/api-description", httpx.Response(404, text="nothing here"))
    async with server.client() as client:
        with pytest.raises(NotTorchServe):
            await client.management.api_description()


async def test_unhealthy_is_an_answer_and_another_500_an_error() -> None:
    server = FakeTorchServe()
    async with server.client() as client:
        server.fail("/ping", httpx.Response(500, json={"status": "Unhealthy"}), times=1)
        assert await client.inference.ping() == "Unhealthy"
        server.fail("/ping", httpx.Response(500, json={"code": 500, "message": "boom"}))
        with pytest.raises(ApiError, match="boom"):
            await client.inference.ping()


async def test_pages_that_lead_to_themselves_end_in_an_error() -> None:
    server = FakeTorchServe()
    server.fail("/models", bad_answers.looping_page())
    async with server.client() as client:
        with pytest.raises(NotTorchServe, match="never ends"):
            await client.management.models()
    assert len(server.requests) == 1


async def test_pages_without_an_end_end_in_an_error() -> None:
    numbers = count(1)

    def answer(_: httpx.Request) -> httpx.Response:
        models = [{"modelName": f"model-{(number := next(numbers))}"}]
        return httpx.Response(200, json={"models": models, "nextPageToken": str(number)})

    transport = httpx.MockTransport(answer)
    async with TorchServe(Addresses(), transport=transport) as client:
        with pytest.raises(NotTorchServe, match="never ends"):
            await client.management.models()
    assert next(numbers) == MOST_PAGES + 1


async def test_the_pages_together_have_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(management, "LIST_TIMEOUT_S", -1.0)
    async with FakeTorchServe().client() as client:
        with pytest.raises(TimedOut, match="was still incomplete"):
            await client.management.models()
