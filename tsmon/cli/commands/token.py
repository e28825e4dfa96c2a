"""The token verbs: what the key file holds, and refreshing a key."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.group import CommandGroup
from tsmon.cli.options import as_json, server_options
from tsmon.cli.outcome import fail
from tsmon.cli.output import emit_json, emit_table, say
from tsmon.cli.target import Target, pass_target
from tsmon.torchserve.errors import TOKEN_HINT
from tsmon.torchserve.renewal import EXPIRING
from tsmon.torchserve.tokens import KeyKind, ServerKey
from tsmon.units import duration


@click.group(cls=CommandGroup)
def token() -> None:
    """Look at the server's tokens, or have it make new ones."""


@token.command()
@as_json
@server_options
@pass_target
def status(target: Target, as_json: bool) -> None:
    """Show which keys the key file holds and when they expire; never the keys themselves."""
    ring = target.key_ring(target.addresses())
    keys = {kind: key for kind in KeyKind if (key := ring.key(kind))}
    if not keys:
        problem = ring.problem
        fail(problem.message if problem else "no key file is known", TOKEN_HINT)
    now = datetime.now(UTC)
    if as_json:
        emit_json(
            {
                "key_file": str(ring.path),
                "keys": {
                    kind.value: {"expires": key.expires, "expired": key.expired(now)}
                    for kind, key in keys.items()
                },
            }
        )
        return
    say(f"key file {ring.path}")
    emit_table(("KEY", "EXPIRES"), [(kind.value, _expiry(key, now)) for kind, key in keys.items()])


@token.command()
@click.argument("kind", type=click.Choice([kind.value for kind in EXPIRING]), required=False)
@server_options
@pass_target
@runs_async
async def refresh(target: Target, kind: str | None) -> None:
    """Have the server write new keys, by default both; the old ones are void at once.

    That needs the API key, which is in the server's key file and does not end.
    """
    async with target.client() as client:
        kinds = (KeyKind(kind),) if kind else EXPIRING
        await client.renewal.renew(kinds)
        for each in kinds:
            key = client.keys.key(each)
            ends = _expiry(key, datetime.now(UTC)) if key else "unknown"
            say(f"new {each} key in {client.keys.path}, expires {ends}")


def _expiry(key: ServerKey, now: datetime) -> str:
    if key.expires is None:
        return "never"
    left = (key.expires - now).total_seconds()
    return f"in {duration(left)}" if left > 0 else f"{duration(-left)} ago"
