"""What a row of the table is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.faults.scene import Scene, Step

SERVES = ("● up", "mnist")
"""What a monitor shows of a healthy server."""
DRILL = "tests/faults/test_rows.py"


class Group(StrEnum):
    """What fails, in the order of the page."""

    CONNECTION = "Connection"
    ANSWER = "HTTP answer"
    CONTENT = "Content: management API"
    METRICS = "Content: metrics"
    LIFE = "Server life"
    WORKERS = "Workers"
    FILES = "Files and keys"
    DISK = "Disk full"
    CLOCK = "Clock"
    TERMINAL = "Terminal"
    SIGNALS = "Signals"
    RECORDING = "Recordings"
    TEXT = "Text from outside"
    KEYS = "Keys, and files of a project"
    OTHERS = "The past, other people, and what a kill leaves behind"


class Ground(StrEnum):
    """What the server is like before."""

    PLAIN = "plain"
    SECURE = "https"
    EITHER = "plain, and can become https"
    TOKENS = "tokens"


def _heal(scene: Scene) -> None:
    scene.heal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A fault that a command and the monitor are tried in."""

    id: str
    group: Group
    fault: str
    """What goes wrong, for a reader."""
    begin: Step
    end: Step = _heal
    shows: tuple[str, ...]
    """Words of the monitor while it lasts."""
    command: tuple[str, ...] = ("models",)
    says: tuple[str, ...]
    """Words of the command, on stdout or stderr."""
    code: int
    recovery: str = "by itself"
    ground: Ground = Ground.PLAIN
    is_harmless: bool = False
    """Nothing is to be seen of it."""
    stays: bool = False
    """What the monitor shows stays when the fault is over, such as a model that is gone."""

    @property
    def held_by(self) -> tuple[str, ...]:
        """The tests that hold it."""
        return (f"{DRILL}::test_command[{self.id}]", f"{DRILL}::test_monitor[{self.id}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """A fault that has tests of its own."""

    id: str
    group: Group
    fault: str
    monitor: str
    """What the monitor shows."""
    says: str
    """What a command says."""
    code: str
    recovery: str
    held_by: tuple[str, ...]
    """`file::test`, each."""
