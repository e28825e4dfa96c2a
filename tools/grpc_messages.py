"""Makes the Python modules of the gRPC messages out of their `.proto` files.

    python -m tools.grpc_messages

Builds do it by themselves (`build_hook.py`), so the modules are neither committed nor written by
hand.
"""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[1]
PROTOS = ROOT / "tsmon" / "torchserve" / "grpc"


def make() -> int:
    """Write a module beside each `.proto` file; the exit code of the compiler."""
    included = resources.files("grpc_tools") / "_proto"
    files = map(str, sorted(PROTOS.glob("*.proto")))
    return int(protoc.main(["", f"-I{ROOT}", f"-I{included}", f"--python_out={ROOT}", *files]))


if __name__ == "__main__":
    sys.exit(make())
