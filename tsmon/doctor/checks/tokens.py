"""Checks of the key file: tokens are the commonest reason for a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.doctor.checks.evidence import server_of
from tsmon.doctor.findings import Finding, NotChecked, error, note, ok, warning
from tsmon.torchserve.errors import TokenRefused
from tsmon.torchserve.tokens import KeyKind
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.doctor.facts import Facts, KeyFileFacts

SOON_S = 600
_ADVICE = "pass the server's key_file.json with --key-file; it is in the server's working directory"


def key_file(facts: Facts) -> Iterator[Finding]:
    """Whether a key file is known, readable, private, and of this life of the server."""
    server = server_of(facts)
    file = server.key_file
    if server.wants_token is False:
        yield from _open_server(facts)
        return
    if file.path is None:
        if server.wants_token is None:
            raise NotChecked("no key file is known, nor whether the server needs one")
        yield error(
            "the server requires tokens and no key file is known",
            "it answers 400 InvalidKeyException to a request without a key",
            _remedy(facts),
        )
        return
    if file.problem:
        yield error("the key file cannot be used", file.problem, _remedy(facts))
        return
    wrong = [*_stale(facts, file), *_not_private(file)]
    yield from wrong
    if not wrong:
        yield ok("the key file is readable and private", str(file.path))


def transport(facts: Facts) -> Iterator[Finding]:
    """Whether keys are sent where anybody on the way can read them."""
    server = server_of(facts)
    if server.wants_token is False or server.key_file.path is None:
        raise NotChecked("no key is sent")
    plain = [*server.addresses.unencrypted]
    if not plain:
        yield ok("the keys stay on this machine or are sent encrypted")
        return
    yield warning(
        "the keys are sent unencrypted",
        f"anyone on the network path to {', '.join(plain)} can read them",
        "use a tunnel (`ssh -L`), or enable https on the server",
    )


def token_expiry(facts: Facts) -> Iterator[Finding]:
    """When the keys run out."""
    server = server_of(facts)
    if server.wants_token is False:
        yield ok("no tokens are required, so none expires")
        return
    if not server.key_file.expires:
        raise NotChecked("no key is known")
    for kind, expires in server.key_file.expires.items():
        if kind is not KeyKind.API:
            yield _expiry(kind, expires, facts.now)


def _expiry(kind: KeyKind, expires: datetime | None, now: datetime) -> Finding:
    remedy = "issue new ones: `tsmon token refresh`"
    if expires is None:
        return ok(f"the {kind} key does not expire")
    left = (expires - now).total_seconds()
    when = f"{expires:%Y-%m-%d %H:%M} UTC"
    if left <= 0:
        return error(f"the {kind} key expired {duration(-left)} ago", when, remedy)
    if left < SOON_S:
        return warning(f"the {kind} key expires in {duration(left)}", when, remedy)
    return ok(f"the {kind} key is good for {duration(left)}", when)


def _open_server(facts: Facts) -> Iterator[Finding]:
    server = server_of(facts)
    if server.addresses.is_local:
        yield note("the server requires no token", "anyone who can reach its ports can manage it")
    else:
        yield warning(
            "the server requires no token and is reachable over the network",
            f"anyone who can reach {server.addresses.label} can register code that it then runs",
            "set disable_token_authorization=false in config.properties and restart the server",
        )


def _stale(facts: Facts, file: KeyFileFacts) -> Iterator[Finding]:
    """A file of another server, or of an earlier life of this one."""
    process = facts.machine.server
    own = _own_key_file(facts)
    if process and file.written is not None and file.written < process.started - 1:
        since = _clock(process.started)
        yield error(
            "the key file is older than the server",
            f"{file.path} was written {_clock(file.written)}, the server has been running since "
            f"{since}",
            _remedy(facts),
        )
    elif own and file.path and own.is_file() and not _same(own, file.path):
        yield error(
            "the key file belongs to a different server",
            f"{file.path} is used, but the server writes {own}",
            _remedy(facts),
        )
    elif _refused(facts):
        yield error("the server rejects the key in the key file", str(file.path), _remedy(facts))


def _refused(facts: Facts) -> bool:
    """Whether a key that is not expired was refused all the same."""
    server = server_of(facts)
    expires = server.key_file.expires.get(KeyKind.MANAGEMENT)
    expired = expires is not None and expires <= facts.now
    return isinstance(server.observation.models, TokenRefused) and not expired


def _not_private(file: KeyFileFacts) -> Iterator[Finding]:
    if file.mode is not None and file.mode & 0o077:
        yield warning(
            "others can read the key file",
            f"{file.path} has mode {file.mode:04o}",
            f"chmod 600 {file.path}",
        )


def _remedy(facts: Facts) -> str:
    own = _own_key_file(facts)
    return f"use --key-file {own}" if own and own.is_file() else _ADVICE


def _own_key_file(facts: Facts) -> Path | None:
    """Where the server writes its keys, where it runs on this machine."""
    process = facts.machine.server
    if process is None or not process.files_here or process.directory is None:
        return None
    return process.directory / "key_file.json"


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
