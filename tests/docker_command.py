"""What the stand-in of tests/docker_stand_in.py runs: `docker_command.py HOME VERB ARGUMENT...`.

The home has a file of facts for each container, as `docker inspect` prints them. What is to run in
a container runs right here, but for TorchServe itself.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

HOME = Path(sys.argv[1] if __name__ == "__main__" else ".")

MODEL_STORE = "/home/model-server/model-store"


def main(verb: str, *words: str) -> None:
    """Carry out a command."""
    with (HOME / "commands").open("a") as file:
        file.write(json.dumps([verb, *words]) + "\n")
    refusal = HOME / f"refuse-{verb}"
    if refusal.exists():
        _fail(refusal.read_text())
    VERBS[verb](*words)


def image(_: str, *words: str) -> None:
    if words[-1] not in (HOME / "images").read_text().split():
        _fail(f"Error response from daemon: no such image: {words[-1]}: No such image")


def version(*_: str) -> None:
    print("Server: stand-in")


def build(*_: str) -> None:
    return


def run(*words: str) -> None:
    name = words[words.index("--name") + 1]
    if _path({"Name": f"/{name}"}).exists():
        _fail(f'Error response from daemon: Conflict. The container name "/{name}" is in use')
    _save({"Id": f"id-of-{name}", "Name": f"/{name}", "State": {"Status": "running"}})


def pull(name: str) -> None:
    print((HOME / "pulling").read_text(), end="")
    with (HOME / "images").open("a") as file:
        file.write(f"{name}\n")


def create(*words: str) -> None:
    given: dict[str, list[str]] = {}
    for option, value in zip(words[:-1:2], words[1::2], strict=True):
        given.setdefault(option, []).append(value)
    (name,) = given["--name"]
    ports = {}
    for published in given["--publish"]:
        host, port, inside = published.split(":")
        ports[f"{inside}/tcp"] = [{"HostIp": host, "HostPort": port}]
    mounts = [dict(part.partition("=")[::2] for part in m.split(",")) for m in given["--mount"]]
    facts = {
        "Id": f"id-of-{name}",
        "Name": f"/{name}",
        "State": {"Status": "created", "ExitCode": 0},
        "Config": {"Image": words[-1], "WorkingDir": "/home/model-server", "Env": []},
        "HostConfig": {"PortBindings": ports},
        "Mounts": [{"Source": m["source"], "Destination": m["target"]} for m in mounts],
    }
    _save(facts)
    print(facts["Id"])


def copy(_: str, to: str) -> None:
    _find(to.partition(":")[0])
    (HOME / "copied.tar").write_bytes(sys.stdin.buffer.read())


def start(name: str) -> None:
    _set(name, Status="running", StartedAt="2026-11-22T13:45:34.123456789Z")


def stop(*words: str) -> None:
    _set(words[-1], Status="exited", ExitCode=137)


def remove(*words: str) -> None:
    _path(_find(words[-1])).unlink()


def inspect(_: str, __: str, *names: str) -> None:
    print(json.dumps([_find(name) for name in names]))


def ps(*_: str) -> None:
    for facts in _all():
        if facts["State"]["Status"] == "running":
            print(facts["Id"])


def top(name: str, *_: str) -> None:
    _find(name)
    print("PID   RSS   COMMAND")
    print((HOME / "processes").read_text(), end="")


def logs(*words: str) -> None:
    _find(words[-1])
    print((HOME / "console").read_text(), end="")


def execute(*words: str) -> None:
    name, *command = [word for word in words if word not in {"-i", "--interactive"}]
    _find(name)
    if command[0] == "torchserve":
        return
    if command[-1] == MODEL_STORE:
        print((HOME / "shut").read_text(), end="")
        return
    with (HOME / "pids").open("a") as file:
        file.write(f"{os.getpid()}\n")
    os.execvp(command[0], command)


VERBS: dict[str, Callable[..., None]] = {
    "version": version,
    "build": build,
    "run": run,
    "image": image,
    "pull": pull,
    "create": create,
    "cp": copy,
    "start": start,
    "stop": stop,
    "rm": remove,
    "inspect": inspect,
    "ps": ps,
    "top": top,
    "logs": logs,
    "exec": execute,
}


def _all() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in HOME.glob("*.container")]


def _find(name: str) -> dict[str, Any]:
    found = [facts for facts in _all() if name in {facts["Id"], facts["Name"][1:]}]
    return found[0] if found else _fail(f"Error response from daemon: No such container: {name}")


def _set(name: str, **state: object) -> None:
    facts = _find(name)
    facts["State"] |= state
    _save(facts)


def _save(facts: dict[str, Any]) -> None:
    _path(facts).write_text(json.dumps(facts))


def _path(facts: dict[str, Any]) -> Path:
    return HOME / f"{facts['Name'][1:]}.container"


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[2:])
