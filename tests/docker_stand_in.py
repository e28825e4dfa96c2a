"""A `docker` command for machines without an engine: its containers are folders of this machine."""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests import docker_command

NAME = "ts"
IMAGE = "pytorch/torchserve:latest-cpu"
SERVING = """\
41 1000 /bin/bash /usr/local/bin/dockerd-entrypoint.sh serve
42 160000 java -cp ts.jar org.pytorch.serve.ModelServer --python python
43 1000 tail -f /dev/null
77 90000 python /ts/model_service_worker.py --sock-name /tmp/.ts.sock.9000
"""
DIED = "41 1000 /bin/bash /usr/local/bin/dockerd-entrypoint.sh serve\n43 500 tail -f /dev/null\n"
_COMMAND = '#!/bin/sh\nexec "{python}" -IS "{script}" "{home}" "$@"\n'


@dataclass(frozen=True, slots=True)
class StandIn:
    """The engine with its containers."""

    home: Path

    def run(self, directory: Path, *, mounted: Path | None = None, running: bool = True) -> None:
        """Have a container; its server was started in `directory`, which may be a mount."""
        mounts = [{"Source": str(mounted), "Destination": str(directory)}] if mounted else []
        self.have(
            State={"Status": "running" if running else "exited"},
            Config={"WorkingDir": str(directory), "Env": ["PATH=/usr/bin", "TEMP=/tmp"]},
            Mounts=mounts,
        )

    def have(self, name: str = NAME, **facts: object) -> None:
        """Have a container with these facts of `docker inspect`."""
        known = {"Id": f"id-of-{name}", "Name": f"/{name}", "Config": {}, **facts}
        self._path(name).write_text(json.dumps(known))

    def remove(self) -> None:
        """Have it no longer; what runs in it ends."""
        self._path(NAME).unlink()
        for pid in self.pids():
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                for each in [*process.children(recursive=True), process]:
                    each.kill()

    def refuse(self, verb: str, message: str) -> None:
        """Have a command fail with these words from now on."""
        (self.home / f"refuse-{verb}").write_text(message)

    def write(self, name: str, text: str) -> None:
        """Set what there is: images, pulling (what a pull prints), processes, console, or shut
        (what its user cannot read of the model store)."""
        (self.home / name).write_text(text)

    def status(self, name: str) -> str | None:
        """The engine's word for a container; None where there is none."""
        path = self._path(name)
        facts = json.loads(path.read_text()) if path.exists() else None
        return facts["State"]["Status"] if facts else None

    def commands(self, verb: str) -> list[list[str]]:
        """The arguments of each command of that name, in order."""
        path = self.home / "commands"
        lines = path.read_text().splitlines() if path.exists() else []
        given = [json.loads(line) for line in lines]
        return [words[1:] for words in given if words[0] == verb]

    def copied(self, name: str) -> str:
        """A file that was copied into a container."""
        with tarfile.open(fileobj=io.BytesIO((self.home / "copied.tar").read_bytes())) as archive:
            file = archive.extractfile(name)
            assert file is not None
            return file.read().decode()

    def pids(self) -> list[int]:
        """The processes that ran in it, ended ones included."""
        path = self.home / "pids"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def _path(self, name: str) -> Path:
        return self.home / f"{name}.container"


def install(home: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Put the command before all others of its name; the image is here, and a server runs in it."""
    home.mkdir()
    command = home / "docker"
    script = Path(docker_command.__file__)
    command.write_text(_COMMAND.format(python=sys.executable, script=script, home=home))
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")
    engine = StandIn(home)
    for name, text in {
        "images": f"{IMAGE}\n",
        "processes": SERVING,
        "console": "",
        "shut": "",
    }.items():
        engine.write(name, text)
    return engine
