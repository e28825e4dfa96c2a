"""Archives of models without a network: their handlers wait a random few milliseconds."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

MODELS = {"quick": (0.002, 0.008), "middle": (0.008, 0.02), "slow": (0.02, 0.04)}
"""Shortest and longest time an inference takes, seconds."""
LATE = "late"
"""A model that is registered when Prometheus has been scraping for some time."""

_HANDLER = """\
import random
import time


def handle(data, context):
    if data is None:
        return None
    time.sleep(random.uniform({shortest}, {longest}))
    return ["done" for _ in data]
"""


def write_archives(store: Path) -> None:
    """`NAME.mar` of each model."""
    for name, (shortest, longest) in {**MODELS, LATE: (0.002, 0.008)}.items():
        manifest = {
            "createdOn": "22/11/2026 13:26:32",
            "runtime": "python",
            "model": {"modelName": name, "handler": "handler.py", "modelVersion": "1.0"},
            "archiverVersion": "0.12.0",
        }
        with zipfile.ZipFile(store / f"{name}.mar", "w") as mar:
            mar.writestr("handler.py", _HANDLER.format(shortest=shortest, longest=longest))
            mar.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
