"""Answers that no server should give, for `FakeTorchServe.fail`; each is one way to be harmful."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import httpx

HUGE = 10**90
"""Within what JSON is read with, beyond whatever is counted."""


def deep(levels: int = 100_000) -> httpx.Response:
    """JSON nested deeper than any parser recurses."""
    return httpx.Response(200, content=b"[" * levels + b"]" * levels)


def gzip_bomb(unpacked: int = 2**30) -> httpx.Response:
    """A body of a thousandth of the bytes that it unpacks to; nobody asked for it packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    zeros = bytes(2**20)
    content = b"".join(packer.compress(zeros) for _ in range(unpacked >> 20)) + packer.flush()
    return _packed(content, "gzip")


def gzipped(payload: bytes) -> httpx.Response:
    """An honest body, packed though nobody asked."""
    return _packed(gzip.compress(payload), "gzip")


def _packed(content: bytes, encoding: str) -> httpx.Response:
    """A response that httpx does not unpack when it is made."""
    return httpx.Response(
        200, stream=httpx.ByteStream(content), headers={"content-encoding": encoding}
    )


def looping_page() -> httpx.Response:
    """A page of the model list that leads to itself."""
    models = [{"modelName": "again", "modelUrl": "again.mar"}]
    return httpx.Response(200, json={"nextPageToken": "0", "models": models})


def page(*entries: Any) -> httpx.Response:
    """A model list of these entries, whatever they are."""
    return httpx.Response(200, json={"models": list(entries)})


def described(**fields: Any) -> httpx.Response:
    """Describe's answer with these fields instead of sensible ones."""
    sound = {
        "modelName": "mnist",
        "modelVersion": "1.0",
        "modelUrl": "mnist.mar",
        "minWorkers": 1,
        "maxWorkers": 1,
        "workers": [{"id": "9000", "status": "READY", "pid": 20001, "memoryUsage": 0}],
    }
    return httpx.Response(200, json=[sound | fields])
