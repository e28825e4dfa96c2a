"""How well, and how fast, the digits are read that `model.changes` makes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

import numpy
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from handler.preprocess import read_picture, to_digit
from model.changes import CHANGES, Change
from model.data import to_input

BATCH = 8
"""How many pictures of a batch are read together."""
TIMED_ALONE = 200
"""So many pictures are needed to measure the cost of one."""


@dataclass(frozen=True)
class ChangedReport:
    """How the network did on digits changed in one way; times are ms of CPU for one picture."""

    change: str
    total: int
    correct: int
    prepare_ms: float
    """From the file to what the network sees."""
    alone_ms: float
    """The network's share when pictures come one by one."""
    batch_ms: float
    """The same when they come in batches of `BATCH`."""

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0..1."""
        return self.correct / self.total


def evaluate_changed(
    network: nn.Module, pictures: Tensor, labels: Tensor, changes: Iterable[str] = CHANGES
) -> Iterable[ChangedReport]:
    """Change all digits in each way and compare the network's answers with the labels.

    Args:
        network: Takes what `model.data.to_input` gives; is left in evaluation mode.
        pictures: uint8 ``(N, 28, 28)``.
        labels: int64 ``(N,)``.
        changes: Names in `model.changes.CHANGES`.
    """
    network.eval()
    for name in changes:
        yield _evaluate_one(network, pictures, labels, name)


def _evaluate_one(network: nn.Module, pictures: Tensor, labels: Tensor, name: str) -> ChangedReport:
    files = changed(pictures, CHANGES[name])
    digits, prepare_ms = _timed(lambda: prepare(files))
    batches, batch_ms = _timed(lambda: _answers(network, digits, BATCH))
    few = digits[:TIMED_ALONE]
    _, alone_ms = _timed(lambda: _answers(network, few, 1))
    total = len(labels)
    return ChangedReport(
        name,
        total,
        int((batches == labels).sum()),
        prepare_ms / total,
        alone_ms / len(few),
        batch_ms / total,
    )


def changed(pictures: Tensor, change: Change) -> list[bytes]:
    """The files of pictures, uint8 ``(N, 28, 28)``, after a change; the same at each call."""
    random = Random(0)  # noqa: S311
    return [change(Image.fromarray(picture.numpy()), random) for picture in pictures]


def prepare(files: list[bytes]) -> Tensor:
    """What the network sees of each file: uint8 ``(N, 28, 28)``."""
    seen = [numpy.array(to_digit(read_picture(file))) for file in files]
    return torch.from_numpy(numpy.stack(seen))


def show(reports: Iterable[ChangedReport]) -> None:
    """Print the reports as a table."""
    table = Table("changed by", "right", "prepare ms", "alone ms", f"of {BATCH} ms")
    for report in reports:
        times = (report.prepare_ms, report.alone_ms, report.batch_ms)
        table.add_row(report.change, f"{report.accuracy:.2%}", *(f"{each:.2f}" for each in times))
    Console().print(table)


def _answers(network: nn.Module, digits: Tensor, batch: int) -> Tensor:
    with torch.inference_mode():
        parts = [network(to_input(part)).argmax(dim=1) for part in torch.split(digits, batch)]
    return torch.cat(parts)


def _timed(work: Callable[[], Tensor]) -> tuple[Tensor, float]:
    """What the work gives, and the milliseconds of CPU it took."""
    started = time.process_time()
    given = work()
    return given, 1000 * (time.process_time() - started)
