"""Keys: missing, wrong, expired, refreshed by somebody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.servers import Server
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import KeyProblem, TokenRefused
from tsmon.torchserve.tokens import KeyKind, KeyRing


@pytest.mark.since("0.11.1", "tokens")
async def test_without_a_key_the_refusal_says_that_it_is_missing(server: Server) -> None:
    async with server.client(KeyRing()) as client:
        with pytest.raises(TokenRefused) as management:
            await client.management.models()
        with pytest.raises(TokenRefused) as inference:
            await client.inference.ping()
    assert management.value.problem is inference.value.problem is KeyProblem.MISSING


async def test_metrics_need_no_key(server: Server) -> None:
    async with server.client(KeyRing()) as client:
        assert await client.metrics.scrape()


@pytest.mark.since("0.11.1", "tokens")
async def test_key_of_another_server_is_wrong(server: Server, tmp_path: Path) -> None:
    keys = json.loads(server.key_file.read_text())
    keys["management"]["key"] = "00000000"
    other = tmp_path / "other_key_file.json"
    other.write_text(json.dumps(keys))
    async with server.client(KeyRing(other)) as client:
        with pytest.raises(TokenRefused) as error:
            await client.management.models()
    assert error.value.problem is KeyProblem.WRONG


@pytest.mark.since("0.11.1", "tokens")
async def test_key_whose_time_is_over_is_expired(fleeting: Server) -> None:
    async with fleeting.client() as client:
        with pytest.raises(TokenRefused) as management:
            await client.management.models()
        with pytest.raises(TokenRefused) as inference:
            await client.inference.ping()
    assert management.value.problem is inference.value.problem is KeyProblem.EXPIRED


@pytest.mark.since("0.11.1", "tokens")
@pytest.mark.parametrize("api", [KeyKind.MANAGEMENT, KeyKind.INFERENCE])
async def test_refresh_changes_that_key_and_its_end_alone(server: Server, api: KeyKind) -> None:
    before = json.loads(server.key_file.read_text())
    async with server.client() as client:
        await client.management.refresh_token(api)
    after = json.loads(server.key_file.read_text())
    changed = [name for name in before if before[name] != after[name]]
    assert changed == [api.value]


@pytest.mark.since("0.11.1", "tokens")
async def test_key_refreshed_by_another_client_is_read_again(
    server: Server, client: TorchServe
) -> None:
    await client.management.models()
    async with server.client() as other:
        await other.management.refresh_token(KeyKind.MANAGEMENT)
    assert await client.management.models() == ()


@pytest.mark.since("0.11.1", "tokens")
async def test_token_api_takes_the_api_key_alone(server: Server, tmp_path: Path) -> None:
    keys = json.loads(server.key_file.read_text())
    keys["API"] = keys["management"]
    other = tmp_path / "other_key_file.json"
    other.write_text(json.dumps(keys))
    async with server.client(KeyRing(other)) as client:
        with pytest.raises(TokenRefused):
            await client.management.refresh_token(KeyKind.INFERENCE)


@pytest.mark.since("0.11.1", "tokens")
async def test_key_file_is_for_its_owner_alone(server: Server) -> None:
    assert server.key_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.since("0.11.1", "tokens")
async def test_model_whose_path_begins_like_the_token_api_cannot_be_managed(
    client: TorchServe,
) -> None:
    with pytest.raises(TokenRefused) as error:
        await client.management.describe("tokenizer")
    assert "such a model cannot be managed" in error.value.hint
