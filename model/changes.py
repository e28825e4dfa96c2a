"""The pictures that people send of a digit: other sizes, colours, formats, places and pens.

Each change takes an MNIST digit, light on dark and 28x28, and gives the file that is sent.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from random import Random

import numpy
from PIL import Image, ImageFilter, ImageOps

Change = Callable[[Image.Image, Random], bytes]

_TRANSPARENT = (0, 0, 0, 0)


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _sized(digit: Image.Image, side: int = 112) -> Image.Image:
    return digit.resize((side, side), Image.Resampling.BICUBIC)


def _filtered(digit: Image.Image, kind: ImageFilter.Filter, steps: int) -> Image.Image:
    """The digit at four times its size after some steps of a filter that moves edges a pixel."""
    picture = _sized(digit)
    for _ in range(steps):
        picture = picture.filter(kind)
    return picture


def _dark_on_light(digit: Image.Image, _: Random) -> bytes:
    return _png(ImageOps.invert(digit))


def _rgb(digit: Image.Image, _: Random) -> bytes:
    return _png(ImageOps.colorize(_sized(digit), black="lightyellow", white="navy"))


def _pencil(digit: Image.Image, _: Random) -> bytes:
    return _png(ImageOps.colorize(_sized(digit), black="khaki", white="slategray"))


def _opaque_rgba(digit: Image.Image, _: Random) -> bytes:
    return _png(ImageOps.invert(_sized(digit)).convert("RGBA"))


def _ink_alone(digit: Image.Image, shade: str) -> bytes:
    ink = _sized(digit)
    picture = Image.new("RGBA", ink.size, shade)
    picture.putalpha(ink)
    return _png(picture)


def _paper_with_a_transparent_rim(digit: Image.Image, _: Random) -> bytes:
    paper = ImageOps.invert(_sized(digit)).convert("RGBA")
    return _png(ImageOps.expand(paper, 20, _TRANSPARENT))


def _palette(digit: Image.Image, _: Random) -> bytes:
    return _png(ImageOps.colorize(_sized(digit), black="white", white="darkred").quantize(16))


def _transparent_palette(digit: Image.Image, _: Random) -> bytes:
    picture = ImageOps.invert(_sized(digit)).quantize(16)
    paper = picture.getpixel((0, 0))
    picture.info["transparency"] = paper
    return _png(picture)


def _sixteen_bit(digit: Image.Image, _: Random) -> bytes:
    levels = numpy.asarray(ImageOps.invert(_sized(digit)), dtype=numpy.uint16) * 257
    return _png(Image.fromarray(levels))


def _small_in_a_large_picture(digit: Image.Image, random: Random) -> Image.Image:
    picture = Image.new("L", (320, 240))
    picture.paste(digit, (random.randrange(292), random.randrange(212)))
    return picture


def _off_centre(digit: Image.Image, random: Random) -> bytes:
    picture = Image.new("L", digit.size)
    picture.paste(digit, (random.choice([-4, 4]), random.choice([-4, 4])))
    return _png(picture)


def _turned(digit: Image.Image, random: Random) -> bytes:
    return _png(_sized(digit).rotate(random.choice([-10, 10]), Image.Resampling.BICUBIC))


CHANGES: dict[str, Change] = {
    "as it is": lambda digit, _: _png(digit),
    "20x20 pixels": lambda digit, _: _png(_sized(digit, 20)),
    "56x56 pixels": lambda digit, _: _png(_sized(digit, 56)),
    "400x400 pixels": lambda digit, _: _png(_sized(digit, 400)),
    "dark on light": _dark_on_light,
    "RGB: navy on light yellow": _rgb,
    "RGB: gray pencil on khaki paper": _pencil,
    "RGBA, opaque": _opaque_rgba,
    "RGBA: black ink, transparent ground": lambda digit, _: _ink_alone(digit, "black"),
    "RGBA: white ink, transparent ground": lambda digit, _: _ink_alone(digit, "white"),
    "RGBA: paper with a transparent rim": _paper_with_a_transparent_rim,
    "palette of 16 colours": _palette,
    "palette, paper colour transparent": _transparent_palette,
    "16 bit gray": _sixteen_bit,
    "JPEG 112x112, quality 20, dark on light": lambda digit, _: _jpeg(
        ImageOps.invert(_sized(digit)), quality=20
    ),
    "JPEG 28x28, quality 30": lambda digit, _: _jpeg(digit, quality=30),
    "small in 320x240, light on dark": lambda digit, random: _png(
        _small_in_a_large_picture(digit, random)
    ),
    "small in 320x240, dark on light": lambda digit, random: _png(
        ImageOps.invert(_small_in_a_large_picture(digit, random))
    ),
    "four pixels off centre": _off_centre,
    "thin strokes: one pixel taken away": lambda digit, _: _png(
        _filtered(digit, ImageFilter.MinFilter(3), 2)
    ),
    "thick strokes: two pixels added": lambda digit, _: _png(
        _filtered(digit, ImageFilter.MaxFilter(3), 4)
    ),
    "thick strokes, at 28x28": lambda digit, _: _png(digit.filter(ImageFilter.MaxFilter(3))),
    "turned by 10 degrees": _turned,
}
"""By name, what is done to a digit."""
