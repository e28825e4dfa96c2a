"""What the monkey at the keyboard may do, and what its server does to it meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

from tests.fake import FakeTorchServe
from tsmon.tui.keymap.effective import SCREENS

SIZE = (120, 30)
TEXTS = (
    *("mnist", "mnist 2.0", "0", "-1", "3", "9" * 25, "1e999", "nan", "[bold]x[/]", "[/]"),
    *("~(", "/(/", "!x", "", " ", "\x1b]52;c;eA==\x07", "a\nb\nc", "../..", "~", "日本語"),
    *("scale 2", "scale 0", "model cifar", "theme nord", "period 1s", "span 5m", "sort name"),
    *("go -1m", "-5m", "14:03", "x" * 500),
)
PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPRSTUVWXYZ0123456789/?:.,;-+*<>[]{}()@!#~"
OFTEN = ("enter", "escape", "tab", "down", "up", "space", "j", "k", "backspace")
SIZES = ((120, 30), (80, 24), (40, 10), (20, 5), (7, 3), (1, 1), (200, 60))
FAULTS: dict[str, Callable[[FakeTorchServe], object]] = {
    "kill": FakeTorchServe.kill,
    "start": lambda fake: None if fake.is_up else fake.start(),
    "restart": FakeTorchServe.restart,
    "hold": lambda fake: fake.hold("/"),
    "hold predictions": lambda fake: fake.hold("/predictions"),
    "heal": FakeTorchServe.heal,
    "slow": lambda fake: fake.fail("/models", httpx.ReadTimeout, times=2),
    "reset": lambda fake: fake.fail("/", httpx.ReadError, times=2),
    "500": lambda fake: fake.fail("/models", httpx.Response(500, text="no\x1b[2J"), times=3),
    "401": lambda fake: fake.fail("/models", httpx.Response(401, json={"code": 401}), times=3),
    "503": lambda fake: fake.fail("/predictions", httpx.Response(503, text="busy"), times=9),
    "html": lambda fake: fake.fail("/", httpx.Response(200, text="<html>"), times=3),
    "list": lambda fake: fake.fail("/models", httpx.Response(200, json=[1, None]), times=3),
    "empty": lambda fake: fake.fail("/metrics", httpx.Response(200, text=""), times=3),
    "crash": lambda fake: fake.crash("mnist") if "mnist" in fake.registry.models else None,
    "vanish": lambda fake: fake.registry.models.pop("mnist", None),
    "appear": lambda fake: fake.load("mnist", workers=2) if fake.is_up else None,
    "traffic": lambda fake: fake.serve("cifar", n=50, inference_ms=7),
}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that the monkey does."""

    what: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.value!r}" if self.value else self.what


def all_keys() -> list[str]:
    """The keys of all screens, by Textual's names."""
    keys = {name for table in SCREENS.values() for key in table for name in key.names}
    return sorted(keys | set(PLAIN) | {"ctrl+c", "f1", "ctrl+q", "delete", "home", "end"})


def acts_of(seed: int, number: int) -> Iterator[Act]:
    """What the monkey of a seed does, always the same."""
    chance = random.Random(seed)
    keys = all_keys()
    for _ in range(number):
        kind = chance.random()
        if kind < 0.45:
            yield Act("key", chance.choice(keys))
        elif kind < 0.68:
            yield Act("key", chance.choice(OFTEN))
        elif kind < 0.76:
            yield Act("text", chance.choice(TEXTS))
        elif kind < 0.79:
            yield Act("paste", chance.choice(TEXTS))
        elif kind < 0.86:
            x, y = chance.randrange(SIZE[0]), chance.randrange(SIZE[1])
            yield Act(chance.choice(("click", "click", "right", "wheel")), f"{x},{y}")
        elif kind < 0.88:
            yield Act("resize", "{},{}".format(*chance.choice(SIZES)))
        elif kind < 0.89:
            yield Act(chance.choice(("blur", "focus")))
        elif kind < 0.93:
            yield Act("fault", chance.choice(list(FAULTS)))
        else:
            yield Act("wait", f"{chance.choice((0.0, 0.01, 0.05, 0.2))}")
