"""Excerpts of the logs of a TorchServe 0.12, and one of 0.10, with their paths shortened.

Lines about other workers, access lines and all but the first line of Java's stack traces are left
out; what is there, doubled lines included, is as TorchServe wrote it.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "excerpts"


def server_lines(name: str) -> list[bytes]:
    """An excerpt of ts_log."""
    return _lines(f"{name}.ts_log")


def model_lines(name: str) -> list[bytes]:
    """An excerpt of model_log."""
    return _lines(f"{name}.model_log")


def _lines(name: str) -> list[bytes]:
    return (_FOLDER / name).read_bytes().splitlines()
