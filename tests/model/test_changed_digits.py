"""The network reads MNIST's test digits after pens, scanners and cameras have changed them.

Each change is one a user's picture may have; 99 of 100 digits must still be read.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from random import Random

import numpy
import pytest
import torch
from PIL import Image, ImageFilter, ImageOps
from torch import Tensor

from handler.preprocess import read_picture, to_digit
from model.evaluate import predict
from model.network import DigitNet

EVERY = 15
"""One test digit in so many is tried: the first thousands are not like the last."""
Change = Callable[[Image.Image, Random], Image.Image]


def enlarged(digit: Image.Image, factor: int = 4) -> Image.Image:
    return digit.resize((28 * factor, 28 * factor), Image.Resampling.BICUBIC)


def filtered(digit: Image.Image, kind: ImageFilter.Filter, steps: int) -> Image.Image:
    """The digit at four times its size after some steps of a filter that moves edges a pixel."""
    picture = enlarged(digit, 4)
    for _ in range(steps):
        picture = picture.filter(kind)
    return picture


def thin(digit: Image.Image, _: Random) -> Image.Image:
    return filtered(digit, ImageFilter.MinFilter(3), 2)


def thick(digit: Image.Image, _: Random) -> Image.Image:
    return filtered(digit, ImageFilter.MaxFilter(3), 4)


def thick_and_small(digit: Image.Image, _: Random) -> Image.Image:
    return digit.filter(ImageFilter.MaxFilter(3))


def moved(digit: Image.Image, random: Random) -> Image.Image:
    picture = Image.new("L", digit.size)
    picture.paste(digit, (random.choice([-4, 4]), random.choice([-4, 4])))
    return picture


def small_in_a_large_picture(digit: Image.Image, random: Random) -> Image.Image:
    picture = Image.new("L", (320, 240), 255)
    picture.paste(ImageOps.invert(digit), (random.randrange(292), random.randrange(212)))
    return picture


def as_jpeg(digit: Image.Image, _: Random) -> Image.Image:
    file = io.BytesIO()
    ImageOps.invert(enlarged(digit)).save(file, "JPEG", quality=20)
    return read_picture(file.getvalue())


def small_jpeg(digit: Image.Image, _: Random) -> Image.Image:
    file = io.BytesIO()
    digit.save(file, "JPEG", quality=30)
    return read_picture(file.getvalue())


def transparent(digit: Image.Image, _: Random) -> Image.Image:
    ink = enlarged(digit)
    picture = Image.new("RGBA", ink.size, "black")
    picture.putalpha(ink)
    return picture


def pencil(digit: Image.Image, _: Random) -> Image.Image:
    return ImageOps.colorize(enlarged(digit), black="khaki", white="slategray")


def turned(digit: Image.Image, random: Random) -> Image.Image:
    return enlarged(digit).rotate(random.choice([-10, 10]), Image.Resampling.BICUBIC)


@pytest.mark.parametrize(
    "change",
    [
        thin,
        thick,
        thick_and_small,
        moved,
        small_in_a_large_picture,
        as_jpeg,
        small_jpeg,
        transparent,
        pencil,
        turned,
    ],
)
def test_changed_digits_are_still_read(
    change: Change, network: DigitNet, mnist_test: tuple[Tensor, Tensor]
) -> None:
    random = Random(0)
    pictures, labels = (part[::EVERY] for part in mnist_test)
    digits = (Image.fromarray(picture.numpy()) for picture in pictures)
    seen = [numpy.array(to_digit(change(digit, random))) for digit in digits]
    answers = predict(network, torch.from_numpy(numpy.stack(seen)))
    right = int((answers == labels).sum())
    assert right / len(labels) >= 0.99
