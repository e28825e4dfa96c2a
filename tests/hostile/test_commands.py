"""Every command, in a terminal, in the hostile world."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import click

from tests.hostile.payload import MARKUP, evil, orders_in
from tests.hostile.terminal import Terminal
from tests.hostile.world import CONTAINER, MODEL, TSMON, VERSION, World
from tsmon.cli.main import cli
from tsmon.declared.state import FORMATS

AT_ONCE = 3
NAME = evil("NAME-", path=False)
Lines = Sequence[Sequence[str]]
Given = Callable[[World], Lines]


def on(world: World, *words: str) -> list[str]:
    """A command on the hostile server, with its logs."""
    return [*words, "--server", world.server, "--logs", str(world.logs)]


def _on(*words: str) -> Given:
    return lambda world: [on(world, *words)]


CALLS: Mapping[str, Given] = {
    "": lambda w: [[NAME], [f"--{NAME}"], ["--server", NAME, "models"], ["--help"]],
    "monitor": lambda w: [
        on(w, "monitor", "--plain"),
        ["monitor", "--theme", NAME, "--server", w.server],
        ["monitor", "--plain", "--server", "127.0.0.1:9"],
    ],
    "demo": lambda w: [["demo", NAME], ["demo", "--seed", NAME]],
    "observe": lambda w: [
        ["observe", NAME],
        ["observe", "--model-store", str(w.recording / "in a file")],
    ],
    "config trust": lambda w: [["config", "trust", NAME], ["config", "trust", "--forget"]],
    "serve start": lambda w: [
        ["serve", "start", "--set", NAME],
        ["serve", "start", "--docker", "--image", evil("IMAGE-"), "--name", NAME],
        ["serve", "start", "--model-store", str(w.recording / "in a file")],
    ],
    "serve stop": lambda w: [["serve", "stop", "--name", NAME], ["serve", "stop"]],
    "serve status": lambda w: [["serve", "status"]],
    "serve resume": lambda w: [["serve", "resume", "--name", NAME]],
    "serve shell": lambda w: [["serve", "shell", "--name", NAME]],
    "serve logs": lambda w: [
        ["serve", "logs", kind, "--logs", f"docker:{CONTAINER}"] for kind in ("server", "console")
    ],
    "archive": lambda w: [["archive", "--model-name", NAME, "--handler", NAME]],
    "models": _on("models"),
    "describe": lambda w: [on(w, "describe", MODEL), on(w, "describe", NAME)],
    "register": lambda w: [
        on(w, "register", evil("ARCHIVE-")),
        on(w, "register", evil("ARCHIVE-")),
        on(w, "register", NAME),
    ],
    "scale": lambda w: [on(w, "scale", MODEL, "3"), on(w, "scale", MODEL, NAME)],
    "set-default": lambda w: [
        on(w, "set-default", MODEL, VERSION),
        on(w, "set-default", MODEL, NAME),
    ],
    "unregister": lambda w: [on(w, "unregister", NAME), on(w, "unregister", evil("ARCHIVED-"))],
    "replace": lambda w: [on(w, "replace", MODEL, evil("ARCHIVE-")), on(w, "replace", NAME, "x")],
    "restart": lambda w: [on(w, "restart", MODEL), on(w, "restart", MODEL, "--at-once")],
    "ping": lambda w: [on(w, "ping"), on(w, "ping", "--open-inference")],
    "dump": lambda w: [on(w, "dump", "--format", form) for form in FORMATS],
    "diff": lambda w: [on(w, "diff", str(w.state)), on(w, "diff", str(w.state), "--prune")],
    "apply": lambda w: [on(w, "apply", str(w.state), "--yes"), on(w, "apply", NAME)],
    "workflow list": _on("workflow", "list"),
    "workflow describe": lambda w: [
        on(w, "workflow", "describe", evil("WORKFLOW-")),
        on(w, "workflow", "describe", NAME),
    ],
    "workflow register": lambda w: [on(w, "workflow", "register", evil("WAR-"), "--name", NAME)],
    "workflow unregister": lambda w: [on(w, "workflow", "unregister", NAME, "--yes")],
    "workflow predict": lambda w: [on(w, "workflow", "predict", NAME, str(w.image))],
    "predict": lambda w: [
        on(w, "predict", MODEL, str(w.image)),
        on(w, "predict", MODEL, *map(str, w.images.iterdir())),
        on(w, "predict", "mnist", NAME),
    ],
    "send": lambda w: [
        on(w, "send", MODEL, str(w.images), "-n", "3"),
        on(w, "send", "mnist", NAME),
    ],
    "load": lambda w: [
        on(w, "load", MODEL, str(w.images), "-n", "3"),
        on(w, "load", MODEL, str(w.images), "-n", "3", "--out", evil("out", path=False) + ".csv"),
        on(w, "load", MODEL, str(w.payloads), "-n", "3", "--fail-if", "errors > 1 %"),
    ],
    "advise": lambda w: [on(w, "advise", MODEL, "--seconds", "1")],
    "autoscale": lambda w: [
        on(w, "autoscale", MODEL, "--max", "3", "--seconds", "1"),
        on(w, "autoscale", MODEL, "--max", "3", "--seconds", "1", "--apply", "--restore"),
        on(w, "autoscale", NAME, "--max", "3"),
    ],
    "experiment": lambda w: [
        on(w, "experiment", MODEL, str(w.images), "--workers", "1", "--batches", "1", "-y")
    ],
    "metrics": lambda w: [
        on(w, "metrics"),
        on(w, "metrics", "--raw"),
        on(w, "metrics", "--all"),
        on(w, "metrics", "--all", "--csv", "--filter", "!CPU"),
        on(w, "metrics", "--all", "--watch", "--count", "2", "--interval", "0.1"),
        on(w, "metrics", "--watch", "--count", "2", "--interval", "0.1"),
        [
            "metrics",
            "--watch",
            "--prometheus",
            w.prometheus,
            "--instance",
            "h:8082",
            "--count",
            "1",
        ],
        ["metrics", "--watch", "--prometheus", w.prometheus, "--instance", NAME, "--count", "1"],
        ["metrics", "--watch", "--prometheus", w.prometheus, "--count", "1"],
    ],
    "events": lambda w: [
        on(w, "events", "--seconds", "0.5"),
        on(w, "events", "--seconds", "0.5", "--exec", "sh -c 'cat; echo $TSMON_MODEL; exit 1'"),
        on(w, "events", "--seconds", "0.5", "--webhook", NAME),
        on(w, "events", "--exec", NAME),
        ["events", str(w.recording)],
    ],
    "exporter": lambda w: [
        on(w, "exporter", "--once"),
        on(w, "exporter", "--listen", NAME),
    ],
    "limits": lambda w: [
        on(w, "limits", "--seconds", "0.5"),
        on(w, "limits", "--seconds", "0.5", "--watch"),
        on(w, "limits", "--when", NAME),
        on(w, "limits", "--when", "ready < 9", "--model", NAME, "--seconds", "0.2"),
    ],
    "export grafana": lambda w: [["export", "grafana", NAME, "--prometheus", NAME]],
    "export compose": lambda w: [["export", "compose", NAME, "--models", NAME, "--image", NAME]],
    "export k8s": lambda w: [
        ["export", "k8s", NAME, "--model", NAME, "--namespace", NAME, "--image", NAME],
    ],
    "export prometheus": lambda w: [
        ["export", "prometheus", NAME],
        ["export", "prometheus", NAME, "--server", NAME],
        ["export", "prometheus", NAME, "--exporter", NAME],
    ],
    "fleet": lambda w: [
        ["fleet", "--once"],
        ["fleet", "--once", "--prometheus", w.prometheus],
        ["fleet", "--once", "--file-sd", str(w.recording)],
    ],
    "record": lambda w: [
        on(w, "record", str(w.folder / evil("other", path=False)), "--count", "1")
    ],
    "replay": lambda w: [
        ["replay", str(w.recording), "--json"],
        ["replay", str(w.recording), "--csv"],
        ["replay", str(w.image), "--csv"],
        ["replay", NAME, "--csv"],
    ],
    "token status": lambda w: [["token", "status", "--key-file", str(w.folder / NAME)]],
    "token refresh": lambda w: [on(w, "token", "refresh", "inference"), ["token", "refresh", NAME]],
    "doctor": lambda w: [on(w, "doctor"), ["doctor", "--only", NAME]],
    "explain": lambda w: [["explain", NAME]],
    "keys": lambda w: [["keys"]],
    "config show": lambda w: [["config", "show", "--all"]],
    "config set": lambda w: [
        ["config", "set", "monitor.theme", NAME],
        ["config", "set", NAME, "1"],
    ],
    "config unset": lambda w: [["config", "unset", NAME]],
    "config path": lambda w: [["config", "path"]],
    "config check": lambda w: [["config", "check"]],
    "config init": lambda w: [["config", "init"]],
}
"""Every command with arguments that have it show what others wrote."""


def commands(of: click.Command = cli, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """All commands there are, by their words."""
    if not isinstance(of, click.Group):
        yield path, of
        return
    for name, command in of.commands.items():
        yield from commands(command, f"{path} {name}".strip())


def calls(world: World) -> Iterator[list[str]]:
    """The command lines, in each of the forms that the command has."""
    known = dict(commands())
    for name, given in CALLS.items():
        options = {option for each in known.get(name, cli).params for option in each.opts}
        for words in given(world):
            yield list(words)
            forms = {"--json", "--csv", "--markdown"} & options - set(words)
            yield from ([*words, form] for form in sorted(forms))


def test_every_command_is_tried() -> None:
    assert {*dict(commands()), ""} == set(CALLS), "give the new command arguments in CALLS"


def test_no_command_hands_an_order_to_the_terminal(world: World) -> None:
    def run(words: list[str]) -> bytes:
        with Terminal([*TSMON, *words], world.environment, world.folder) as terminal:
            terminal.send(b"y\n")
            return terminal.rest()

    tried = list(calls(world))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outputs = list(pool.map(run, tried))

    found = {
        " ".join(words)[:60]: orders[:5]
        for words, output in zip(tried, outputs, strict=True)
        if (orders := orders_in(output))
    }
    assert not found
    shown = b"".join(outputs).decode(errors="replace")
    # A command that is interrupted before its first line leaves the interpreter's own words.
    interrupted = r"^Traceback \(most recent call last\):\r?\n(?:[ \t].*\r?\n)+KeyboardInterrupt"
    shown = re.sub(interrupted, "", shown, flags=re.MULTILINE)
    fault = re.search("^Traceback", shown, re.MULTILINE)
    assert not fault, shown[fault.start() - 200 : fault.start() + 2000]
    assert not [tag for tag in TAGS if tag not in shown]
    assert MARKUP in shown


TAGS = (
    *("MODEL-", "VERSION-", "STATUS-", "REFUSED-", "LABEL-", "PRINTED-", "ASKED-", "CONSOLE-"),
    *("NAME-", "ARCHIVE-", "PROM-MODEL-", "SERVER-", "image", "VALUE-", "STATE-"),
)
"""Beginnings of hostile texts; all of them have to come to the screen, or nothing was tried."""
