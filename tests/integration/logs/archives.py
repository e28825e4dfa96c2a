"""Archives of models without weights, for servers whose logs are read."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

MEASURED = '''
import os
import time
from pathlib import Path


def handle(data, context):
    """Answers, fails or waits as the request asks; reports its time as BaseHandler does."""
    if data is None:
        return None
    began = time.time()
    for row in data:
        wish = bytes(row["body"])
        if wish == b"raise":
            raise ValueError("the handler raised")
        while wish == b"wait" and not Path(os.environ["CONTRACT_RELEASE"]).exists():
            time.sleep(0.02)
        time.sleep(len(wish) / 1000)
    context.metrics.add_time("HandlerTime", round((time.time() - began) * 1000, 2), None, "ms")
    return ["1"] * len(data)
'''
FAILING = """
def handle(data, context):
    raise FileNotFoundError("the vocabulary is missing")
"""


def write_archive(
    folder: Path, name: str, version: str, handler: str = MEASURED, config: str = ""
) -> str:
    """Write an archive; gives the URL to register it by. `config` is its model-config.yaml."""
    path = folder / f"{name}-{version}.mar"
    model = {"modelName": name, "handler": f"{name}_entry.py", "modelVersion": version}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}_entry.py", handler)
        if config:
            model["configFile"] = "model-config.yaml"
            archive.writestr("model-config.yaml", config)
        manifest = {"runtime": "python", "model": model}
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
    return path.as_uri()
