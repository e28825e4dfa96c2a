"""Registering, unregistering and the default version."""

from __future__ import annotations

import pytest

from tests.contract.servers import Server
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import ApiError, Conflict, ModelApiDisabled, NotFound
from tsmon.torchserve.management import Registration


async def test_registering_without_workers_says_how_to_go_on(client: TorchServe) -> None:
    message = await client.management.register(Registration("digit.mar"))
    assert message == (
        'Model "digit" Version: 1.0 registered with 0 initial workers. '
        "Use scale workers API to add workers for the model."
    )


async def test_what_a_registration_asks_for_is_what_describe_shows(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar", batch_size=4, max_batch_delay=7))
    model = await client.management.describe("digit")
    assert (model.batch_size, model.max_batch_delay_ms) == (4, 7)


@pytest.mark.since("0.12.0", "start-up time-outs")
async def test_time_outs_that_a_registration_asks_for_are_what_describe_shows(
    client: TorchServe,
) -> None:
    await client.management.register(
        Registration("digit.mar", response_timeout=30, startup_timeout=40)
    )
    model = await client.management.describe("digit")
    assert (model.response_timeout_s, model.startup_timeout_s) == (30, 40)


async def test_same_version_again_is_a_conflict(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar"))
    with pytest.raises(Conflict, match=r"Model version 1\.0 is already registered for model digit"):
        await client.management.register(Registration("digit.mar"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("absent.mar", "Model not found at: absent.mar"),
        ("../digit.mar", "Relative path is not allowed in url: ../digit.mar"),
    ],
)
async def test_archive_that_the_store_lacks_is_not_found(
    client: TorchServe, url: str, message: str
) -> None:
    with pytest.raises(NotFound) as error:
        await client.management.register(Registration(url))
    assert error.value.message == message


@pytest.mark.parametrize("name", ["my model", "a+b", "50%", "x?y#z", "a.b~c", "ümläut"])
async def test_names_that_need_quoting_can_be_managed(client: TorchServe, name: str) -> None:
    await client.management.register(Registration("digit.mar", model_name=name))
    assert [model.name for model in await client.management.models()] == [name]
    assert (await client.management.describe(name, "1.0")).name == name
    assert await client.management.unregister(name) == f'Model "{name}" unregistered'


async def test_another_version_becomes_the_default_only_when_told(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar"))
    await client.management.register(Registration("digit-2.mar"))
    assert (await client.management.describe("digit")).version == "1.0"
    message = await client.management.set_default("digit", "2.0")
    assert message.endswith('for model "digit" to "2.0"')
    assert (await client.management.describe("digit")).version == "2.0"


async def test_default_of_an_unknown_model_or_version_cannot_be_set(client: TorchServe) -> None:
    with pytest.raises(NotFound):
        await client.management.set_default("digit", "1.0")
    await client.management.register(Registration("digit.mar"))
    with pytest.raises(NotFound) as error:
        await client.management.set_default("digit", "9.0")
    assert error.value.message == "Model version 9.0 does not exist for model digit"


@pytest.mark.parametrize("named", [None, "1.0"])
async def test_default_version_stays_while_there_are_others(
    client: TorchServe, named: str | None
) -> None:
    await client.management.register(Registration("digit.mar"))
    await client.management.register(Registration("digit-2.mar"))
    with pytest.raises(ApiError, match="Cannot remove default version for model digit") as error:
        await client.management.unregister("digit", named)
    assert error.value.code == 403


async def test_last_version_takes_the_model_with_it(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar"))
    await client.management.register(Registration("digit-2.mar"))
    await client.management.unregister("digit", "2.0")
    await client.management.unregister("digit", "1.0")
    with pytest.raises(NotFound):
        await client.management.unregister("digit")


async def test_unregistered_version_can_be_registered_again(client: TorchServe) -> None:
    for _ in range(2):
        await client.management.register(Registration("digit.mar"))
        await client.management.unregister("digit")


async def test_synchronous_registration_with_a_dying_worker_leaves_nothing(
    client: TorchServe,
) -> None:
    registration = Registration("dying.mar", initial_workers=1)
    with pytest.raises(ApiError, match="Failed to start workers for model dying"):
        await client.management.register(registration, synchronous=True)
    assert await client.management.models() == ()


async def test_model_api_is_found_enabled(client: TorchServe) -> None:
    assert await client.management.model_api_enabled()
    assert await client.management.models() == ()


@pytest.mark.since("0.11.1", "a switch for the model API")
async def test_without_the_model_api_models_are_read_but_not_changed(bare: Server) -> None:
    async with bare.client() as client:
        assert not await client.management.model_api_enabled()
        assert await client.management.models() == ()
        with pytest.raises(ModelApiDisabled):
            await client.management.register(Registration("digit.mar"))
        with pytest.raises(ModelApiDisabled):
            await client.management.unregister("digit")
        with pytest.raises(NotFound):
            await client.management.scale("digit", 1)
