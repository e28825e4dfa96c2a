"""A `docker` command for machines without an engine: its container is a folder of this machine.

It knows the two commands that tsmon gives, and runs what is to run in the container right here.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

NAME = "ts"
_COMMAND = """\
#!/bin/sh
home="{home}"
verb=$1; shift
case $verb in
    inspect) shift 2; name=$1 ;;
    exec) if [ "$1" = -i ]; then shift; fi; name=$1; shift ;;
esac
if [ "$name" != {name} ] || [ ! -e "$home/inspect.json" ]; then
    echo "Error response from daemon: No such container: $name" >&2
    exit 1
fi
if [ $verb = inspect ]; then cat "$home/inspect.json"; exit; fi
echo $$ >> "$home/pids"
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class StandIn:
    """The engine and its one container."""

    home: Path

    def run(self, directory: Path, *, mounted: Path | None = None, running: bool = True) -> None:
        """Have the container; its server was started in `directory`, which may be a mount."""
        mounts = [{"Source": str(mounted), "Destination": str(directory)}] if mounted else []
        facts = {
            "State": {"Running": running},
            "Config": {"WorkingDir": str(directory), "Env": ["PATH=/usr/bin", "TEMP=/tmp"]},
            "Mounts": mounts,
        }
        (self.home / "inspect.json").write_text(json.dumps([facts]))

    def remove(self) -> None:
        """Have it no longer; what runs in it ends."""
        (self.home / "inspect.json").unlink()
        for pid in self.pids():
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                for each in [*process.children(recursive=True), process]:
                    each.kill()

    def pids(self) -> list[int]:
        """The processes that ran in it, ended ones included."""
        path = self.home / "pids"
        return [int(line) for line in path.read_text().split()] if path.exists() else []


def install(home: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Put the command before all others of its name."""
    home.mkdir()
    command = home / "docker"
    command.write_text(_COMMAND.format(home=home, name=NAME))
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")
    return StandIn(home)
