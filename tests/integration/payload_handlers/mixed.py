"""Answers each kind of payload in its own way; what it is to do stands in the payload.

Texts are reversed, JSON is answered with its keys counted, anything else with a picture, forms with
the names of their fields.
"""

import json
import time
import zlib
from struct import pack
from typing import Any


def handle(data: list[dict[str, Any]] | None, context: Any) -> list[Any] | None:
    if data is None:  # TorchServe's call at load
        return None
    return [_answer(row, context, index) for index, row in enumerate(data)]


def _answer(row: dict[str, Any], context: Any, index: int) -> Any:
    if len(row) > 1 or "body" not in row:
        return json.dumps(sorted(row))
    body = row["body"]
    if isinstance(body, dict):
        context.set_response_content_type(index, "application/json")
        return json.dumps({"keys": len(body), "class": str(body.get("class", "none"))})
    text = body if isinstance(body, str) else _decoded(bytes(body))
    if text is None:
        context.set_response_content_type(index, "image/png")
        return picture()
    return _to_text(text, context, index)


def _decoded(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _to_text(text: str, context: Any, index: int) -> str:
    if text == "raise":
        raise ValueError("the handler raised")
    if text == "wait":
        time.sleep(3)
    if text == "refuse":
        context.set_response_status(code=418, phrase="teapot", idx=index)
    context.set_response_content_type(index, "text/plain")
    return text[::-1]


def picture() -> bytes:
    """A white PNG of one pixel, with bytes that are no text."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    head = pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0\xff")
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts
