"""Says what gRPC needs and is not installed, before anything imports it."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from tsmon.torchserve.errors import InvalidArgument
from tsmon.untrusted.shell import shell_line

_PACKAGES = {"grpc": "grpcio", "google.protobuf": "protobuf"}
_MESSAGES = "tsmon.torchserve.grpc.inference_pb2"


def require_grpc() -> None:
    """Check that the extra `grpc` is installed, and that the build made the messages.

    gRPC then writes no log of its own to stderr, which is the terminal's or a run's.

    Raises:
        InvalidArgument: not; its hint is the command that installs it.
    """
    missing = [package for module, package in _PACKAGES.items() if not _is_there(module)]
    if missing:
        pip = shell_line([sys.executable, "-m", "pip", "install", "tsmon[grpc]"])
        raise InvalidArgument(f"gRPC needs {' and '.join(missing)}, not installed here", f"`{pip}`")
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    if not _is_there(_MESSAGES):
        raise InvalidArgument(
            "the gRPC messages of this checkout were not made", "`make setup` makes them"
        )


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a package above it
        return False
