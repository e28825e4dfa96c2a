"""What the management and inference API tell."""

from __future__ import annotations

import pytest

from tests.contract.servers import Server
from tests.torchserve_version import torchserve_version
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import NotFound, TokenRefused
from tsmon.torchserve.management import Registration
from tsmon.torchserve.records import JobQueue
from tsmon.torchserve.tokens import KeyRing


async def test_description_tells_the_version_and_the_paths_without_a_key(
    kind: str, server: Server
) -> None:
    async with server.client(KeyRing()) as client:
        description = await client.management.api_description()
    assert description.version == (torchserve_version() if kind == "real" else "0.12.0")
    assert "/models/{model_name}/{model_version}/set-default" in description.paths


async def test_server_without_models_is_healthy_and_lists_none(client: TorchServe) -> None:
    assert await client.inference.ping() == "Healthy"
    assert await client.management.models() == ()


async def test_list_has_each_model_once_by_name_with_its_default_version(
    client: TorchServe,
) -> None:
    for url in ("raising.mar", "digit.mar", "digit-2.mar"):
        await client.management.register(Registration(url))
    models = await client.management.models()
    assert [(model.name, model.url) for model in models] == [
        ("digit", "digit.mar"),
        ("raising", "raising.mar"),
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
async def test_pages_of_any_size_make_the_whole_list(client: TorchServe, limit: int) -> None:
    names = ["a", "b", "c"]
    for name in names:
        await client.management.register(Registration("digit.mar", model_name=name))
    pages = [page async for page in client.management.pages(limit)]
    assert [model.name for page in pages for model in page.models] == names
    assert all(0 < len(page.models) <= limit for page in pages)


async def test_full_last_page_has_a_token_that_leads_to_an_empty_one(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar"))
    full = await client.management.page(limit=1)
    assert full.next_token == "1"
    beyond = await client.management.page(limit=1, next_page_token="1")
    assert (beyond.models, beyond.next_token) == ((), None)


async def test_fresh_model_is_described_with_the_servers_defaults(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar"))
    model = await client.management.describe("digit")
    assert (model.name, model.version, model.url) == ("digit", "1.0", "digit.mar")
    assert model.runtime == "python"
    assert (model.min_workers, model.max_workers, model.workers) == (0, 0, ())
    assert (model.batch_size, model.max_batch_delay_ms) == (1, 100)


@pytest.mark.since("0.12.0", "start-up time-outs")
async def test_fresh_model_is_described_with_its_time_outs_and_queue(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar"))
    model = await client.management.describe("digit")
    assert model.device_type == "cpu"
    assert (model.response_timeout_s, model.startup_timeout_s) == (120, 120)
    assert model.queue == JobQueue(pending=0, remaining=2)


async def test_describe_gives_the_default_the_named_or_all_versions(client: TorchServe) -> None:
    await client.management.register(Registration("digit.mar"))
    await client.management.register(Registration("digit-2.mar"))
    assert (await client.management.describe("digit")).version == "1.0"
    assert (await client.management.describe("digit", "2.0")).version == "2.0"
    versions = await client.management.describe_all("digit")
    assert sorted(model.version for model in versions) == ["1.0", "2.0"]


async def test_unknown_model_and_unknown_version_are_told_apart(client: TorchServe) -> None:
    with pytest.raises(NotFound) as model:
        await client.management.describe("digit")
    assert str(model.value) == "404 ModelNotFoundException: Model not found: digit"
    with pytest.raises(NotFound):
        await client.management.describe_all("digit")
    await client.management.register(Registration("digit.mar"))
    with pytest.raises(NotFound) as version:
        await client.management.describe("digit", "9.0")
    assert version.value.message == "Model version: 9.0 does not exist for model: digit"


@pytest.mark.since("0.11.1", "tokens")
async def test_management_key_does_not_open_the_inference_api(
    server: Server, client: TorchServe
) -> None:
    """The two APIs do not take each other's requests."""
    swapped = server.key_file.with_name("swapped_key_file.json")
    text = server.key_file.read_text()
    swapped.write_text(
        text.replace('"management"', '"x"')
        .replace('"inference"', '"management"')
        .replace('"x"', '"inference"')
    )
    async with server.client(KeyRing(swapped)) as other:
        with pytest.raises(TokenRefused):
            await other.inference.ping()
        with pytest.raises(TokenRefused):
            await other.management.models()
