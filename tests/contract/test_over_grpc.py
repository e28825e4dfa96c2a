"""The same server over gRPC: what it answers, and how its refusals are understood."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.real import RealTorchServe, opened
from tests.contract.servers import Fake, Real, Server
from tests.fake import FakeTorchServe
from tests.fake.grpc_front import grpc_front
from tsmon.telemetry.descriptions import describe_everything
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.errors import (
    ApiError,
    HandlerFailed,
    InvalidArgument,
    KeyProblem,
    ModelApiDisabled,
    NoCapacity,
    NotFound,
    ReadOnly,
    TokenRefused,
)
from tsmon.torchserve.grpc.client import GrpcTorchServe
from tsmon.torchserve.inference import BODY
from tsmon.torchserve.management import Registration
from tsmon.torchserve.rollout import Outcome, follow
from tsmon.torchserve.tokens import KeyKind, KeyRing

KINDS = ["fake", pytest.param("real", marks=pytest.mark.integration)]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def grpc(kind: str, server: Server) -> AsyncIterator[Addresses]:
    """Where the server of the contract is over gRPC."""
    if isinstance(server, Real):
        yield await opened(server.server.grpc)
    else:
        assert isinstance(server, Fake)
        async with grpc_front(server.server) as (_, addresses):
            yield addresses


@pytest.fixture
async def client(server: Server, grpc: Addresses) -> AsyncIterator[GrpcTorchServe]:
    async with GrpcTorchServe(grpc, KeyRing(server.key_file)) as client:
        yield client


async def test_a_server_without_models_is_healthy_and_lists_none(client: GrpcTorchServe) -> None:
    assert await client.inference.ping() == "Healthy"
    assert await client.management.models() == ()


async def test_a_model_lives_as_it_does_over_http(client: GrpcTorchServe, server: Server) -> None:
    management = client.management
    registered = await management.register(
        Registration("digit.mar", initial_workers=1, batch_size=2, max_batch_delay=7),
        synchronous=True,
    )
    assert registered == 'Model "digit" Version: 1.0 registered with 1 initial workers'
    assert (await client.inference.predict("digit", b"four")).text == "4"
    assert (await client.inference.predict("digit", b"12345", version="1.0")).text == "5"

    await management.register(Registration("digit-2.mar"))
    assert "to 2.0" in (await management.set_default("digit", "2.0")).replace('"', "")
    described = await management.describe("digit", "1.0")
    assert (described.batch_size, described.max_batch_delay_ms) == (2, 7)
    assert (await management.describe("digit")).version == "2.0"
    over_grpc = await describe_everything(management)
    async with server.client() as http:
        over_http = await describe_everything(http.management)
    assert [(each.model.version, each.is_default) for each in over_grpc] == [
        (each.model.version, each.is_default) for each in over_http
    ]

    assert await management.scale("digit", 2, version="1.0") == "Processing worker updates..."
    end = [each async for each in follow(management, "digit", 2, version="1.0")][-1]
    assert end.outcome is Outcome.DONE
    await management.unregister("digit", "1.0")
    assert await management.unregister("digit") == 'Model "digit" unregistered'
    assert await management.models() == ()


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_pages_of_any_size_make_the_whole_list(client: GrpcTorchServe, limit: int) -> None:
    for name in ("a", "b", "c"):
        await client.management.register(Registration("digit.mar", model_name=name))
    pages = [page async for page in client.management.pages(limit)]
    assert [model.name for page in pages for model in page.models] == ["a", "b", "c"]


async def test_refusals_are_the_errors_that_they_are_over_http(client: GrpcTorchServe) -> None:
    management, inference = client.management, client.inference
    with pytest.raises(NotFound, match="Model not found: digit"):
        await inference.predict("digit", b"")
    with pytest.raises(NotFound, match="Model not found: digit"):
        await management.describe("digit")
    with pytest.raises(NotFound):
        await management.scale("digit", 1)
    with pytest.raises(NotFound):
        await management.unregister("digit")
    with pytest.raises(ApiError, match=r"nope\.mar") as missing:
        await management.register(Registration("nope.mar"))
    assert missing.value.type == "ModelNotFoundException"
    await management.register(Registration("digit.mar"))
    with pytest.raises(NotFound) as version:
        await inference.predict("digit", b"", version="9.0")
    assert version.value.type == "ModelVersionNotFoundException"
    with pytest.raises(NoCapacity, match="has no worker to serve inference request"):
        await inference.predict("digit", b"four")


async def test_a_conflict_comes_without_a_reason_and_with_what_to_look_at(
    client: GrpcTorchServe,
) -> None:
    await client.management.register(Registration("digit.mar"))
    with pytest.raises(ApiError, match="failed without a reason") as again:
        await client.management.register(Registration("digit.mar"))
    assert "registered already" in again.value.hint
    await client.management.register(Registration("digit-2.mar"))
    with pytest.raises(ApiError, match="failed without a reason") as default:
        await client.management.unregister("digit", "1.0")
    assert "a default version goes last" in default.value.hint


async def test_a_handler_that_raises_failed(client: GrpcTorchServe) -> None:
    registration = Registration("raising.mar", initial_workers=1)
    await client.management.register(registration, synchronous=True)
    with pytest.raises(HandlerFailed, match="Prediction failed"):
        await client.inference.predict("raising", b"four")


async def test_what_grpc_cannot_say_is_not_sent(client: GrpcTorchServe) -> None:
    with pytest.raises(InvalidArgument, match="cannot scale to 0"):
        await client.management.scale("digit", 0)
    with pytest.raises(InvalidArgument, match="gRPC has no GET /token"):
        await client.management.refresh_token(KeyKind.MANAGEMENT)
    with pytest.raises(InvalidArgument, match="gRPC has no POST /explanations/digit"):
        await client.inference.ask("POST", "/explanations/digit", {}, b"")
    with pytest.raises(InvalidArgument, match="gRPC has no GET /v2/health/live"):
        await client.inference.open_inference()
    with pytest.raises(InvalidArgument):
        await client.inference.predict("", b"")


async def test_a_read_only_client_changes_nothing(grpc: Addresses, server: Server) -> None:
    async with GrpcTorchServe(grpc, KeyRing(server.key_file), read_only=True) as client:
        for change in (
            client.management.register(Registration("digit.mar")),
            client.management.scale("digit", 1),
            client.management.set_default("digit", "1.0"),
            client.management.unregister("digit"),
        ):
            with pytest.raises(ReadOnly):
                await change
        assert await client.management.models() == ()


@pytest.mark.since("0.11.1", "tokens")
async def test_each_api_asks_for_its_own_key(grpc: Addresses, server: Server) -> None:
    async with GrpcTorchServe(grpc) as client:
        with pytest.raises(TokenRefused) as management:
            await client.management.models()
        with pytest.raises(TokenRefused) as inference:
            await client.inference.ping()
    assert management.value.problem is inference.value.problem is KeyProblem.MISSING


@pytest.mark.since("0.11.1", "tokens")
async def test_a_key_that_was_renewed_meanwhile_is_read_again(
    client: GrpcTorchServe, server: Server
) -> None:
    await client.management.models()
    async with server.client() as http:
        await http.management.refresh_token(KeyKind.MANAGEMENT)
    assert await client.management.models() == ()


@pytest.mark.since("0.11.1", "a switch for the model API")
async def test_the_model_api_may_be_off(kind: str, request: pytest.FixtureRequest) -> None:
    if kind == "real":
        bare: RealTorchServe = request.getfixturevalue("real_bare")
        async with GrpcTorchServe(await opened(bare.grpc)) as client:
            with pytest.raises(ModelApiDisabled):
                await client.management.register(Registration("digit.mar"))
        return
    async with (
        grpc_front(FakeTorchServe(model_api=False)) as (_, addresses),
        GrpcTorchServe(addresses) as client,
    ):
        with pytest.raises(ModelApiDisabled):
            await client.management.register(Registration("digit.mar"))


@pytest.mark.integration
@pytest.mark.since("0.8.0", "streamed answers over gRPC")
async def test_a_streamed_answer_comes_in_its_parts(real: RealTorchServe) -> None:
    addresses = await opened(real.grpc)
    async with GrpcTorchServe(addresses, KeyRing(real.key_file)) as client:
        registration = Registration("streaming.mar", initial_workers=1)
        await client.management.register(registration, synchronous=True)
        try:
            parts = [part async for part in client.inference.stream("streaming", {BODY: b"abc"})]
            assert parts == [b"a", b"b", b"c"]
            broken = client.inference.stream("streaming", {BODY: b"a!c"})
            assert await anext(broken) == b"a"
            with pytest.raises(HandlerFailed, match="Prediction failed"):
                await anext(broken)
        finally:
            await client.management.unregister("streaming")
