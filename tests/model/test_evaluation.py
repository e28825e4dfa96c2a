"""The evaluation counts right, and the shipped network is as good as its README says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from handler.preprocess import to_digit
from model import evaluate
from model.network import DigitNet

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = str(ROOT / "artifacts" / "mnist_cnn.pt")


class BrightestRow(nn.Module):
    """Takes the number of the brightest row for the digit."""

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures[:, 0, :10].sum(dim=2)


@pytest.fixture
def rows() -> tuple[Tensor, Tensor]:
    """Twenty pictures, two for each digit; `BrightestRow` is right about all of them."""
    labels = torch.arange(20) % 10
    pictures = torch.zeros(20, 28, 28, dtype=torch.uint8)
    pictures[torch.arange(20), labels] = 255
    return pictures, labels


def test_mistakes_are_counted_for_each_digit(rows: tuple[Tensor, Tensor]) -> None:
    pictures, labels = rows
    labels[0], labels[1], labels[11] = 7, 9, 9  # the answers stay 0, 1 and 1
    report = evaluate.evaluate(BrightestRow(), pictures, labels)
    assert (report.total, report.correct) == (20, 17)
    assert report.accuracy == pytest.approx(0.85)
    assert report.digits[9].taken_for == {1: 2}
    assert (report.digits[7].total, report.digits[7].wrong) == (3, 1)
    assert report.digits[0].wrong == 0


def test_json_goes_to_stdout_alone(
    rows: tuple[Tensor, Tensor],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _serve(monkeypatch, rows)
    assert evaluate.main(["--json"]) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert report["accuracy"] == 1
    assert [digit["wrong"] for digit in report["digits"]] == [0] * 10
    assert not printed.err


@pytest.mark.parametrize(
    ("wanted", "code"), [("0.95", 0), ("95%", 0), ("0.96", 1), ("many", 2), ("95", 2)]
)
def test_the_exit_code_tells_whether_it_is_good_enough(
    wanted: str, code: int, rows: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows[1][0] = 5  # one mistake in twenty
    _serve(monkeypatch, rows)
    try:
        ended = evaluate.main(["--at-least", wanted])
    except SystemExit as end:  # argparse leaves this way
        ended = int(str(end.code))
    assert ended == code


def test_weights_that_are_missing_end_with_one_and_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate.main(["--weights", str(tmp_path / "none.pt")]) == 1
    assert "no weights at" in capsys.readouterr().err


def test_the_shipped_network_reads_99_5_percent_of_the_test_digits(
    network: DigitNet, mnist_test: tuple[Tensor, Tensor]
) -> None:
    assert evaluate.evaluate(network, *mnist_test).accuracy >= 0.995


def test_mnists_own_digits_reach_the_network_untouched(mnist_test: tuple[Tensor, Tensor]) -> None:
    for pixels in mnist_test[0][::10]:
        picture = Image.fromarray(pixels.numpy())
        assert to_digit(picture).tobytes() == picture.tobytes()


def _serve(monkeypatch: pytest.MonkeyPatch, digits: tuple[Tensor, Tensor]) -> None:
    """Let the command find these digits, and a network that knows them."""
    monkeypatch.setattr(evaluate, "load_network", lambda _: BrightestRow())
    monkeypatch.setattr(evaluate, "load_digits", lambda *_, **__: digits)
