"""What a worker's GPU does, in the words of describe and of `nvidia-smi`."""

from __future__ import annotations

import math
import re

from msgspec import Struct

from tsmon.units import MIB

_ID = re.compile(r"\bgpuId::(\d{1,4})\b", re.ASCII)
_USE = re.compile(r"\butilization\.gpu(?: \[%\])?::\s*(\d{1,3}(?:\.\d+)?)\s*%", re.ASCII)
_USED = re.compile(r"\bmemory\.used(?: \[MiB\])?::\s*(\d[\d.,'\s]{0,20}?)\s*MiB")
"""The newer form separates thousands as the server's language does: `18,950`, `18 950`."""
QUERY = "index,utilization.gpu,memory.used,memory.total"
"""The columns that `nvidia-smi` is asked for."""
_MOST_MIB = 1e9
_MOST_DEVICES = 64


class GpuUse(Struct, frozen=True):
    """One GPU; what is not known of it is None."""

    id: str
    share: float | None = None
    """Of the time in which it computed, 0 to 1."""
    memory_bytes: int | None = None
    """In use, by all processes."""
    total_bytes: int | None = None


def parse_gpu_usage(text: str) -> GpuUse | None:
    """What describe says of a worker's GPU; None where there is none, or the words are others."""
    found = _ID.search(text)
    if found is None:
        return None
    use, used = _USE.search(text), _USED.search(text)
    share = float(use[1]) / 100 if use else None
    return GpuUse(
        found[1],
        share if share is not None and share <= 1 else None,
        _mebibytes("".join(filter(str.isdigit, used[1]))) if used else None,
    )


def parse_nvidia_smi(text: str) -> dict[str, GpuUse]:
    """The GPUs by index, of `--query-gpu` with `QUERY` in CSV without units."""
    found: dict[str, GpuUse] = {}
    for line in text.splitlines()[:_MOST_DEVICES]:
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) == len(QUERY.split(",")) and cells[0].isascii() and cells[0].isdigit():
            index = cells[0][:4]
            share = _number(cells[1])
            known = share is not None and share <= 100
            found[index] = GpuUse(
                index,
                share / 100 if share is not None and known else None,
                _mebibytes(cells[2]),
                _mebibytes(cells[3]),
            )
    return found


def _mebibytes(text: str) -> int | None:
    amount = _number(text)
    return None if amount is None or amount > _MOST_MIB else round(amount * MIB)


def _number(text: str) -> float | None:
    """A number that is not negative; `[N/A]` is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
