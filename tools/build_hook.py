"""What hatch does before it collects the files of a wheel or an editable install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GrpcMessages(BuildHookInterface[Any]):
    """Makes the modules of the gRPC messages."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make them in the source tree, where hatch then finds them."""
        subprocess.run([sys.executable, Path(self.root) / "tools/grpc_messages.py"], check=True)
