"""What a session says of itself in the first line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.state.session import LiveSession

PROD, SAFE = Addresses.from_server("prod"), Addresses.from_server("https://prod")
KEYS = Path("/srv/key_file.json")


@pytest.mark.parametrize(
    ("addresses", "ring", "warns"),
    [
        (PROD, KeyRing(KEYS, PROD), True),
        (PROD, KeyRing(KEYS, SAFE), False),
        (PROD, KeyRing(), False),
        (SAFE, KeyRing(KEYS, SAFE), False),
        (Addresses(), KeyRing(KEYS, Addresses()), False),
    ],
)
async def test_a_key_that_others_can_read_on_the_way_is_warned_of(
    addresses: Addresses, ring: KeyRing, warns: bool
) -> None:
    session = LiveSession(TorchServe(addresses, ring))

    assert bool(session.warning) is warns
    await session.close()
