"""Training can be repeated, says what is wrong, and its changes of the digits make sense."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torch import Generator, Tensor

import model.data
from model import train
from model.augment import THINNER, augment, choose_pen, draw_with_pens
from model.data import MissingDataError, load_digits
from model.train import Settings, Trainer


@pytest.fixture(scope="module")
def bars() -> tuple[Tensor, Tensor]:
    """Pictures that even two epochs can learn: label n is a bar in the n-th pair of columns."""
    labels = torch.arange(200) % 10
    pictures = torch.zeros(200, 28, 28, dtype=torch.uint8)
    for picture, label in zip(pictures, labels.tolist(), strict=True):
        picture[4:24, 4 + 2 * label : 6 + 2 * label] = 255
    return pictures, labels


def test_equal_seeds_give_equal_weights(bars: tuple[Tensor, Tensor]) -> None:
    first, second = (_trained(bars, seed=5) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_other_seeds_give_other_weights(bars: tuple[Tensor, Tensor]) -> None:
    assert not torch.equal(
        _trained(bars, seed=5)["classifier.1.weight"],
        _trained(bars, seed=6)["classifier.1.weight"],
    )


def test_the_loss_falls(bars: tuple[Tensor, Tensor]) -> None:
    trainer = Trainer(*bars, Settings(epochs=3, batch=20))
    losses = [trainer.epoch() for _ in range(3)]
    assert losses[-1] < losses[0]


def _trained(digits: tuple[Tensor, Tensor], seed: int) -> dict[str, Tensor]:
    trainer = Trainer(*digits, Settings(epochs=1, batch=50, seed=seed))
    trainer.epoch()
    weights: dict[str, Tensor] = trainer.network.state_dict()
    return weights


@pytest.mark.parametrize("has_onnx", [True, False])
def test_training_writes_the_weights_and_where_it_can_the_onnx_file(
    has_onnx: bool,
    bars: tuple[Tensor, Tensor],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(train, "_load", lambda *_: (bars, bars))
    if has_onnx:
        pytest.importorskip("onnx")
    else:
        monkeypatch.setitem(sys.modules, "onnx", None)
    arguments = ["--out", str(tmp_path / "w.pt"), "--epochs", "1", "--batch", "50"]
    assert train.main(arguments) == 0
    written = {"w.pt", "w.onnx"} if has_onnx else {"w.pt"}
    assert {file.name for file in tmp_path.iterdir()} == written
    assert ("no ONNX file" in capsys.readouterr().out) is not has_onnx


def test_pens_go_from_thin_to_thick_and_keep_the_picture_itself(
    bars: tuple[Tensor, Tensor],
) -> None:
    pictures, _ = bars
    pens = draw_with_pens(pictures)
    ink = pens.sum(dim=(1, 2, 3)).tolist()
    assert ink == sorted(ink)
    assert torch.equal(pens[THINNER], pictures)


def test_a_third_of_the_pictures_keep_their_pen(bars: tuple[Tensor, Tensor]) -> None:
    pictures, _ = bars
    chosen = choose_pen(draw_with_pens(pictures), Generator().manual_seed(1))
    kept = [torch.equal(a, b) for a, b in zip(chosen[:, 0] * 255, pictures.float(), strict=True)]
    assert 0.2 < sum(kept) / len(kept) < 0.5


def test_changed_pictures_stay_pictures_and_follow_the_seed(bars: tuple[Tensor, Tensor]) -> None:
    pens = draw_with_pens(bars[0])
    once, again = (augment(pens, Generator().manual_seed(2)) for _ in range(2))
    assert once.shape == (200, 1, 28, 28)
    assert once.min() >= 0
    assert once.max() <= 1
    assert torch.equal(once, again)


def test_digits_that_cannot_be_downloaded_are_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model.data, "MNIST", _no_network)
    with pytest.raises(MissingDataError, match=r"no MNIST in .* downloading it failed"):
        load_digits(tmp_path, train=True)


def test_training_without_digits_ends_with_one_and_says_so_on_stderr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model.data, "MNIST", _no_network)
    assert train.main(["--data-dir", str(tmp_path), "--out", str(tmp_path / "w.pt")]) == 1
    printed = capsys.readouterr()
    assert "no MNIST in" in printed.err
    assert not printed.out


def test_a_place_that_takes_no_file_is_found_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert train.main(["--out", str(tmp_path / "file" / "weights.pt")]) == 1
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["--epochs", "0"], ["--batch", "x"], ["--learning-rate", "-1"], ["--hold-out", "60000"]],
)
def test_senseless_arguments_are_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        train.main(arguments)
    assert end.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def _no_network(*, root: str, train: bool, download: bool) -> None:
    if download:
        raise URLError("no route to host")
    raise RuntimeError("Dataset not found")
