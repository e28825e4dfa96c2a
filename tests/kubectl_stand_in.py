"""A `kubectl` command for machines without a cluster: its pods are ports of this machine."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import kubectl_command
from tsmon.torchserve.addresses import Addresses

_COMMAND = '#!/bin/sh\nexec "{python}" -IS "{script}" "{home}" "$@"\n'
PORTS = (8080, 8081, 8082)
KSERVE_PORTS = (8085, 8085, 8082)
READY = [{"type": "Ready", "status": "True"}]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster with its pods, and its client."""

    home: Path

    def run(
        self,
        name: str,
        at: Addresses | None = None,
        *,
        namespace: str = "serving",
        labels: dict[str, str] | None = None,
        ports: tuple[int, int, int] = PORTS,
        container: str = "torchserve",
        **facts: Any,
    ) -> None:
        """Have a pod whose ports are those at these addresses; `facts` win over those of one that
        runs."""
        here = [urlsplit(url).port or 0 for url in at.all] if at is not None else []
        pod = {
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": f"uid-of-{name}",
                "labels": {"app": "torchserve"} if labels is None else labels,
            },
            "spec": {"containers": [{"name": container}]},
            "status": {"phase": "Running", "conditions": READY},
            "forward": dict(zip(map(str, ports), here, strict=False)),
            **facts,
        }
        path = self._path(name)
        whole = path.with_suffix(".new")
        whole.write_text(json.dumps(pod))
        whole.rename(path)

    def remove(self, name: str) -> None:
        """Have it no longer; what is forwarded to it is lost."""
        self._path(name).unlink()

    def refuse(self, verb: str, message: str) -> None:
        """Have a command fail with these words from now on."""
        (self.home / f"refuse-{verb}").write_text(message)

    def allow(self, verb: str) -> None:
        """Have it succeed again."""
        (self.home / f"refuse-{verb}").unlink()

    def commands(self, verb: str) -> list[list[str]]:
        """The arguments of each command of that name, in order."""
        path = self.home / "commands"
        lines = path.read_text().splitlines() if path.exists() else []
        return [words for words in map(json.loads, lines) if verb in words]

    def pids(self) -> list[int]:
        """The processes that forwarded, ended ones included."""
        path = self.home / "pids"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def _path(self, name: str) -> Path:
        return self.home / f"{name}.pod"


def install(home: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Put the command before all others of its name; there are two contexts."""
    home.mkdir()
    command = home / "kubectl"
    script = Path(kubectl_command.__file__)
    command.write_text(_COMMAND.format(python=sys.executable, script=script, home=home))
    command.chmod(0o755)
    (home / "contexts").write_text("here prod")
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")
    return Cluster(home)
