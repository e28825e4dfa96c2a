"""Every page and dialog, and every key there, in a terminal, in the hostile world."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.hostile.keys import key_bytes
from tests.hostile.payload import MARKUP, orders_in
from tests.hostile.terminal import Terminal
from tests.hostile.world import TSMON, World
from tsmon.tui.keymap import Key
from tsmon.tui.keymap.effective import SCREENS

LEAVES = {"app.quit", "app.suspend_process"}
"""The actions of keys that end it; all others are pressed."""
NOT_ENTERED = {"server.start", "model.archive", "model.unregister"}
"""Their dialogs are opened but not accepted: a real server, a slow archive, no model any more."""


ANSWERS = {"table.copy": "t"}
"""What is pressed in a dialog, where that is not enter."""


class Way(NamedTuple):
    """The keys that lead from the monitor to a screen, and a word on it."""

    keys: str
    sees: str


WAYS: Mapping[str, Way] = {
    "monitor": Way("", "MODEL-"),
    "metrics": Way("3", "MODEL-"),
    "picker": Way("b", "no answers yet"),
    "draw pad": Way("w", "28 x 28"),
    "dialog": Way("s", "workers"),
    "description": Way("d", "RUNTIME-"),
    "logs": Way("l c", "NO-LINE-"),
    "requests": Way("Q v", "/predictions/ASKED-"),
    "one request": Way("Q v enter", "answered 2026"),
    "all metrics": Way("number_sign enter", "LABEL-"),
    "doctor": Way("H", "STATUS-"),
    "events": Way("e", "Events"),
    "canary": Way("V", "Canary"),
    "store": Way("A", "Archives"),
    "answer": Way("b i A", "REFUSED-"),
    "workflows": Way("ampersand", "WORKFLOW-"),
    "timeline": Way("J", "Workers over time"),
    "why": Way("Y", "Why?"),
    "runs": Way("B", "RUN-MODEL-"),
    "compared runs": Way("B enter", "RUN-MODEL-"),
    "settings": Way("C", "Seconds between two samples"),
    "text": Way("l c home enter", "ts_log.log line"),
    "steps": Way("W enter", "Restart"),
    "fleet": Way("F", "SERVER-"),
    "help": Way("question_mark", "Help: "),
    "command line": Way("colon", "sort COLUMN"),
    "load run": Way("L enter", "5 Run"),
    "experiment": Way("x enter", "Experiment with MODEL-"),
}
SESSIONS: Mapping[str, tuple[str, ...]] = {
    "replay": ("replay", "{recording}"),
    "prometheus": ("--prometheus", "{prometheus}", "--instance", "h:8082"),
    "a server that is away": ("--server", "127.0.0.1:9"),
    "in ascii": ("--server", "{server}", "--logs", "{logs}", "--symbols", "ascii"),
}


def test_every_screen_is_tried() -> None:
    assert set(WAYS) == set(SCREENS), "say in WAYS how one gets to the new screen"


@pytest.mark.parametrize("name", WAYS)
def test_no_screen_hands_an_order_to_the_terminal(world: World, name: str) -> None:
    way = WAYS[name]
    with monitor(world, "--server", world.server, "--logs", str(world.logs)) as terminal:
        terminal.see("MODEL-")
        press(terminal, "down", "down")  # below the model that only /metrics names
        terminal.quiet()
        at = len(terminal.output)
        press(terminal, *way.keys.split())
        terminal.see(way.sees, at if way.keys else 0)
        for key in keys_of(name):
            press(terminal, key.names[0])
            if name == "monitor" and key.id not in NOT_ENTERED:
                press(terminal, ANSWERS.get(key.id, "enter"))
            press(terminal, "escape", *way.keys.split())
        harmless(terminal)
        assert MARKUP.encode() in terminal.output  # as it stands, not as what it orders


@pytest.mark.parametrize("name", SESSIONS)
def test_no_session_hands_an_order_to_the_terminal(world: World, name: str) -> None:
    words = [each.format_map(_Facts(world)) for each in SESSIONS[name]]
    with monitor(world, *words) as terminal:
        terminal.see("Models")
        for keys in ("d", "l", "Q", "e", "H", "question_mark", "y", "F"):
            press(terminal, keys)
            press(terminal, "escape", "escape")
        harmless(terminal)


PAYLOAD_KEYS = {
    "i A": "Answer to PAYLOAD-",
    "P": "How payloads are sent to",
    "percent_sign": "The class in the answers of",
}
"""What opens a dialog from the picker, and a word on it."""


def test_no_payload_and_no_answer_hands_an_order_to_the_terminal(world: World) -> None:
    options = ("--server", world.server, "--samples", str(world.payloads))
    with monitor(world, *options) as terminal:
        terminal.see("MODEL-")
        press(terminal, "down", "down", "b")
        terminal.see("PAYLOAD-")
        for _ in range(4):
            for keys, words in PAYLOAD_KEYS.items():
                at = len(terminal.output)
                press(terminal, *keys.split())
                terminal.see(words, at)
                press(terminal, "escape")
            press(terminal, "down")
        harmless(terminal)
        assert MARKUP.encode() in terminal.output


class _Facts(dict[str, str]):
    """For `str.format_map`: what the world has by that name."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def __missing__(self, name: str) -> str:
        return str(getattr(self._world, name))


@contextmanager
def monitor(world: World, *words: str) -> Iterator[Terminal]:
    """A monitor in a terminal."""
    with Terminal([*TSMON, *words], world.environment, world.folder, columns=200) as terminal:
        yield terminal


def _reports(terminal: Terminal) -> str:
    """Why it ended."""
    files = re.findall(rb"report it with (\S+?\.txt)", terminal.output)
    return "\n".join(Path(file.decode()).read_text()[-3000:] for file in files)


def keys_of(name: str) -> list[Key]:
    """The keys of a screen but for those that end it."""
    return [key for key in SCREENS[name] if key.action not in LEAVES]


def press(terminal: Terminal, *names: str) -> None:
    """Press keys; what each of them shows is waited for."""
    for name in names:
        terminal.send(key_bytes(name))
        terminal.quiet()


def harmless(terminal: Terminal) -> None:
    """It goes on, and wrote no order but its own."""
    assert terminal.process.poll() is None, _reports(terminal)
    assert orders_in(terminal.output) == []
