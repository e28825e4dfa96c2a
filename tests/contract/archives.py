"""The archives in both servers' model stores."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from tests.fake import Archive, Loading
from tests.fake.workflows import WorkflowArchive


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


FAKE_WORKFLOWS = {"pair.war": WorkflowArchive("pair", ("digit.mar", "digit-2.mar"))}


def write_workflows(store: Path) -> None:
    """The same as files."""
    for url, archive in FAKE_WORKFLOWS.items():
        nodes = [Path(model).stem.replace("-", "_") for model in archive.models]
        models = "".join(
            f"  {node}:\n    url: {model}\n"
            for node, model in zip(nodes, archive.models, strict=True)
        )
        limits = "  min-workers: 1\n  max-workers: 1\n  batch-size: 1\n  max-batch-delay: 10\n"
        dag = f"dag:\n  {nodes[0]}: [{nodes[1]}]\n"
        manifest = {
            "createdOn": "30/11/2026 23:41:18",
            "workflow": {
                "workflowName": archive.workflow,
                "specFile": "spec.yaml",
                "handler": "functions.py",
            },
            "archiverVersion": "0.2.15",
        }
        with zipfile.ZipFile(store / url, "w") as war:
            war.writestr("functions.py", "")
            war.writestr("spec.yaml", f"models:\n{limits}{models}{dag}")
            war.writestr("WAR-INF/MANIFEST.json", json.dumps(manifest))


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
