"""Requests made ready before a run, so that sending one costs a write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tsmon.digits.images import DigitImage, ImageError
from tsmon.load.run.plan import Endpoint

MAX_BYTES = 256 * 2**20
"""Of all images together; they are held in memory."""


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One image as the bytes that go over the wire."""

    data: bytes
    label: str | None


@dataclass(slots=True)
class Prepared:
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
            held = f"the images before it have {MAX_BYTES // 2**20} MB already"
            prepared.problems.append(f"{image.path.name} is left out: {held}")
            break
        prepared.requests.append(ImageRequest(_head(endpoint, len(body)) + body, image.label))
    return prepared


def _head(endpoint: Endpoint, length: int) -> bytes:
    lines = [
        f"POST {endpoint.path} HTTP/1.1",
        f"Host: {urlsplit(endpoint.url).netloc}",
        "Accept: application/json",
        "Content-Type: application/octet-stream",
        f"Content-Length: {length}",
    ]
    if endpoint.authorization:
        lines.append(f"Authorization: {endpoint.authorization}")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")
