"""Models whose names fit into no path, or into one that looks like another."""

from __future__ import annotations

import httpx
import pytest

from tests.contract.servers import Server
from tsmon.telemetry.descriptions import describe_everything
from tsmon.torchserve.errors import Unaddressable
from tsmon.torchserve.management import Registration
from tsmon.torchserve.rollout import Outcome, follow


async def test_a_name_with_a_slash_is_listed_and_answers_but_has_no_address(
    unaddressed: Server,
) -> None:
    """Whatever is tried by path; `/invocations`, which takes the name in its query, finds it."""
    name = "org/llama"
    async with unaddressed.client() as client:
        await client.management.register(Registration("digit.mar", model_name="llama"))
        query = {"url": "digit.mar", "model_name": name, "initial_workers": "1"}
        async with _plain(unaddressed) as plain:
            base = client.addresses.management
            answer = await plain.post(f"{base}/models", params=query)
            assert answer.is_success
            for path in ("org%2Fllama", "org/llama", "org%252Fllama"):
                for method in ("GET", "PUT", "DELETE"):
                    answer = await plain.request(method, f"{base}/models/{path}")
                    assert answer.status_code == 404, (method, path)
        found = await describe_everything(client.management)
        known = {entry.model.name: entry for entry in found}
        assert known["llama"].why is None
        assert isinstance(known[name].why, Unaddressable)
        assert known[name].model.url == "digit.mar"
        with pytest.raises(Unaddressable):
            await client.management.scale(name, 1)
        assert (await client.inference.predict(name, b"seven")).text == "5"


@pytest.mark.parametrize("name", ["..", ".", "a%b", "x?y#z", " ", "a+b"])
async def test_a_name_that_looks_like_a_part_of_a_url_is_found_by_its_path(
    unaddressed: Server, name: str
) -> None:
    async with unaddressed.client() as client:
        await client.management.register(Registration("digit.mar", model_name=name))
        assert (await client.management.describe(name)).name == name
        assert [each.name for each in await client.management.describe_all(name)] == [name]
        await client.management.scale(name, 1)
        async for progress in follow(client.management, name, 1):
            last = progress
        assert last.outcome is Outcome.DONE
        assert (await client.inference.predict(name, b"seven")).text == "5"
        assert "unregistered" in await client.management.unregister(name)


def _plain(server: Server) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=server.transport, trust_env=False, timeout=30)
