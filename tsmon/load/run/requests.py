"""Requests made ready before a run, so that sending one costs a write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from tsmon.digits.errors import ImageError

if TYPE_CHECKING:
    from tsmon.digits.images import DigitImage
    from tsmon.load.run.plan import Endpoint

MAX_BYTES = 256 * 2**20
"""Of all images together; they are held in memory."""

_LINE = b"\r\n"
_END = b"\r\n\r\n"


class ImageRequest(Struct):
    """One image as the bytes that go over the wire."""

    data: bytes
    label: str | None
    authorization: str = ""
    """The value of that header in `data`, empty without a key."""

    def authorize(self, authorization: str) -> None:
        """Carry another key from now on."""
        head, end, body = self.data.partition(_END)
        lines = [line for line in head.split(_LINE) if not line.startswith(b"Authorization:")]
        if authorization:
            lines.append(f"Authorization: {authorization}".encode("ascii"))
        self.data = _LINE.join(lines) + end + body
        self.authorization = authorization


class Prepared(Struct):
    """The images that can be sent, and what was wrong with the others."""

    requests: list[ImageRequest]
    problems: list[str]


def prepare(images: Iterable[DigitImage], endpoint: Endpoint) -> Prepared:
    """Read the images; those that cannot be read, or go beyond `MAX_BYTES`, become problems."""
    prepared = Prepared([], [])
    size = 0
    for image in images:
        try:
            body = image.read()
        except ImageError as error:
            prepared.problems.append(str(error))
            continue
        size += len(body)
        if size > MAX_BYTES:
            held = f"the images before it have {MAX_BYTES // 2**20} MiB already"
            prepared.problems.append(f"{image.path.name} is skipped: {held}")
            break
        data = _head(endpoint, len(body)) + body
        prepared.requests.append(ImageRequest(data, image.label, endpoint.authorization))
    return prepared


def _head(endpoint: Endpoint, length: int) -> bytes:
    headers = {
        "Host": urlsplit(endpoint.url).netloc or "localhost",
        "Accept": "application/json",
        "Content-Type": "application/octet-stream",
        "Content-Length": str(length),
    }
    headers |= {name.title(): value for name, value in endpoint.headers.items()}
    lines = [f"POST {endpoint.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if endpoint.authorization:
        lines.append(f"Authorization: {endpoint.authorization}")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")
