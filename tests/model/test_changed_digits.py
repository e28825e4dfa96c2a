"""The network reads MNIST's test digits after pens, scanners and cameras have changed them.

Each change is one a user's picture may have; 99 of 100 digits must still be read. All 10,000 are
tried by ``python -m model.evaluate --changed --at-least 99%``.
"""

from __future__ import annotations

import json

import pytest
import torch
from torch import Tensor, nn

from handler.preprocess import read_picture
from model import evaluate
from model.changed_report import BATCH, changed, evaluate_changed, prepare
from model.changes import CHANGES
from model.network import DigitNet

EVERY = 15
"""One test digit in so many is tried: the first thousands are not like the last."""


@pytest.mark.parametrize("name", CHANGES)
def test_changed_digits_are_still_read(
    name: str, network: DigitNet, mnist_test: tuple[Tensor, Tensor]
) -> None:
    pictures, labels = (part[::EVERY] for part in mnist_test)
    (report,) = evaluate_changed(network, pictures, labels, [name])
    assert report.accuracy >= 0.99


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("RGB: navy on light yellow", "RGB"),
        ("RGBA, opaque", "RGBA"),
        ("RGBA: black ink, transparent ground", "RGBA"),
        ("palette of 16 colours", "P"),
        ("palette, paper colour transparent", "P"),
        ("16 bit gray", "I;16"),
    ],
)
def test_a_file_arrives_in_the_mode_that_its_change_is_named_for(name: str, mode: str) -> None:
    (file,) = changed(_digits(1), CHANGES[name])
    assert read_picture(file).mode == mode


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_makes_the_same_files_each_time(name: str) -> None:
    assert changed(_digits(3), CHANGES[name]) == changed(_digits(3), CHANGES[name])


def test_a_digit_as_it_is_reaches_the_network_untouched(
    mnist_test: tuple[Tensor, Tensor],
) -> None:
    pictures = mnist_test[0][:20]
    assert torch.equal(prepare(changed(pictures, CHANGES["as it is"])), pictures)


class AlwaysTwo(nn.Module):
    """Takes every picture for a 2."""

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.eye(10)[2].repeat(len(pictures), 1)


@pytest.mark.parametrize(("wanted", "code"), [("30%", 0), ("40%", 1)])
def test_the_command_judges_each_change_and_fails_for_the_worst(
    wanted: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = torch.tensor([2, 0, 1] * BATCH)
    monkeypatch.setattr(evaluate, "load_network", lambda _: AlwaysTwo())
    monkeypatch.setattr(evaluate, "load_digits", lambda *_, **__: (_digits(len(labels)), labels))

    assert evaluate.main(["--changed", "--json", "--at-least", wanted]) == code

    reports = json.loads(capsys.readouterr().out)
    assert [report["change"] for report in reports] == list(CHANGES)
    assert {report["correct"] for report in reports} == {BATCH}


def _digits(count: int) -> Tensor:
    """Upright bars, wide enough to be read as ink in every change."""
    pictures = torch.zeros(count, 28, 28, dtype=torch.uint8)
    pictures[:, 4:24, 12:16] = 255
    return pictures
