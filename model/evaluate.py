"""Judge the trained network by the 10,000 test digits: ``python -m model.evaluate``.

With ``--changed`` the digits are sent as people send them, in every way of `model.changes`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from model import changed_report
from model.arguments import count, share
from model.data import MissingDataError, default_data_dir, load_digits, to_input
from model.weights import DEFAULT_WEIGHTS, WeightsError, load_network

BATCH = 100


@dataclass(frozen=True)
class DigitReport:
    """How the network did on the pictures of one digit."""

    digit: int
    total: int
    wrong: int
    taken_for: dict[int, int]
    """How often each wrong answer was given, the most frequent first."""


@dataclass(frozen=True)
class Report:
    """How the network did on a set of digits."""

    total: int
    correct: int
    seconds: float
    """Time of all forward passes together."""
    digits: list[DigitReport]

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0..1."""
        return self.correct / self.total


def evaluate(network: nn.Module, pictures: Tensor, labels: Tensor) -> Report:
    """Compare the network's answers with the labels.

    Args:
        network: Takes what `model.data.to_input` gives; is left in evaluation mode.
        pictures: uint8 ``(N, 28, 28)``.
        labels: int64 ``(N,)``.
    """
    started = time.perf_counter()
    answers = predict(network, pictures)
    seconds = time.perf_counter() - started
    confusion = torch.zeros(10, 10, dtype=torch.int64)
    confusion.index_put_((labels, answers), torch.ones_like(labels), accumulate=True)
    correct = int(confusion.diagonal().sum())
    digits = [_digit_report(digit, row) for digit, row in enumerate(confusion.tolist())]
    return Report(len(labels), correct, seconds, digits)


def predict(network: nn.Module, pictures: Tensor) -> Tensor:
    """The digit that the network sees in each picture: uint8 ``(N, 28, 28)`` to int64 ``(N,)``."""
    network.eval()
    with torch.inference_mode():
        return torch.cat(
            [network(to_input(part)).argmax(dim=1) for part in torch.split(pictures, BATCH)]
        )


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code: 0 good, 1 not good enough or nothing to judge."""
    options = _parser().parse_args(arguments)
    try:
        network = load_network(options.weights)
        digits = load_digits(options.data_dir, train=False)
    except (MissingDataError, WeightsError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        return 1
    pictures, labels = (part[:: options.every] for part in digits)
    if options.changed:
        return _judge_changed(network, pictures, labels, options)
    report = evaluate(network, pictures, labels)
    if options.json:
        sys.stdout.write(
            json.dumps({"accuracy": report.accuracy, **asdict(report)}, indent=2) + "\n"
        )
    else:
        show(report)
    return 0 if report.accuracy >= options.at_least else 1


def show(report: Report, console: Console | None = None) -> None:
    """Print the report as a table."""
    table = Table("digit", "pictures", "wrong", "taken for")
    for digit in report.digits:
        others = ", ".join(f"{other} ({count}x)" for other, count in digit.taken_for.items())
        table.add_row(str(digit.digit), str(digit.total), str(digit.wrong), others)
    console = console or Console()
    console.print(table)
    console.print(
        f"accuracy {report.accuracy:.2%}: {report.total - report.correct} of {report.total} wrong, "
        f"{1000 * report.seconds / report.total:.2f} ms a picture in batches of {BATCH}"
    )


def _judge_changed(
    network: nn.Module, pictures: Tensor, labels: Tensor, options: argparse.Namespace
) -> int:
    reports = list(changed_report.evaluate_changed(network, pictures, labels))
    if options.json:
        records = [{"accuracy": report.accuracy, **asdict(report)} for report in reports]
        sys.stdout.write(json.dumps(records, indent=2) + "\n")
    else:
        changed_report.show(reports)
    return 0 if min(report.accuracy for report in reports) >= options.at_least else 1


def _digit_report(digit: int, answers: list[int]) -> DigitReport:
    wrong = {other: count for other, count in enumerate(answers) if count and other != digit}
    taken_for = dict(sorted(wrong.items(), key=lambda item: -item[1]))
    return DigitReport(digit, sum(answers), sum(wrong.values()), taken_for)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m model.evaluate", description=__doc__)
    add = parser.add_argument
    add(
        "--data-dir",
        type=Path,
        default=default_data_dir(),
        help="folder that holds MNIST/raw; default: %(default)s",
    )
    add("--weights", type=Path, default=DEFAULT_WEIGHTS, help="default: %(default)s")
    add(
        "--at-least",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="exit with 1 when the accuracy is below; 0.995 and 99.5%% mean the same",
    )
    add(
        "--changed",
        action="store_true",
        help="judge each way in which people send digits; --at-least then holds for the worst",
    )
    add(
        "--every",
        type=count,
        default=1,
        metavar="N",
        help="take only one test digit in N; default: all",
    )
    add("--json", action="store_true", help="print the figures as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
