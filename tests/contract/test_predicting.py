"""Predictions and their failures."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.servers import Server
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import HandlerFailed, NoCapacity, NotFound
from tsmon.torchserve.inference import Prediction
from tsmon.torchserve.management import Registration


async def test_default_version_and_a_named_one_answer(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar", initial_workers=1), synchronous=True)
    await client.management.register(Registration("digit-2.mar"))
    prediction = await client.inference.predict("digit", b"four")
    assert (prediction.text, prediction.content_type) == ("4", "text/plain")
    assert prediction.request_id
    assert (await client.inference.predict("digit", b"12345", version="1.0")).text == "5"
    with pytest.raises(NoCapacity):
        await client.inference.predict("digit", b"four", version="2.0")


async def test_handler_sees_the_accept_header(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar", initial_workers=1), synchronous=True)
    prediction = await client.inference.predict("digit", b"four", accept="application/json")
    assert prediction.content_type == "application/json"
    assert prediction.text.replace(" ", "").startswith('{"digit":4,"probabilities":[')


async def test_unknown_model_and_version_are_not_found(client: TorchServe) -> None:
    with pytest.raises(NotFound) as model:
        await client.inference.predict("digit", b"")
    assert model.value.type == "ModelNotFoundException"
    await client.management.register(Registration("digit.mar"))
    with pytest.raises(NotFound) as version:
        await client.inference.predict("digit", b"", version="9.0")
    assert version.value.type == "ModelVersionNotFoundException"


async def test_model_without_workers_has_no_capacity(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar"))
    with pytest.raises(
        NoCapacity, match=r'Model "digit".* has no worker to serve inference request'
    ):
        await client.inference.predict("digit", b"four")


async def test_handler_that_raises_is_told_from_missing_workers(client: TorchServe) -> None:
    registration = Registration("raising.mar", initial_workers=1)
    await client.management.register(registration, synchronous=True)
    with pytest.raises(HandlerFailed, match="Prediction failed"):
        await client.inference.predict("raising", b"four")


@pytest.mark.since("0.8.0", "the length of the queue in descriptions")
async def test_full_queue_refuses_and_the_waiting_requests_are_answered_later(
    server: Server, client: TorchServe
) -> None:
    await client.management.register(Registration("digit.mar", initial_workers=1), synchronous=True)
    server.keep_waiting("digit")
    # At most one is at the worker and two are in the queue: the fourth is refused at the latest.
    requests = [asyncio.create_task(client.inference.predict("digit", b"wait")) for _ in range(4)]
    await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
    queue = (await client.management.describe("digit")).queue
    server.release("digit")
    results = await asyncio.gather(*requests, return_exceptions=True)
    assert queue is not None
    assert (queue.pending > 0, queue.capacity) == (True, 2)
    answered = [result.text for result in results if isinstance(result, Prediction)]
    refused = [result for result in results if isinstance(result, NoCapacity)]
    assert answered == ["4"] * len(answered)
    assert refused
    assert len(answered) + len(refused) == 4
