"""Train the network: ``python -m model.train``.

The last epoch's weights are kept, whatever they score: the test digits take no part in any choice.
To compare settings, hold digits out of the training part (``--hold-out``) and judge by those.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Generator, Tensor
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from model.arguments import count, positive
from model.augment import augment, draw_with_pens
from model.data import MissingDataError, default_data_dir, load_digits
from model.evaluate import evaluate
from model.export import export_network
from model.network import DigitNet
from model.weights import DEFAULT_WEIGHTS, save_weights

Digits = tuple[Tensor, Tensor]
"""Pictures, uint8 ``(N, 28, 28)``, and labels, int64 ``(N,)``."""
TRAINING_DIGITS = 60_000
WEIGHT_DECAY = 0.02
WARM_UP = 0.25
"""Share of the steps in which the learning rate rises."""


@dataclass(frozen=True)
class Settings:
    """What the weights depend on, besides the digits, torch's version and the thread count."""

    epochs: int = 16
    batch: int = 256
    learning_rate: float = 0.006
    """The peak, reached at the end of the warm-up."""
    seed: int = 1


def pace(done: float) -> float:
    """The learning rate as a share of its peak, when this share of the training is done.

    It swings up from nothing during the warm-up and back down during the rest. The last, smallest
    steps settle the weights, so that no epoch has to be picked.
    """
    if done < WARM_UP:
        return (1 - math.cos(math.pi * done / WARM_UP)) / 2
    return (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2


class Trainer:
    """One training run; equal settings, digits and threads give equal weights."""

    def __init__(self, pictures: Tensor, labels: Tensor, settings: Settings) -> None:
        self._pens = draw_with_pens(pictures)
        self._labels = labels
        self._batch = settings.batch
        self._generator = Generator().manual_seed(settings.seed)
        torch.manual_seed(settings.seed)  # first weights and dropout draw from the global generator
        self.network = DigitNet()
        self.steps = math.ceil(len(pictures) / settings.batch)
        """Batches in one epoch."""
        self._optimizer = AdamW(
            self.network.parameters(), lr=settings.learning_rate, weight_decay=WEIGHT_DECAY
        )
        total = settings.epochs * self.steps
        self._schedule = LambdaLR(self._optimizer, lambda step: pace(step / total))

    def epoch(self, after_step: Callable[[], None] = lambda: None) -> float:
        """Show every digit once, changed and in random order; returns the mean loss."""
        self.network.train()
        total = 0.0
        order = torch.randperm(len(self._labels), generator=self._generator)
        for chosen in torch.split(order, self._batch):
            total += self._step(chosen) * len(chosen)
            after_step()
        return total / len(order)

    def _step(self, chosen: Tensor) -> float:
        pictures = augment(self._pens[:, chosen], self._generator)
        self._optimizer.zero_grad()
        loss = functional.cross_entropy(self.network(pictures), self._labels[chosen])
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._schedule.step()
        return loss.item()


def train(trainer: Trainer, epochs: int, console: Console) -> None:
    """Run all epochs with a bar that shows the time left, and a line for each epoch."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, speed_estimate_period=600) as progress:
        task = progress.add_task("training", total=epochs * trainer.steps)
        for number in range(1, epochs + 1):
            started = time.monotonic()
            progress.update(task, description=f"epoch {number}/{epochs}")
            loss = trainer.epoch(after_step=lambda: progress.advance(task))
            seconds = time.monotonic() - started
            left = seconds * (epochs - number)
            console.print(
                f"epoch {number:2}/{epochs}  loss {loss:.4f}  {seconds:.0f} s, about {left:.0f} s "
                "left"
            )


def check_writable(path: Path) -> None:
    """Find out before ten minutes of training that the weights cannot be written.

    Raises:
        OSError: The folder cannot be made or takes no file, or a folder has the file's name.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=path.parent).close()


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code: 0 done, 1 no digits or no place to write."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.hold_out >= TRAINING_DIGITS:
        parser.error(f"--hold-out: there are {TRAINING_DIGITS} training digits in total")
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        check_writable(options.out)
        training, unseen = _load(options.data_dir, options.hold_out)
    except (MissingDataError, OSError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        return 1
    settings = Settings(options.epochs, options.batch, options.learning_rate, options.seed)
    _run(training, unseen, settings, options.out)
    return 0


def _load(data_dir: Path, hold_out: int) -> tuple[Digits, Digits]:
    """The digits to train with, and those to judge by: the test digits, or the last held out."""
    pictures, labels = load_digits(data_dir, train=True)
    if not hold_out:
        return (pictures, labels), load_digits(data_dir, train=False)
    return (
        (pictures[:-hold_out], labels[:-hold_out]),
        (pictures[-hold_out:], labels[-hold_out:]),
    )


def _run(training: Digits, unseen: Digits, settings: Settings, out: Path) -> None:
    console = Console()
    started = time.monotonic()
    trainer = Trainer(*training, settings)
    train(trainer, settings.epochs, console)
    seconds = time.monotonic() - started
    save_weights(trainer.network, out)
    report = evaluate(trainer.network, *unseen)
    console.print(
        f"trained in {seconds:.0f} s with {torch.get_num_threads()} threads; weights in {out}"
    )
    console.print(f"accuracy {report.accuracy:.2%} of {report.total} digits not trained with")
    try:
        export_network(trainer.network, out.with_suffix(".onnx"))
    except torch.onnx.errors.OnnxExporterError as error:
        console.print(f"no ONNX file: {error} Write it later: python -m model.export", markup=False)


def _parser() -> argparse.ArgumentParser:
    defaults = Settings()
    parser = argparse.ArgumentParser(
        "python -m model.train", description="Train the digit network."
    )
    add = parser.add_argument
    add(
        "--data-dir",
        type=Path,
        default=default_data_dir(),
        help="folder that holds MNIST/raw; default: %(default)s",
    )
    add("--out", type=Path, default=DEFAULT_WEIGHTS, help="weights file; default: %(default)s")
    add("--epochs", type=count, default=defaults.epochs, help="default: %(default)s")
    add("--batch", type=count, default=defaults.batch, help="default: %(default)s")
    add(
        "--learning-rate",
        type=positive,
        default=defaults.learning_rate,
        help="peak; default: %(default)s",
    )
    add("--seed", type=int, default=defaults.seed, help="default: %(default)s")
    add("--threads", type=count, help="default: torch's choice, one for each core")
    add(
        "--hold-out",
        type=count,
        default=0,
        metavar="N",
        help="train without the last N training digits and judge by them",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
