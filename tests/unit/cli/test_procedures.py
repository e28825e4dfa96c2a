"""Ctrl-C in the middle of a procedure leaves a model that serves, and says so."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import click
import pytest

from tests.fake import FakeTorchServe, Loading
from tsmon.cli.outcome import Exit
from tsmon.cli.procedures import carry_out
from tsmon.torchserve.replacement import Replacement, plan_replacement


async def test_an_interrupted_replacement_removes_the_new_version_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = FakeTorchServe()
    server.load("mnist", "1.0")
    server.archive("mnist", "2.0", url="mnist-2.mar", loading=Loading.HELD)
    async with server.client() as client:
        plan = await plan_replacement(client, "mnist", "mnist-2.mar")
        hold = server.hold("/models/mnist/2.0")
        work = asyncio.create_task(carry_out(Replacement(client, plan), as_json=True))
        await hold.arrival()
        os.kill(os.getpid(), signal.SIGINT)
        hold.release()
        with pytest.raises(click.exceptions.Exit) as ended:
            await work

    printed = capsys.readouterr()
    assert ended.value.exit_code == Exit.INTERRUPTED
    assert "stopping, and making sure a model serves" in printed.err
    assert "mnist 2.0 is removed again, mnist 1.0 still serves" in printed.err
    assert json.loads(printed.out)["done"] is False
    assert list(server.registry.models["mnist"].versions) == ["1.0"]
