"""How requests get to a server besides its addresses: TLS, a proxy, and headers for it."""

from __future__ import annotations

import re
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import httpx
from msgspec import Struct, field

from tsmon.torchserve.errors import InvalidArgument
from tsmon.units import KIB
from tsmon.untrusted.files import read_text
from tsmon.untrusted.secrets import masked_address, never_show

MOST_TOKEN_BYTES = 64 * KIB
_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_FRAMING = ("connection", "content-length", "transfer-encoding")
_SECRET_HEADERS = ("authorization", "cookie", "key", "password", "secret", "token")


class Route(Struct, frozen=True):
    """What a proxy before a server asks for, and how to get through it.

    Raises:
        InvalidArgument: a value cannot be used.
    """

    verify: bool | str = True
    """Whether an https certificate is checked, or the file of the authority to check by."""
    client_cert: str = ""
    """The file of the certificate that this client shows, empty without one."""
    client_key: str = ""
    """The file of its private key; empty if it is in the same file."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request."""
    bearer_file: str = ""
    """The file of a token that is sent in place of TorchServe's own keys."""
    proxy: str = ""
    """The URL of an HTTP proxy to go through."""
    username: str = ""
    """The user of HTTP basic authentication; empty without it."""
    password_file: str = ""
    """The file of that user's password."""

    def __post_init__(self) -> None:
        for name, value in self.headers.items():
            well_formed = _NAME.fullmatch(name) and value.isascii() and value.isprintable()
            if not well_formed or name.lower() in _FRAMING:
                raise InvalidArgument(f"{name!r} cannot be sent as an HTTP header")
        try:
            if self.proxy:
                httpx.Proxy(self.proxy)
        except (ValueError, httpx.InvalidURL):
            shown = masked_address(self.proxy)
            hint = "use http://host:port"
            raise InvalidArgument(f"{shown!r} is not a valid HTTP proxy", hint) from None
        never_show(value for name, value in self.headers.items() if is_secret(name))

    @property
    def tls(self) -> ssl.SSLContext:
        """The certificates that count, and the one to show.

        Raises:
            InvalidArgument: one cannot be read.
        """
        return certificates(self.verify, self.client_cert, self.client_key)

    def authorization(self) -> dict[str, str]:
        """The header with the token or the password, read again each time since files are renewed.

        Raises:
            InvalidArgument: it cannot be read.
        """
        if self.bearer_file:
            return {"Authorization": f"Bearer {_secret(self.bearer_file, 'token')}"}
        if not self.username:
            return {}
        password = _secret(self.password_file, "password") if self.password_file else ""
        encoded = b64encode(f"{self.username}:{password}".encode()).decode()
        never_show([encoded])
        return {"Authorization": f"Basic {encoded}"}


def _secret(file: str, kind: str) -> str:
    try:
        secret = read_text(Path(file), MOST_TOKEN_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or error
        raise InvalidArgument(f"cannot read {file}: {reason}") from None
    if not secret.isascii() or not secret.isprintable():
        raise InvalidArgument(f"the {kind} in {file} is not one line of plain text")
    never_show([secret])
    return secret


def is_secret(header: str) -> bool:
    """Whether the value of a header of this name is not to be shown."""
    return any(word in header.lower() for word in _SECRET_HEADERS)


def shown_headers(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The headers whose values may be shown."""
    return ((name, value) for name, value in headers.items() if not is_secret(name))


@cache
def certificates(verify: bool | str, cert: str = "", key: str = "") -> ssl.SSLContext:
    """Which certificates count; reading the system's own takes 20 ms, so it is done once.

    Raises:
        InvalidArgument: a file cannot be read, or has none.
    """
    try:
        if isinstance(verify, str):
            context = ssl.create_default_context(cafile=verify)
        else:
            context = httpx.create_ssl_context(verify=verify, trust_env=False)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidArgument(f"cannot read the certificates in {verify}: {reason}") from None
    if cert:
        try:
            # Without a password OpenSSL would ask the terminal for that of an encrypted key.
            context.load_cert_chain(cert, key or None, password="")
        except OSError as error:
            reason = error.strerror or str(error)
            raise InvalidArgument(
                f"cannot use the client certificate {cert}: {reason}",
                "client_cert and client_key are PEM files that belong together, and the key has no "
                "password",
            ) from None
    return context
