"""From any picture of a digit to the 28x28 picture that the network sees.

The network knows MNIST: 28x28 pixels, light ink on black ground, the digit 20 pixels high or wide,
its centre of mass in the middle. A picture that is like that, as all 70,000 of MNIST are, goes
through untouched. From any other one the ink is cut out, scaled and centred the same way.

Pillow is all it needs, so that the monitor can show what the model sees without having torch.
TorchServe's official image runs Python 3.9; nothing newer is used here.
"""

from __future__ import annotations

import io
import struct
import zlib
from functools import lru_cache
from typing import cast

from PIL import Image, ImageChops, ImageFilter, ImageOps

SIDE = 28
"""Side of the picture that the network sees, in pixels."""
BOX = 20
"""Side of the square that the ink fills in it, in pixels."""
_MIDDLE = 14
"""Column and row of MNIST's centres of mass, counted from 0; they are at most half a pixel off."""
MAX_PIXELS = 25_000_000
"""A camera's picture passes; what would fill the memory does not."""

_FORMATS = ("PNG", "JPEG")
_WORK = 4
"""The ink is prepared at four times the final size, where the pen's width can still be changed."""
_FAINT = 0.2
"""Share of the contrast between paper and ink that is noise, shade or JPEG ringing."""
_BLACK = 16
"""Of 255 levels; MNIST's ground is 0, but JPEG blurs it."""
_MIN_CONTRAST = 16
"""Of 255 levels; a picture that has less is blank."""
_RIM_CONTRAST = 64
"""Of 255 levels, between the rim and the inside of ink that has no paper."""
_INK = 64
"""A pixel above this level, of 255, shows where the digit is."""
_GRID = 40
"""The ink is searched for on a grid with this many cells along the longer side."""
_SPECK = 0.06
"""What has less ink than this share of the largest piece is dirt, not part of the digit."""
_PEN = (2.2, 4.5)
"""Widths of the pen, in final pixels, that the network is used to."""

_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)
"""What Pillow raises for files that are not what their first bytes promise."""


class PictureError(ValueError):
    """These bytes are not a picture that can be read; the text says why."""


def read_picture(data: bytes) -> Image.Image:
    """Decode a PNG or JPEG file, upright as its camera saw it.

    Raises:
        PictureError: Nothing there, another format, damaged, cut off, or over MAX_PIXELS.
    """
    if not data:
        raise PictureError("the picture has no bytes")
    try:
        picture = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise PictureError(str(error)) from error
    except _DAMAGED as error:
        raise PictureError("this is not a PNG or JPEG picture") from error
    if picture.width * picture.height > MAX_PIXELS:
        raise PictureError(
            f"the picture is too large: {picture.width}x{picture.height} pixels, "
            f"at most {MAX_PIXELS // 1_000_000} million are read"
        )
    try:
        picture.load()
        # Whatever says how the camera was held is among what the file says beside its pixels.
        return ImageOps.exif_transpose(picture) if picture.info else picture
    except _DAMAGED as error:
        raise PictureError(f"the picture is damaged or cut off: {error}") from error


def to_digit(picture: Image.Image) -> Image.Image:
    """The picture as the network sees it: mode ``L``, 28x28, light ink on dark ground.

    A picture without any ink becomes a black one.
    """
    gray, border = _light_on_dark(_flatten(picture))
    if _is_like_mnist(gray, border):
        return gray
    ink = _contrasted(gray, border)
    box = _ink_box(ink)
    if box is None:
        return Image.new("L", (SIDE, SIDE))
    return _centred(_fitted(ink.crop(box)))


def _flatten(picture: Image.Image) -> Image.Image:
    """The picture as one opaque channel of 0..255."""
    if picture.mode.startswith(("I", "F")):  # 16 bits; converting would clip, not scale
        return picture.convert("F").point(lambda level: level * (1 / 257)).convert("L")
    if not picture.has_transparency_data:
        return picture.convert("L")
    coloured = picture.convert("RGBA")
    alpha = coloured.getchannel("A")
    gray = coloured.convert("L")
    return Image.composite(gray, Image.new("L", gray.size, _paper_behind(gray, alpha)), alpha)


def _paper_behind(gray: Image.Image, alpha: Image.Image) -> int:
    """The shade to show where the picture is transparent.

    When most is opaque, the picture brings its own paper, and the holes in it get the same shade.
    When little is, that is the ink: the paper is like its rim where that has another shade, as
    when one colour of a smooth drawing was made transparent, and contrasts with it otherwise.
    """
    visible = alpha.point(lambda level: 255 if level > 127 else 0)
    shades = gray.histogram(visible)
    if not sum(shades):
        return 0
    shade = _median(shades)
    if sum(shades) * 2 > gray.width * gray.height:
        return shade
    core = visible.filter(ImageFilter.MinFilter(3))
    inner = gray.histogram(core)
    if sum(inner):
        rim, inside = _median(gray.histogram(ImageChops.subtract(visible, core))), _median(inner)
        if abs(rim - inside) > _RIM_CONTRAST:
            return 255 if rim > inside else 0
    return 0 if shade > 127 else 255


def _light_on_dark(gray: Image.Image) -> tuple[Image.Image, int]:
    """The picture, inverted when its border is lighter than the ink, and its border's shade."""
    border = _border_shade(gray)
    low, high = _shades(gray)
    if border - low > high - border:
        gray = ImageChops.invert(gray)
        border = _border_shade(gray)
    return gray, border


def _border_shade(gray: Image.Image) -> int:
    """The median shade along the four edges: the paper, unless the digit fills the picture."""
    width, height = gray.size
    rim = max(1, min(width, height) // 20)
    border = Image.new("L", gray.size, 255)
    if min(width, height) > 2 * rim:
        border.paste(0, (rim, rim, width - rim, height - rim))
    return _median(gray.histogram(border))


def _median(histogram: list[int]) -> int:
    """The shade that halves the pixels of a histogram which has some."""
    rest = sum(histogram) / 2
    for shade, count in enumerate(histogram):
        rest -= count
        if rest <= 0:
            return shade
    return 0


def _is_like_mnist(gray: Image.Image, border: int) -> bool:
    """Whether size, ground, and the digit's size and place are those of MNIST."""
    if gray.size != (SIDE, SIDE) or border > _BLACK:
        return False
    box = _inked(gray, _BLACK).getbbox()
    if box is None:
        return True
    longer = max(box[2] - box[0], box[3] - box[1])
    if not BOX - 2 <= longer <= BOX:
        return False
    return max(abs(place - _MIDDLE) for place in _centre_of_mass(gray)) < 1


def _shades(gray: Image.Image) -> tuple[int, int]:
    """The darkest and the lightest shade that occur."""
    return cast("tuple[int, int]", gray.getextrema())  # of several channels it would be more


def _contrasted(gray: Image.Image, border: int) -> Image.Image:
    """Paper and faint dirt at 0, the strongest ink at 255; all 0 when the picture is blank."""
    ink = ImageChops.subtract(gray, _paper(gray, border))
    _, high = _shades(ink)
    if high < _MIN_CONTRAST:
        return Image.new("L", gray.size)
    return _stretched(ink, _FAINT * high, high)


def _paper(gray: Image.Image, border: int) -> Image.Image:
    """The picture as it would be without ink: the light on it may differ from side to side.

    The shades of the four corners are spread over the picture, but a corner that has ink in it
    gets the shade of the border.
    """
    width, height = gray.size
    _, high = _shades(gray)
    across, down = -(-width // 8), -(-height // 8)
    shades = []
    for top in (0, height - down):
        for left in (0, width - across):
            shade = _median(gray.crop((left, top, left + across, top + down)).histogram())
            shades.append(shade if shade - border < (high - border) / 2 else border)
    if len(set(shades)) == 1:
        return Image.new("L", gray.size, shades[0])
    corners = Image.frombytes("L", (2, 2), bytes(shades))
    return corners.resize(gray.size, Image.Resampling.BILINEAR)


def _stretched(gray: Image.Image, low: float, high: float) -> Image.Image:
    """The shades from low to high spread over 0..255."""
    return gray if (low, high) == (0, 255) else _translated(gray, _stretching(low, high))


@lru_cache(maxsize=256)
def _stretching(low: float, high: float) -> bytes:
    """What each of the 256 shades becomes; kept, since most pictures ask for the same few."""
    scale = 255 / (high - low)
    return bytes(round(min(max((shade - low) * scale, 0), 255)) for shade in range(256))


def _translated(gray: Image.Image, table: bytes) -> Image.Image:
    """Each shade replaced by that in the table: `Image.point` in half the time on a small one."""
    return Image.frombytes("L", gray.size, gray.tobytes().translate(table))


def _ink_box(ink: Image.Image) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of the digit, without the specks around it."""
    mask = _inked(ink, _INK)
    cell = max(1, -(-max(mask.size) // _GRID))
    box = _without_specks(mask.reduce(cell) if cell > 1 else mask).getbbox()
    if box is None:
        return None
    left, top, right, bottom = (place * cell for place in box)
    inner = mask.crop((left, top, right, bottom)).getbbox()
    if inner is None:
        return None
    return left + inner[0], top + inner[1], left + inner[2], top + inner[3]


def _inked(ink: Image.Image, level: int) -> Image.Image:
    """255 where the ink is stronger than the level, 0 elsewhere."""
    return _translated(ink, _threshold(level))


@lru_cache(maxsize=8)
def _threshold(level: int) -> bytes:
    return bytes(255 * (shade > level) for shade in range(256))


def _without_specks(grid: Image.Image) -> Image.Image:
    """Where the ink is, of mode ``1``, but for pieces with little of it."""
    inked = _inked(grid, 1).convert("1", dither=Image.Dither.NONE)
    # A bit for each cell, and one more in each row, or its end would touch the next one's start.
    packed = inked.crop((0, 0, grid.width + 1, grid.height)).tobytes()
    size = (8 * len(packed) // grid.height, grid.height)
    pieces = _pieces(int.from_bytes(packed, "big"), size[0])
    if len(pieces) < 2:
        return inked
    ink = grid.crop((0, 0, *size)).tobytes()[::-1]  # by the place of its bit
    masses = [sum(ink[place] for place in _places(piece)) for piece in pieces]
    least = _SPECK * max(masses)
    kept = sum(piece for piece, mass in zip(pieces, masses) if mass >= least)
    return Image.frombytes("1", size, kept.to_bytes(len(packed), "big"))


def _pieces(rest: int, row: int) -> list[int]:
    """The connected pieces among the bits, in rows of so many."""
    pieces = []
    while rest:
        piece, grown = 0, rest & -rest
        while piece != grown:
            piece = grown
            grown |= grown << 1 | grown >> 1
            grown = (grown | grown << row | grown >> row) & rest
        rest ^= piece
        pieces.append(piece)
    return pieces


def _places(bits: int) -> list[int]:
    """The places of those that are set, counted from the last one of all."""
    places = []
    while bits:
        last = bits & -bits
        places.append(last.bit_length() - 1)
        bits ^= last
    return places


def _mass(shades: list[int]) -> int:
    """All ink of the pixels of a histogram."""
    return sum(map(int.__mul__, range(256), shades))


def _fitted(ink: Image.Image) -> Image.Image:
    """The cut-out ink scaled to fit the box, drawn with a pen of the usual width."""
    work = _scaled(ink, BOX * _WORK)
    pen = _pen_width(work)
    thin, thick = (width * _WORK for width in _PEN)
    if pen < thin:
        wider = 2 * round((thin - pen) / 2)
        work = _windows(ImageOps.expand(work, wider), wider + 1, lightest=True)
    elif pen > thick:
        for _ in range(round((pen - thick) / 2)):
            work = work.filter(ImageFilter.MinFilter(3))
        work = work.crop(work.getbbox())
    return _scaled(work, BOX)


def _scaled(ink: Image.Image, longest: int) -> Image.Image:
    """The ink with its longer side at the given length, its shape kept and its strongest at 255."""
    scale = longest / max(ink.size)
    width, height = (max(1, round(side * scale)) for side in ink.size)
    scaled = ink.resize((width, height), Image.Resampling.BICUBIC)
    return _stretched(scaled, 0, max(_shades(scaled)[1], 1))


def _pen_width(ink: Image.Image) -> float:
    """Width of the strokes in pixels, at least 2: their area over half their edges' length."""
    area = _mass(ink.histogram())
    core = _mass(_windows(ImageOps.expand(ink, 1), 3, lightest=False).histogram())
    return 2 * area / (area - core)


def _windows(picture: Image.Image, side: int, *, lightest: bool) -> Image.Image:
    """The lightest or the darkest of each square of pixels with this side.

    What `ImageFilter.MaxFilter` and `MinFilter` find in twice the time and more, without the rim
    where the square does not fit.
    """
    chosen = ImageChops.lighter if lightest else ImageChops.darker
    reached = 1
    while reached < side:
        step = min(reached, side - reached)
        width, height = picture.width - step, picture.height - step
        left, right = (picture.crop((x, 0, x + width, picture.height)) for x in (0, step))
        picture = chosen(left, right)
        above, below = (picture.crop((0, y, width, y + height)) for y in (0, step))
        picture = chosen(above, below)
        reached += step
    return picture


def _centred(ink: Image.Image) -> Image.Image:
    """The ink on black ground, its centre of mass in the middle as far as there is room."""
    across, down = _centre_of_mass(ink)
    left = min(max(round(_MIDDLE - across), 0), SIDE - ink.width)
    top = min(max(round(_MIDDLE - down), 0), SIDE - ink.height)
    digit = Image.new("L", (SIDE, SIDE))
    digit.paste(ink, (left, top))
    return digit


def _centre_of_mass(ink: Image.Image) -> tuple[float, float]:
    """Column and row, counted from 0; the picture must not be all black."""
    values, width = ink.tobytes(), ink.width
    mass = sum(values)
    across = sum(column * sum(values[column::width]) for column in range(width))
    down = sum(row * sum(values[row * width : (row + 1) * width]) for row in range(ink.height))
    return across / mass, down / mass
