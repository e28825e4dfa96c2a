"""A monkey at the keyboard of the monitor, on a fake server with faults.

``python -m tests.tui.monkey --first 1 --seeds 20 --acts 2000`` plays so many games. A game is a
seed, and the same seed does the same things; the last of a game that ends badly are told.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

from PIL import Image
from textual import events
from textual.geometry import Size
from textual.keys import _character_to_key, key_to_character

from tests.fake import FakeTorchServe
from tests.tui.log_seat import write
from tests.tui.monkey_acts import FAULTS, SIZE, Act, acts_of
from tests.unit.telemetry.log_page.lines import OTHER, access, handled, printed, waited
from tsmon.serving.errors import StartFailed
from tsmon.serving.local_server import LocalServer
from tsmon.telemetry.live import LiveSource
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import LiveSession

SLOW_S = 0.1
"""A key that keeps the app from all others for longer, in processor time, is noted."""
PATIENCE_S = 60.0
NOBODYS_PIDS = 5_000_000
"""Above the largest process id there is: the monkey may restart workers."""
MOST_TOLD = 40


class Caged(TsmonApp):
    """A monitor that cannot be left."""

    ISOLATES = False

    async def action_quit(self) -> None:
        """Stay."""

    def action_suspend_process(self) -> None:
        """Stay."""

    def on_demo_wanted(self) -> None:
        """Stay."""


@dataclass
class Game:
    """How one game went."""

    name: str
    done: list[Act] = field(default_factory=list)
    slow: list[tuple[float, Act]] = field(default_factory=list)
    problem: BaseException | str | None = None
    seconds: float = 0.0

    def told(self) -> str:
        """What to do about it."""
        last = "\n  ".join(map(str, self.done[-MOST_TOLD:]))
        trace = ""
        if isinstance(self.problem, BaseException):
            trace = "".join(traceback.format_exception(self.problem))
        return f"{self.line}: {self.problem!r}\nthe last acts:\n  {last}\n{trace}"

    @property
    def line(self) -> str:
        """How it went."""
        verdict = "ok" if self.problem is None else "FAILED"
        slowest = sorted(self.slow, key=lambda each: -each[0])[:3]
        told = "".join(f"; {spent * 1000:.0f} ms at {act}" for spent, act in slowest)
        words = f"{self.name}: {verdict}, {len(self.done)} acts in {self.seconds:.0f} s"
        return f"{words}, {len(self.slow)} kept keys waiting{told}"


class Monkey:
    """Does things to an app, and watches over it."""

    def __init__(self, app: TsmonApp, fake: FakeTorchServe, game: Game) -> None:
        self.app = app
        self.fake = fake
        self.game = game
        self._size = SIZE

    async def play(self, acts: Sequence[Act]) -> None:
        """Do everything; then see that the app still does what it is told."""
        for at, act in enumerate(acts):
            self.game.done.append(act)
            self._do(act)
            await asyncio.sleep(float(act.value) if act.what == "wait" else 0)
            if at % 20 == 19:
                await self._keys_done()
            if not self.app.is_running:
                raise self.app._exception or RuntimeError("the app has ended")
        await self._rest()

    async def listen(self) -> None:
        """Note what keeps the loop to itself for long, by the processor's time."""
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.005)
            if (spent := time.thread_time() - began) > SLOW_S and self.game.done:
                self.game.slow.append((spent, self.game.done[-1]))

    async def _rest(self) -> None:
        """Let it come to rest on the monitor, with a server that answers."""
        self.fake.heal()
        if not self.fake.is_up:
            self.fake.start()
        self._do(Act("resize", "120,30"))
        self._do(Act("focus"))
        app = self.app
        for _ in range(30):
            if app.screen is app.monitor:
                break
            self._do(Act("key", "escape"))
            await self._keys_done()
            await asyncio.sleep(0.1)
        await self._until(lambda: app.screen is app.monitor, "escape does not lead back")
        monitor = app.session.monitor
        ticks = monitor.latest.at
        monitor.poke()
        await self._until(lambda: monitor.latest.at.since(ticks) > 0, "no tick comes")
        heard = asyncio.Event()
        app.monitor.call_later(heard.set)
        await asyncio.wait_for(heard.wait(), PATIENCE_S)

    async def _keys_done(self) -> None:
        """Wait until every key has been handed on; there may be hundreds."""
        waiting = self.app.key_queue.waiting
        while waiting:
            first = waiting[0]
            await self._until(lambda: not waiting or waiting[0] is not first, "a key is stuck")  # noqa: B023

    async def _until(self, condition: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if not self.app.is_running:
                raise self.app._exception or RuntimeError("the app has ended")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{complaint}; on top: {self.app.screen!r}")
            await asyncio.sleep(0.01)

    def _do(self, act: Act) -> None:
        post = self.app.post_message
        match act.what:
            case "key":
                post(events.Key(act.value, key_to_character(act.value)))
            case "text":
                for character in act.value:
                    post(events.Key(_character_to_key(character), character))
            case "paste":
                post(events.Paste(act.value))
            case "click" | "right" | "wheel":
                self._mouse(act)
            case "resize":
                width, height = map(int, act.value.split(","))
                self._size = width, height
                post(events.Resize(Size(width, height), Size(width, height)))
            case "blur":
                post(events.AppBlur())
            case "focus":
                post(events.AppFocus())
            case "fault":
                FAULTS[act.value](self.fake)

    def _mouse(self, act: Act) -> None:
        x, y = map(int, act.value.split(","))
        x, y = min(x, self._size[0] - 1), min(y, self._size[1] - 1)
        kinds: tuple[type[events.MouseEvent], ...] = (events.MouseMove, events.MouseDown)
        kinds = (*kinds, events.MouseUp)
        if act.what == "wheel":
            kinds = (events.MouseScrollDown,)
        button = {"right": 3, "wheel": 0}.get(act.what, 1)
        for kind in kinds:
            self.app.post_message(kind(None, x, y, 0, 0, button, False, False, False, x, y))


@asynccontextmanager
async def caged(folder: Path, *, read_only: bool) -> AsyncIterator[tuple[Caged, FakeTorchServe]]:
    """A monitor on a fake server with two models, images, archives and log files."""
    fake = FakeTorchServe()
    fake._pids = count(NOBODYS_PIDS)
    fake.restart()
    fake.load("mnist", workers=2, at_start=True)
    fake.load("mnist", "2.0", at_start=True)
    fake.load("cifar", at_start=True)
    fake.archive("other")
    folders = {name: folder / name for name in ("samples", "store", "home", "drawings", "logs")}
    for each in folders.values():
        each.mkdir()
    for label in range(6):
        Image.new("L", (28, 28), 40 * label).save(folders["samples"] / f"image.{label}.png")
    write(folders["logs"], [access(1, total_ms=5), waited(1.001, 1, 3), printed(2, "a warm day")])
    write(folders["logs"], [handled(3, 60.5), access(3.1, 503, thread=OTHER, what="POST /x")])
    options = MonitorOptions(
        period_s=0.2,
        samples=folders["samples"],
        drawings=folders["drawings"],
        model_store=folders["store"],
        server_home=folders["home"],
        welcome=True,
    )
    client = fake.client(read_only=read_only)
    source = LiveSource(client, folders["logs"])
    app = Caged(LiveSession(client, options.period_s, source), options)
    try:
        async with app.run_test(size=SIZE, notifications=True, tooltips=True):
            yield app, fake
    finally:
        fake.heal()
        source.close()


async def play(name: str, acts: Sequence[Act], folder: Path, *, read_only: bool) -> Game:
    """Play a game; what goes wrong is told in it."""
    game = Game(name)
    strays: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: strays.append(context))
    began = time.monotonic()
    no_server = StartFailed("no server for monkeys", "", ())
    try:
        with patch.object(LocalServer, "start", side_effect=no_server):
            async with caged(folder, read_only=read_only) as (app, fake):
                monkey = Monkey(app, fake, game)
                listening = asyncio.create_task(monkey.listen())
                await monkey.play(acts)
                listening.cancel()
                changed = [one for one in fake.sent() if _changes(one)]
                if read_only and changed:
                    game.problem = f"changed in a read-only session: {changed}"
    except Exception as error:  # noqa: BLE001 (whatever it is, it is what was looked for)
        game.problem = error
    gc.collect()
    if strays and game.problem is None:
        game.problem = strays[0].get("exception") or strays[0]["message"]
    game.seconds = time.monotonic() - began
    return game


def _changes(request: str) -> bool:
    method, _, path = request.partition(" ")
    return method != "GET" and path.startswith("/models")


def play_seed(seed: int, number: int) -> Game:
    """Play the game of a seed; every other one in a read-only session."""
    with tempfile.TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(folder)
        try:
            acts = list(acts_of(seed, number))
            name = f"seed {seed}{' read-only' if seed % 2 else ''}"
            return asyncio.run(play(name, acts, Path(folder), read_only=bool(seed % 2)))
        finally:
            os.chdir(before)


def main() -> None:
    """Play many games, and tell of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--acts", type=int, default=2000, help="in each game")
    given = parser.parse_args()
    failed = 0
    for seed in range(given.first, given.first + given.seeds):
        game = play_seed(seed, given.acts)
        failed += game.problem is not None
        print(game.line if game.problem is None else game.told(), flush=True)  # noqa: T201
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
