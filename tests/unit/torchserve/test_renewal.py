"""Keys of tsmon's own server never end; several tsmons at one server ask for new ones once."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import KeyProblem, ReadOnly, TokenRefused
from tsmon.torchserve.renewal import NotWritten
from tsmon.torchserve.tokens import KeyKind, KeyRing

NEARLY = timedelta(minutes=55)
OVER = timedelta(minutes=61)
BOTH = ["GET /token", "GET /token"]


@pytest.fixture
def server(tmp_path: Path) -> FakeTorchServe:
    fake = FakeTorchServe(key_file=tmp_path / "key_file.json")
    fake.load("mnist")
    return fake


def client_of(
    server: FakeTorchServe, *, own: bool = True, read_only: bool = False, path: Path | None = None
) -> TorchServe:
    """A client as a tsmon of its own has it."""
    keys = KeyRing(path or server.keys.path, own=own)
    return TorchServe(server.addresses, keys, read_only=read_only, transport=server.transport())


@pytest.mark.parametrize("passed", [NEARLY, OVER])
async def test_any_request_renews_keys_that_end_soon_or_have_ended(
    server: FakeTorchServe, passed: timedelta
) -> None:
    requests: list[Callable[[TorchServe], Awaitable[object]]] = [
        lambda client: client.management.models(),
        lambda client: client.inference.predict("mnist", b"x"),
        lambda client: client.inference.ping(),
    ]
    for request in requests:
        server.requests.clear()
        server.keys.age(passed)
        async with client_of(server) as client:
            await request(client)
        assert server.sent()[:2] == BOTH
        assert len(server.requests) == 3  # none was refused


async def test_keys_with_time_left_are_let_be(server: FakeTorchServe) -> None:
    server.keys.age(timedelta(minutes=50))
    async with client_of(server) as client:
        await client.management.models()
    assert server.sent(prefix="/token") == []


async def test_keys_that_live_for_a_minute_are_renewed_in_its_second_half(
    server: FakeTorchServe,
) -> None:
    server.keys.life = timedelta(minutes=1)
    server.keys.renew("management", "inference")
    async with client_of(server) as client:
        await client.management.models()
        assert server.sent(prefix="/token") == []
        server.keys.age(timedelta(seconds=35))
        await client.management.models()
        await client.management.models()
    assert server.sent(prefix="/token") == BOTH


@pytest.mark.parametrize(("own", "read_only"), [(False, False), (True, True)])
async def test_keys_of_others_and_of_a_read_only_session_are_let_be(
    server: FakeTorchServe, own: bool, read_only: bool
) -> None:
    server.keys.age(NEARLY)
    async with client_of(server, own=own, read_only=read_only) as client:
        await client.management.models()
        assert not client.renewal.automatic
    assert server.sent(prefix="/token") == []


async def test_many_requests_of_several_tsmons_renew_once(server: FakeTorchServe) -> None:
    server.keys.age(NEARLY)
    hold = server.hold("/token")
    async with client_of(server) as one, client_of(server) as other:
        requests = [
            asyncio.create_task(client.management.models())
            for client in (one, other)
            for _ in range(3)
        ]
        await hold.arrival()
        hold.release()
        await asyncio.gather(*requests)
    assert server.sent(prefix="/token") == BOTH
    assert len(server.sent("GET", "/models")) == len(requests)


async def test_a_tsmon_that_is_renewing_is_waited_for(server: FakeTorchServe) -> None:
    assert server.keys.path is not None
    server.keys.age(NEARLY)
    async with client_of(server) as client:
        with server.keys.path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            request = asyncio.create_task(client.management.models())
            await asyncio.wait([request], timeout=0.1)
            assert server.sent() == []
            server.keys.renew("management", "inference")
        await request
    assert server.sent() == ["GET /models"]


async def test_a_refresh_that_fails_costs_no_request_and_is_not_repeated_at_once(
    server: FakeTorchServe,
) -> None:
    server.keys.age(NEARLY)
    server.fail("/token", httpx.Response(500, text="{}"))
    async with client_of(server) as client:
        await client.management.models()
        await client.management.models()
        assert client.renewal.problem is not None
        assert not client.renewal.automatic
    assert server.sent() == ["GET /token", "GET /models", "GET /models"]


async def test_a_caller_that_goes_away_does_not_stop_a_refresh(server: FakeTorchServe) -> None:
    server.keys.age(NEARLY)
    hold = server.hold("/token")
    async with client_of(server) as client:
        request = asyncio.create_task(client.management.models())
        await hold.arrival()
        request.cancel()
        hold.release()
        await client.management.models()
    assert server.sent() == [*BOTH, "GET /models"]


async def test_asked_for_both_keys_are_new_and_used_at_once(server: FakeTorchServe) -> None:
    async with client_of(server, own=False) as client:
        before = [client.keys.authorization(kind) for kind in KeyKind]
        await client.renewal.renew()
        after = [client.keys.authorization(kind) for kind in KeyKind]
        await client.management.models()
        await client.inference.ping()
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, True, False]
    assert server.sent() == [*BOTH, "GET /models", "GET /ping"]


async def test_a_copy_of_the_key_file_is_told_before_the_second_key_is_void(
    server: FakeTorchServe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsmon.torchserve.renewal.WRITTEN_S", 0.05)
    assert server.keys.path is not None
    copy = tmp_path / "copy-key_file.json"
    shutil.copy(server.keys.path, copy)
    async with client_of(server, own=False, path=copy) as client:
        with pytest.raises(NotWritten, match=r"copy-key_file\.json"):
            await client.renewal.renew()
    assert server.sent() == ["GET /token"]


async def test_without_the_api_key_nothing_is_sent(server: FakeTorchServe, tmp_path: Path) -> None:
    path = tmp_path / "little.json"
    path.write_text('{"management": {"key": "x"}}')
    async with client_of(server, path=path) as client:
        assert not client.renewal.possible
        with pytest.raises(TokenRefused) as refusal:
            await client.renewal.renew()
    assert refusal.value.problem is KeyProblem.MISSING
    assert server.sent() == []


async def test_read_only_makes_no_new_keys(server: FakeTorchServe) -> None:
    async with client_of(server, read_only=True) as client:
        assert not client.renewal.possible
        with pytest.raises(ReadOnly):
            await client.renewal.renew()
    assert server.sent() == []


async def test_a_refused_request_waits_for_the_file_that_is_being_written(
    server: FakeTorchServe,
) -> None:
    # TorchServe voids the old key first and then writes the file.
    assert server.keys.path is not None
    hold = server.hold("/models")
    async with client_of(server, own=False) as client:
        request = asyncio.create_task(client.management.models())
        await hold.arrival()
        old = server.keys.path.read_bytes()
        server.keys.renew("management")
        new = server.keys.path.read_bytes()
        server.keys.path.write_bytes(old)
        hold.release()
        looks = client.keys.reload

        def look(*, force: bool = False) -> bool:
            found = looks(force=force)
            if force:
                server.keys.path.write_bytes(new)  # type: ignore[union-attr]
            return found

        client.keys.reload = look  # type: ignore[method-assign]
        assert await request == await client.management.models()
    assert server.sent() == ["GET /models"] * 3
