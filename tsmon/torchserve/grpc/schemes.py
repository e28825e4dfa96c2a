"""The schemes by which an address says that it is one of gRPC; imports nothing."""

from __future__ import annotations

PLAIN, ENCRYPTED = "grpc", "grpcs"


def is_grpc(address: str | None) -> bool:
    """Whether an address is one of gRPC."""
    return (address or "").strip().lower().startswith((f"{PLAIN}://", f"{ENCRYPTED}://"))
