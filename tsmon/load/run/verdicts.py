"""What the bytes of an answer mean; the same bytes are read once."""

from __future__ import annotations

from functools import lru_cache

from tsmon.digits.images import DIGITS
from tsmon.load.classes import find_class
from tsmon.load.refusals import Failure, kind_of
from tsmon.load.run.increment import RefusedAnswer
from tsmon.torchserve.errors import api_error, parse_error


@lru_cache(maxsize=4096)
def class_in(body: bytes, path: str = "") -> str | None:
    """The class that a model answered; None where none can be found."""
    found = find_class(body.decode(errors="replace"), path)
    return found.name if found else None


def predicted(body: bytes, path: str = "") -> str | None:
    """The digit that a model answered; None where none can be found."""
    name = class_in(body, path)
    return name if name in DIGITS else None


@lru_cache(maxsize=256)
def run_refusal(status: int, body: bytes) -> tuple[Failure, RefusedAnswer]:
    """The kind and the words of an answer that is an error."""
    type_, message = parse_error(body)
    refused = RefusedAnswer(status, type_, message or f"HTTP {status}")
    return kind_of(api_error(refused.code, refused.type, refused.message)), refused


def is_key_refused(status: int, body: bytes) -> bool:
    """Whether an answer says that the key is missing, wrong or void."""
    return status == 400 and run_refusal(status, body)[1].type == "InvalidKeyException"


def is_lasting(refused: RefusedAnswer) -> bool:
    """Whether further requests would get the same: no such model, or the key is refused."""
    return refused.code == 404 or refused.type == "InvalidKeyException"
