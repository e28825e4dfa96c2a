"""The archives in both servers' model stores."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from tests.fake import Archive, Loading


def _length(body: bytes) -> int:
    return len(body) % 10


def _raise(body: bytes) -> int:
    raise ValueError("the handler raised")


FAKE = {
    "digit.mar": Archive("digit", digit=_length),
    "digit-2.mar": Archive("digit", "2.0", digit=_length),
    "raising.mar": Archive("raising", digit=_raise),
    "dying.mar": Archive("dying", loading=Loading.DIES),
    "streaming.mar": Archive("streaming"),
    "held.mar": Archive("held", loading=Loading.HELD),
}


def write_real(store: Path) -> None:
    """The same as files, each with the handler of its model's name."""
    for url, archive in FAKE.items():
        handler = Path(__file__).parent / "handlers" / f"{archive.model}.py"
        manifest = {
            "createdOn": "22/11/2026 13:26:32",
            "runtime": "python",
            "model": {
                "modelName": archive.model,
                "handler": handler.name,
                "modelVersion": archive.version,
            },
            "archiverVersion": "0.12.0",
        }
        with zipfile.ZipFile(store / url, "w") as mar:
            mar.write(handler, handler.name)
            mar.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
