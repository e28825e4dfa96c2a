"""The pen writes digits that people and the network can read, the same ones for the same seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import numpy
import pytest
import torch
from PIL import Image, ImageChops, ImageStat
from torch import Tensor

from handler.preprocess import to_digit
from model import draw_samples, extract_samples
from model.data import MissingDataError
from model.draw_samples import draw_digit
from model.evaluate import predict
from model.network import DigitNet
from model.strokes import SHAPES


def test_a_dozen_of_each_digit_is_shipped(samples: list[Path]) -> None:
    assert Counter(file.name[-5] for file in samples) == {str(digit): 12 for digit in range(10)}
    for file in samples:
        with Image.open(file) as picture:
            assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (28, 28))


def test_the_shipped_samples_are_what_the_command_makes(
    samples: list[Path], tmp_path: Path
) -> None:
    draw_samples.main(["--out", str(tmp_path)])
    assert sorted(file.name for file in tmp_path.iterdir()) == [file.name for file in samples]
    for file in samples:
        with Image.open(file) as shipped, Image.open(tmp_path / file.name) as drawn:
            # Versions of Pillow may round the edge of a dab differently.
            assert ImageStat.Stat(ImageChops.difference(shipped, drawn)).mean[0] < 1


def test_the_network_reads_the_shipped_samples(samples: list[Path], network: DigitNet) -> None:
    answers = _read([_opened(file) for file in samples], network)
    right = [str(answer) == file.name[-5] for file, answer in zip(samples, answers, strict=True)]
    assert sum(right) / len(right) >= 0.98


def test_the_network_reads_other_seeds_as_well(network: DigitNet) -> None:
    pictures = [draw_digit(number % 10, Random(number)) for number in range(300)]
    right = [answer == number % 10 for number, answer in enumerate(_read(pictures, network))]
    assert sum(right) / len(right) >= 0.98


@pytest.mark.parametrize("digit", range(10))
def test_every_digit_is_light_on_dark_and_inside_the_picture(digit: int) -> None:
    assert len(SHAPES[digit]) >= 2
    for seed in range(20):
        picture = draw_digit(digit, Random(seed))
        left, top, right, bottom = picture.getbbox() or (0, 0, 28, 28)
        assert min(left, top, 28 - right, 28 - bottom) >= 1
        assert picture.getextrema() == (0, 255)


def test_a_sample_depends_on_seed_and_number_alone(tmp_path: Path) -> None:
    few, many, other = (tmp_path / name for name in ("few", "many", "other"))
    draw_samples.draw_samples(few, total=5, seed=3)
    draw_samples.draw_samples(many, total=12, seed=3)
    draw_samples.draw_samples(other, total=5, seed=4)
    for file in few.iterdir():
        assert file.read_bytes() == (many / file.name).read_bytes()
        assert file.read_bytes() != (other / file.name).read_bytes()


def test_samples_come_large_and_dark_on_light_too(tmp_path: Path, network: DigitNet) -> None:
    options = ["--count", "10", "--side", "200", "--dark-on-light"]
    assert draw_samples.main(["--out", str(tmp_path), *options]) == 0
    pictures = [_opened(file) for file in sorted(tmp_path.iterdir())]
    assert {(picture.size, picture.getpixel((0, 0))) for picture in pictures} == {((200, 200), 255)}
    assert _read(pictures, network) == list(range(10))


def test_a_folder_that_cannot_be_made_is_a_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert draw_samples.main(["--out", str(tmp_path / "file")]) == 1
    assert "error: " in capsys.readouterr().err


def test_extracted_samples_are_the_pictures_under_their_labels(tmp_path: Path) -> None:
    pictures = torch.arange(30, dtype=torch.uint8).view(30, 1, 1).expand(30, 28, 28).clone()
    labels = torch.arange(30) % 10
    files = extract_samples.extract_samples(pictures, labels, tmp_path, total=8, seed=1)
    assert len(set(files)) == 8
    for file in files:
        with Image.open(file) as picture:
            assert picture.size == (28, 28)
            assert picture.tobytes()[0] % 10 == int(file.name[-5])


def test_extraction_follows_the_seed_and_ends_with_the_data(tmp_path: Path) -> None:
    pictures, labels = torch.zeros(30, 28, 28, dtype=torch.uint8), torch.arange(30) % 10
    names = [
        [
            file.name
            for file in extract_samples.extract_samples(pictures, labels, tmp_path, 50, seed=seed)
        ]
        for seed in (1, 1, 2)
    ]
    assert len(names[0]) == 30
    assert names[0] == names[1] != names[2]


def test_extraction_without_the_data_set_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: object, **__: object) -> tuple[Tensor, Tensor]:
        raise MissingDataError("no MNIST in nowhere")

    monkeypatch.setattr(extract_samples, "load_digits", missing)
    assert extract_samples.main(["--out", str(tmp_path)]) == 1
    assert "no MNIST in nowhere" in capsys.readouterr().err


def _opened(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        picture.load()
        return picture


def _read(pictures: list[Image.Image], network: DigitNet) -> list[int]:
    seen = [torch.from_numpy(numpy.array(to_digit(picture))) for picture in pictures]
    answers: list[int] = predict(network, torch.stack(seen)).tolist()
    return answers
