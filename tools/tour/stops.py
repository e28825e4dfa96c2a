"""The stops of the tour: the keys that a person would press, and a still of what they see."""

from __future__ import annotations

from typing import Any

import psutil
from textual.screen import Screen
from textual.widgets import Input

from tools.tour.guide import Guide
from tools.tour.stage import MODEL, NEXT_VERSION, VERSIONS
from tsmon.load.batches import WALKTHROUGH
from tsmon.telemetry.events import EventKind
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.commands.command_line import CommandLine
from tsmon.tui.screens.doctor import Doctor
from tsmon.tui.screens.draw_pad import DrawPad
from tsmon.tui.screens.events import Events
from tsmon.tui.screens.load import LoadDialog
from tsmon.tui.screens.logs import Logs
from tsmon.tui.screens.picker import Picker
from tsmon.tui.screens.plan_experiment import PlanExperiment
from tsmon.tui.screens.replace import ReplaceDialog
from tsmon.tui.screens.requests import Requests
from tsmon.tui.screens.scale import ScaleDialog
from tsmon.tui.screens.steps import StepsScreen
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.field import Field
from tsmon.tui.widgets.results_view import ResultsView, ResultView

DIGITS = 10
"""What the key sends."""
SEVEN = (*["left"] * 6, "space", *["right"] * 12, *["down", "down", "left"] * 5, "space")
"""A stroke to the right, then one down and to the left."""
_NAMES = {" ": "space", ":": "colon"}


async def _open(guide: Guide, key: str, kind: type[Screen[Any]]) -> None:
    seat = guide.seat
    await seat.press(key)
    await seat.until(lambda: isinstance(seat.app.screen, kind))
    await seat.pilot.pause()


async def _type(guide: Guide, text: str) -> None:
    """Type a text key by key."""
    await guide.seat.press(*(_NAMES.get(character, character) for character in text))


async def _fill(guide: Guide, **fields: str) -> None:
    """Type into fields of the dialog in place of what they have."""
    for name, text in fields.items():
        field = guide.seat.find(Field, f"#{name}")
        field.query_one(Input).focus()
        await guide.seat.pilot.pause()
        await guide.seat.write(text)
    await guide.seat.pilot.pause()


async def _go_to(guide: Guide, version: str) -> None:
    """Select a version."""
    key = ModelKey(MODEL, version)
    guide.seat.monitor.models_pane.go_to(key)
    await guide.seat.until(lambda: guide.seat.monitor.selected == key)


async def overview(guide: Guide) -> None:
    """All models, and ten digits sent."""
    await guide.seat.press("n")
    pane = guide.seat.monitor.query_one(DigitsPane)
    await guide.seat.until(lambda: pane.score.sent >= DIGITS)
    await guide.still("overview")


async def model(guide: Guide) -> None:
    """One version in depth."""
    await guide.seat.press("enter")
    await guide.seat.sees("esc all models")
    await guide.still("model")


async def scale(guide: Guide) -> None:
    """The question how many workers, with what is predicted for the answer."""
    await _open(guide, "s", ScaleDialog)
    await _fill(guide, workers="3")
    await guide.seat.sees("would be enough")
    await guide.still("scale")


async def command(guide: Guide) -> None:
    """A command as it is typed."""
    await _open(guide, "colon", CommandLine)
    await _type(guide, "mo")
    await guide.seat.sees("model NAME [VERSION]")
    await guide.still("command")


async def requests(guide: Guide) -> None:
    """The slowest requests."""
    await _open(guide, "Q", Requests)
    await guide.seat.sees("total", "queue")
    await guide.seat.press("down", "down")
    await guide.still("requests")


async def light(guide: Guide) -> None:
    """The light theme."""
    await guide.seat.press("t")
    await guide.seat.until(lambda: not guide.seat.app.current_theme.dark)
    try:
        await guide.still("light")
    finally:
        await guide.seat.press("t")


async def ascii(guide: Guide) -> None:  # noqa: A001 (stops are called as their stills)
    """Everything drawn in ASCII."""
    app = guide.seat.app
    kinds = list(Symbols)
    await guide.seat.press(*["g"] * kinds.index(Symbols.ASCII))
    await guide.seat.until(lambda: app.symbols is Symbols.ASCII)
    try:
        await guide.still("ascii")
    finally:
        await guide.seat.press("g")


async def load(guide: Guide) -> None:
    """A load run to its end."""
    await _open(guide, "L", LoadDialog)
    await _fill(guide, concurrency="4", seconds="10")
    await guide.seat.press("enter")
    await guide.seat.sees("esc closes")
    await guide.still("load")
    await guide.seat.press("escape")


async def picker(guide: Guide) -> None:
    """The walkthrough's four batches, and which digits were taken for which."""
    desk = guide.seat.monitor.sending.desk
    await _open(guide, "b", Picker)
    await guide.seat.press("W")
    await guide.seat.until(lambda: desk.run and len(desk.run.results) == len(WALKTHROUGH))
    await guide.seat.until(lambda: desk.under_way is None)
    await guide.seat.press("right", "right")
    results = guide.seat.find(ResultsView)
    while results.view is not ResultView.CONFUSION:
        await guide.seat.press("o")
    await guide.still("picker")


async def draw(guide: Guide) -> None:
    """A seven, drawn by keys."""
    await _open(guide, "w", DrawPad)
    await guide.seat.press("plus", *SEVEN)
    await guide.seat.sees("predicted 7")
    await guide.still("draw")


async def doctor(guide: Guide) -> None:
    """What is wrong with server and machine."""
    await _open(guide, "H", Doctor)
    await guide.seat.sees("✓ ok")
    await guide.still("doctor")


async def experiment(guide: Guide) -> None:
    """The same load with one and with two workers."""
    await _open(guide, "x", PlanExperiment)
    await _fill(guide, workers="1,2")
    await guide.seat.press("enter")
    await guide.seat.sees("saved in")
    await guide.still("experiment")
    await guide.seat.press("escape")


async def replace(guide: Guide) -> None:
    """Another version takes over while requests go on."""
    await _go_to(guide, VERSIONS[0])
    await _open(guide, "R", ReplaceDialog)
    await guide.seat.sees(f"{VERSIONS[0]} → {NEXT_VERSION}")
    await _fill(guide, grace="2")
    await guide.seat.press("enter")
    await guide.seat.until(lambda: isinstance(guide.seat.app.screen, StepsScreen))
    await guide.seat.sees(f"{MODEL} {NEXT_VERSION}, the default version, serves")
    await guide.still("replace")


async def _kill_worker(guide: Guide) -> None:
    """End the process of a worker of the second version, once, and wait until it has another."""
    monitor = guide.seat.app.session.monitor
    if any(event.kind is EventKind.WORKER_DIED for event in monitor.events.events):
        return
    status = monitor.latest.model(ModelKey(MODEL, VERSIONS[1]))
    pid = status.workers[0].worker.pid if status and status.workers else None
    assert pid is not None, f"no process of a worker of {MODEL} {VERSIONS[1]} is known"  # noqa: S101
    psutil.Process(pid).kill()
    noticed = {EventKind.WORKER_DIED, EventKind.WORKER_RESTARTED}
    await guide.seat.until(lambda: noticed <= {event.kind for event in monitor.events.events})


async def logs(guide: Guide) -> None:
    """What the server wrote as a worker died."""
    await _kill_worker(guide)
    await _open(guide, "e", Events)
    await guide.seat.press("v")
    await guide.seat.sees("bad only")
    kinds = [event.kind for event in guide.seat.app.session.monitor.events.events]
    bad = [kind for kind in reversed(kinds) if kind.is_bad]
    await guide.seat.press(*["down"] * bad.index(EventKind.WORKER_DIED))
    await _open(guide, "l", Logs)
    await guide.seat.sees("ts_log")
    await guide.still("logs")


async def events(guide: Guide) -> None:
    """What happened, a worker's death as well."""
    await _kill_worker(guide)
    await _open(guide, "e", Events)
    await guide.seat.sees("worker restarted")
    await guide.still("events")


UNDER_LOAD = (overview, model, scale, command, requests, light, ascii)
"""Stops while others send."""
ALONE = (load, picker, draw, doctor, experiment)
"""Stops of which no one else should wait."""
CHANGING = (replace,)
"""Stops that change what is served, while others send."""
DEATH = (logs, events)
"""Stops for which a worker dies."""
STOPS = (*UNDER_LOAD, *ALONE, *CHANGING, *DEATH)
