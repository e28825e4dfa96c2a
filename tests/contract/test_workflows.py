"""Workflows, and the Open Inference Protocol of the server."""

from __future__ import annotations

import pytest

from tests.contract.servers import Server
from tests.fake import FakeTorchServe
from tests.torchserve_version import torchserve_version
from tsmon.torchserve.errors import Conflict, NotFound
from tsmon.torchserve.workflows import workflow_predictions


async def test_a_workflow_is_registered_asked_and_removed(server: Server) -> None:
    async with server.client() as client:
        assert await client.workflows.all() == ()
        assert "registered" in await client.workflows.register("pair.war")
        try:
            (listed,) = await client.workflows.all()
            assert (listed.name, listed.url) == ("pair", "pair.war")
            found = await client.workflows.describe("pair")
            assert (found.min_workers, found.max_workers, found.batch_size) == (1, 1, 1)
            assert len(found.steps) == 1
            answer = await client.inference.ask("POST", workflow_predictions("pair"), {}, b"four")
            assert answer.text.isdigit()
            with pytest.raises(Conflict):
                await client.workflows.register("pair.war")
            named = {model.name for model in await client.management.models()}
            assert any(name.startswith("pair__") for name in named)
        finally:
            assert "unregistered" in await client.workflows.unregister("pair")
        assert await client.workflows.all() == ()


async def test_a_workflow_that_is_not_there_is_not_found(server: Server) -> None:
    async with server.client() as client:
        for asked in (
            client.workflows.describe("absent"),
            client.workflows.unregister("absent"),
            client.workflows.register("absent.war"),
            client.inference.ask("POST", workflow_predictions("absent"), {}, b"x"),
        ):
            with pytest.raises(NotFound):
                await asked


@pytest.mark.since("0.10.0", "the Open Inference Protocol")
async def test_the_open_inference_protocol_tells_of_the_server(server: Server) -> None:
    async with server.client() as client:
        found = await client.inference.open_inference()

    assert found.live
    assert found.ready
    assert found.server["version"] in {torchserve_version(), FakeTorchServe().software}
