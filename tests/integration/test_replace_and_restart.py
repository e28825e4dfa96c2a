"""Replacing and restarting on a real TorchServe, with a client that sends all the while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.commands import Ended, Shell
from tests.tui.seat import seated
from tsmon.serving.assets import digit_assets
from tsmon.serving.local_server import LocalServer
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import TorchServeError
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.screens.confirm import Confirm
from tsmon.tui.screens.steps import StepsScreen
from tsmon.tui.state.session import LiveSession

pytestmark = pytest.mark.integration

MODEL = "swapped"
DYING = Path(__file__).parents[1] / "contract" / "handlers" / "dying.py"
PATIENCE_S = 90.0


@pytest.fixture(scope="module")
def archives(shell: Shell) -> None:
    """Versions 1.0 and 2.0, and 3.0 that cannot start, in the model store."""
    for version, more in (("1.0", ()), ("2.0", ()), ("3.0", ("--handler", str(DYING)))):
        ended = shell.tsmon(
            "archive", "--force", "--json", "--model-name", MODEL, "-v", version, *more
        )
        assert ended.code == 0, ended.stderr
        built = shell.directory / Path(ended.json["archive"])
        built.rename(built.with_name(f"{MODEL}-{version}.mar"))


@pytest.fixture
def model(shell: Shell, archives: None) -> Iterator[str]:
    """Version 1.0 with two workers."""
    registered = shell.tsmon("register", f"{MODEL}-1.0.mar", "--workers", "2")
    assert registered.code == 0, registered.stderr
    yield MODEL
    for entry in shell.tsmon("models", "--json").json:
        if entry["name"] == MODEL:
            shell.tsmon("unregister", MODEL, "--model-version", entry["version"])


@asynccontextmanager
async def client_of(shell: Shell) -> AsyncIterator[TorchServe]:
    record = LocalServer(shell.home).status().server
    assert record is not None
    addresses = Addresses(record.inference, record.management, record.metrics)
    async with TorchServe(addresses, KeyRing(record.key_file)) as client:
        yield client


class Traffic:
    """Clients that send images to the default version until they are told to stop."""

    def __init__(self, client: TorchServe, clients: int = 4) -> None:
        self.answered = 0
        self.failures: list[str] = []
        self._client = client
        self._stop = asyncio.Event()
        self._image = next(iter(sorted(digit_assets().samples.glob("*.png")))).read_bytes()
        self._tasks = [asyncio.create_task(self._send()) for _ in range(clients)]

    async def _send(self) -> None:
        while not self._stop.is_set():
            try:
                await self._client.inference.predict(MODEL, self._image)
                self.answered += 1
            except TorchServeError as error:
                self.failures.append(str(error))

    async def end(self) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)


async def beside_traffic(shell: Shell, *command: str) -> tuple[Ended, Traffic]:
    """Run a command while clients send."""
    async with client_of(shell) as client:
        traffic = Traffic(client)
        try:
            ended = await asyncio.to_thread(shell.tsmon, *command)
        finally:
            await traffic.end()
    return ended, traffic


def versions(shell: Shell) -> dict[str, tuple[bool, int]]:
    """Each version: whether it is the default one, and its ready workers."""
    return {
        entry["version"]: (entry["default"], entry["ready_workers"])
        for entry in shell.tsmon("models", "--json").json
        if entry["name"] == MODEL
    }


async def test_no_request_fails_while_a_version_is_replaced(shell: Shell, model: str) -> None:
    ended, traffic = await beside_traffic(
        shell, "replace", model, f"{model}-2.0.mar", "--grace", "2", "--json"
    )

    assert ended.code == 0, ended.stderr
    assert traffic.failures == []
    assert traffic.answered > 0
    assert versions(shell) == {"2.0": (True, 2)}


async def test_a_version_that_cannot_start_is_removed_again_and_no_request_fails(
    shell: Shell, model: str
) -> None:
    ended, traffic = await beside_traffic(shell, "replace", model, f"{model}-3.0.mar")

    assert ended.code == 1
    assert f"{model} 3.0 is removed again, {model} 1.0 still serves" in ended.stderr
    assert traffic.failures == []
    assert versions(shell) == {"1.0": (True, 2)}


async def test_a_restart_serves_all_the_while_and_ends_every_process(
    shell: Shell, model: str
) -> None:
    before = _processes(shell)

    ended, traffic = await beside_traffic(shell, "restart", model, "--json")

    after = _processes(shell)
    assert ended.code == 0, ended.stderr
    assert list(after) == list(before), "the same workers"
    assert not set(after.values()) & set(before.values()), "in other processes"
    # A process has at most one request in hand as it ends; the stand-in is one of three.
    assert len(traffic.failures) <= 3
    assert all("500" in failure for failure in traffic.failures), traffic.failures
    assert traffic.answered > 100 * len(traffic.failures)


def _processes(shell: Shell) -> dict[str, int]:
    (described,) = shell.tsmon("describe", MODEL, "--json").json
    return {worker["id"]: worker["pid"] for worker in described["workers"]}


async def test_restart_and_undo_by_keys(shell: Shell, model: str) -> None:
    record = LocalServer(shell.home).status().server
    assert record is not None
    options = MonitorOptions(model_store=record.model_store)
    addresses = Addresses(record.inference, record.management, record.metrics)
    app = TsmonApp(LiveSession(TorchServe(addresses, KeyRing(record.key_file))), options)
    before = _processes(shell)
    async with seated(app, size=(140, 40), patience_s=PATIENCE_S) as seat:
        await seat.press("slash")
        await seat.write(model)
        await seat.press("enter")
        await seat.sees(f"{model} 1.0", "2/2 ready")
        await seat.press("plus")
        await seat.sees("3/3 ready", "U back to 2 workers")
        await seat.press("U")
        await seat.sees("2/2 ready")
        await seat.press("W")
        await seat.until(lambda: isinstance(seat.app.screen, Confirm))
        await seat.sees("one at a time?", "workers   2 → 3 temporarily, then 2")
        await seat.press("tab", "enter")
        await seat.until(lambda: isinstance(seat.app.screen, StepsScreen))
        await seat.sees("2 workers of swapped 1.0 restarted, one at a time")
        await seat.press("escape")
    assert not set(_processes(shell).values()) & set(before.values())
