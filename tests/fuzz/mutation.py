"""Inputs made of real text by changes as a fuzzer makes them, from a seed: the same each time."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

LONGEST = 1 << 14
TOKENS = (
    *(b"\x00", b"\xff\xfe", b"\xc3", b"\r", b"\n\n", b"\t", b"\x1b[31m", b"\xe2\x80\xae", b'"'),
    *(b"-1", b"1e999", b"NaN", b"Infinity", b"9" * 400, b"1" * 5000, b"0x", b"null", b"true"),
    *(b"[" * 2000, b'{"a":' * 2000, b"{}", b"[]", b'""', b"a." * 3000, b"9999-12-31", b"0001-01"),
    *(b"\\u0000", b"\\ud800", b"\\", b"${a}", b"../", b"%s%n", b":", b"=", b",", b"|", b"#"),
)
"""What parsers stumble over."""


def inputs(seeds: Sequence[bytes], count: int, seed: int = 0) -> Iterator[bytes]:
    """The seeds themselves, then `count` inputs made of them and of one another."""
    rng = random.Random(seed)
    pool = [b"", *seeds]
    yield from pool
    for _ in range(count):
        data = changed(rng, rng.choice(pool), pool)
        if rng.random() < 0.05:
            pool = [*pool[-200:], data, *seeds]
        yield data


def changed(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """An input with a few changes; parts of those of the pool may get into it."""
    for _ in range(rng.choice((1, 1, 2, 5))):
        data = rng.choice(_CHANGES)(rng, data, pool)[:LONGEST]
    return data


def _flip(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _cut(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    begin, end = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
    return data[:begin] + data[end:]


def _shorten(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _insert(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(TOKENS) + data[at:]


def _replace_word(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """Put something else in place of a number, a quoted string or a word."""
    begin = rng.randrange(len(data) + 1)
    end = begin
    while end < len(data) and data[end : end + 1].isalnum():
        end += 1
    return data[:begin] + rng.choice(TOKENS) + data[end:]


def _splice(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    other = rng.choice(pool)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _double(rng: random.Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    begin, end = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
    return data[:end] + data[begin:end] * rng.choice((1, 3)) + data[end:]


_CHANGES = (_flip, _cut, _shorten, _insert, _replace_word, _splice, _double)
