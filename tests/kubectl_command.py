"""What the stand-in of tests/kubectl_stand_in.py runs: `kubectl_command.py HOME ARGUMENT...`.

The home has a file for each pod: its facts as `kubectl get pods -o json` prints them, and the ports
of this machine that its own ports are. What it prints is what kubectl 1.32 prints, of which
tests/integration/test_kubectl.py asks the real one what can be asked without a cluster.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

HOME = Path(sys.argv[1] if __name__ == "__main__" else ".")
NO_CONTEXT = "Error in configuration: context was not found for specified context: {}"


def main(*words: str) -> None:
    with (HOME / "commands").open("a") as file:
        file.write(json.dumps(words) + "\n")
    options = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
    verb, *names = [word for word in words if not word.startswith("--")]
    context = options.get("context", "here")
    if context not in (HOME / "contexts").read_text().split():
        _fail(NO_CONTEXT.format(context))
    refusal = HOME / f"refuse-{verb}"
    if refusal.exists():
        _fail(refusal.read_text())
    if verb == "get":
        get(options)
    else:
        forward(options["namespace"], *names)


def get(options: dict[str, str]) -> None:
    wanted = [part.split("=") for part in options["selector"].split(",")]
    found = [
        facts
        for _, facts in _pods(options["namespace"])
        if all(facts["metadata"]["labels"].get(name) == value for name, value in wanted)
    ]
    print(json.dumps({"apiVersion": "v1", "items": found, "kind": "List", "metadata": {}}))


def forward(namespace: str, pod: str, *ports: str) -> None:
    name = pod.removeprefix("pod/")
    found = [each for each in _pods(namespace) if each[1]["metadata"]["name"] == name]
    if not found:
        _fail(f'Error from server (NotFound): pods "{name}" not found')
    path, facts = found[0]
    phase = facts["status"]["phase"]
    if phase != "Running":
        _fail(f"error: unable to forward port because pod is not running. Current status={phase}")
    with (HOME / "pids").open("a") as file:
        file.write(f"{os.getpid()}\n")
    for each in ports:
        local, remote = each.split(":")
        listener = socket.create_server(("127.0.0.1", int(local or 0)))
        at = listener.getsockname()[1]
        print(f"Forwarding from 127.0.0.1:{at} -> {remote}", flush=True)
        there = facts["forward"].get(remote, 0)
        threading.Thread(target=_accept, args=[listener, at, there], daemon=True).start()
    while path.exists() and json.loads(path.read_text())["metadata"] == facts["metadata"]:
        time.sleep(0.02)
    _lost()


def _accept(listener: socket.socket, at: int, there: int) -> None:
    while True:
        here, _ = listener.accept()
        print(f"Handling connection for {at}", flush=True)
        try:
            beyond = socket.create_connection(("127.0.0.1", there))
        except OSError:
            print(f"E1201 an error occurred forwarding {at}: connection refused", file=sys.stderr)
            _lost()
        for one, other in ((here, beyond), (beyond, here)):
            threading.Thread(target=_copy, args=[one, other], daemon=True).start()


def _copy(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


def _pods(namespace: str) -> list[tuple[Path, dict[str, Any]]]:
    found = [(path, json.loads(path.read_text())) for path in sorted(HOME.glob("*.pod"))]
    return [each for each in found if each[1]["metadata"]["namespace"] == namespace]


def _lost() -> NoReturn:
    """As kubectl has it since 1.23, of a pod that is gone and of a port where no one listens."""
    print("error: lost connection to pod", file=sys.stderr, flush=True)
    os._exit(1)


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[2:])
