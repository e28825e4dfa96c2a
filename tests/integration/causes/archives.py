"""Archives whose handlers fail, each in its own way."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

_AT_LOAD = """
def handle(data, context):
    if data is None:
        {}
    return ["1"] * len(data)
"""

LOADS = {
    "missing": "import module_that_nobody_has" + _AT_LOAD.format("return None"),
    "memory": _AT_LOAD.format("raise MemoryError('no room for the weights')"),
    "exit": "import sys" + _AT_LOAD.format("sys.exit(3)"),
    "leaving": "import sys" + _AT_LOAD.format("sys.exit('licence file not found')"),
    "slow": "import time" + _AT_LOAD.format("time.sleep(60)"),
    "weights": "import torch"
    + _AT_LOAD.format("torch.nn.Linear(3, 2).load_state_dict({'weight': torch.zeros(2, 4)})"),
}
"""Handlers that fail while they are loaded, by the name of the model."""

MOODY = """
import sys
import time

def handle(data, context):
    if data is None:
        return None
    wish = bytes(data[0]["body"])
    if wish == b"raise":
        try:
            int("x")
        except ValueError as error:
            raise RuntimeError("cannot predict") from error
    if wish == b"memory":
        raise MemoryError("no room for the batch")
    if wish == b"leave":
        sys.exit("licence expired")
    if wish == b"slow":
        time.sleep(60)
    return ["1"] * (3 if wish == b"many" else len(data))
"""
"""A handler that fails as the request asks it to."""


def write_archives(store: Path) -> None:
    """Write them all to the model store."""
    for name, handler in {**LOADS, "moody": MOODY}.items():
        manifest = {
            "runtime": "python",
            "model": {"modelName": name, "handler": f"{name}_entry.py", "modelVersion": "1.0"},
        }
        with zipfile.ZipFile(store / f"{name}.mar", "w") as archive:
            archive.writestr(f"{name}_entry.py", handler)
            archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
