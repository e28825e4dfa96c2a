"""Whatever picture comes in, the network sees its digit the way MNIST draws digits."""

from __future__ import annotations

import ast
import io
import struct
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps, ImageStat

from handler.preprocess import BOX, MAX_PIXELS, SIDE, PictureError, read_picture, to_digit

FOLDER = Path(__file__).resolve().parents[2] / "handler"
MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"]


def seven(side: int = 200, ink: int = 255, paper: int = 0, pen: int = 24) -> Image.Image:
    """A seven in the middle of a square picture; the lengths are for a side of 200 pixels."""
    picture = Image.new("L", (200, 200), paper)
    ImageDraw.Draw(picture).line([(60, 50), (140, 50), (90, 150)], ink, pen, joint="curve")
    return picture.resize((side, side), Image.Resampling.BOX)


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def distance(one: Image.Image, other: Image.Image) -> float:
    """Mean difference in levels of 255; the one may lie a pixel off the other."""
    return min(
        ImageStat.Stat(ImageChops.difference(ImageChops.offset(one, x, y), other)).mean[0]
        for x in (-1, 0, 1)
        for y in (-1, 0, 1)
    )


def ink_box(digit: Image.Image) -> tuple[int, int, int, int]:
    box = digit.getbbox()
    assert box
    return box


REFERENCE = to_digit(seven())


@st.composite
def pictures(draw: st.DrawFn) -> Image.Image:
    """Pictures of any size and mode, from plain paper to pure noise."""
    width, height = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    noise = draw(st.binary(min_size=width * height, max_size=width * height))
    picture = Image.frombytes("L", (width, height), noise)
    low, high = draw(st.integers(0, 255)), draw(st.integers(0, 255))
    picture = picture.point(lambda level: low + (high - low) * level // 255)
    return picture.convert(draw(st.sampled_from(MODES)))


class TestAnyPicture:
    @given(pictures())
    def test_becomes_28_by_28_gray(self, picture: Image.Image) -> None:
        digit = to_digit(picture)
        assert (digit.mode, digit.size) == ("L", (SIDE, SIDE))

    @given(st.integers(0, 255), st.integers(1, 60).filter(lambda side: side != SIDE))
    def test_that_is_blank_becomes_black(self, shade: int, side: int) -> None:
        assert to_digit(Image.new("L", (side, side), shade)).getextrema() == (0, 0)

    @given(st.integers(12, 36), st.integers(100, 255))
    def test_that_is_like_mnist_goes_through_untouched(self, pen: int, ink: int) -> None:
        picture = to_digit(seven(pen=pen)).point(lambda level: level * ink // 255)
        for same in (picture, picture.convert("RGB"), ImageOps.invert(picture)):
            assert to_digit(same).tobytes() == picture.tobytes()

    @given(
        side=st.integers(40, 400),
        pen=st.integers(12, 36),
        ink=st.integers(160, 255),
        paper=st.integers(0, 80),
    )
    def test_gives_the_same_when_inverted(self, side: int, pen: int, ink: int, paper: int) -> None:
        picture = seven(side, ink, paper, pen)
        assert distance(to_digit(picture), to_digit(ImageOps.invert(picture))) < 1


class TestTheDigit:
    @given(st.integers(60, 600))
    def test_fills_the_box_whatever_the_size_of_the_picture(self, side: int) -> None:
        left, top, right, bottom = ink_box(to_digit(seven(side)))
        assert max(right - left, bottom - top) in {BOX - 1, BOX}

    @given(st.integers(0, 200), st.integers(0, 200))
    def test_is_found_anywhere_in_a_large_picture(self, left: int, top: int) -> None:
        large = Image.new("L", (280, 280), 255)
        large.paste(seven(80, ink=0, paper=255), (left, top))
        assert distance(to_digit(large), REFERENCE) < 8

    def test_is_centred_by_its_mass(self) -> None:
        values = REFERENCE.tobytes()
        across = sum(value * (i % SIDE) for i, value in enumerate(values)) / sum(values)
        down = sum(value * (i // SIDE) for i, value in enumerate(values)) / sum(values)
        assert across == pytest.approx(14, abs=0.6)
        assert down == pytest.approx(14, abs=0.6)

    @pytest.mark.parametrize(("left", "top"), [(0, 0), (8, 4), (0, 4)])
    def test_is_centred_in_a_picture_of_the_right_size_too(self, left: int, top: int) -> None:
        picture = Image.new("L", (SIDE, SIDE))
        picture.paste(REFERENCE.crop((4, 4, 24, 28)), (left, top))
        assert distance(to_digit(picture), REFERENCE) < 8

    def test_loses_its_gray_ground_in_a_picture_of_the_right_size_too(self) -> None:
        gray = REFERENCE.point(lambda level: 60 + level * 195 // 255)
        assert distance(to_digit(gray), REFERENCE) < 8

    def test_is_found_beside_specks_of_dust(self) -> None:
        picture = seven()
        for place in [(5, 190), (180, 12), (12, 20)]:
            ImageDraw.Draw(picture).ellipse((*place, place[0] + 3, place[1] + 3), 255)
        assert distance(to_digit(picture), REFERENCE) < 3

    def test_is_found_in_the_shade(self) -> None:
        paper = Image.new("L", (2, 1))
        paper.putpixel((0, 0), 240)
        paper.putpixel((1, 0), 110)
        shaded = ImageChops.multiply(
            paper.resize((200, 200), Image.Resampling.BILINEAR), seven(ink=60, paper=255)
        )
        assert distance(to_digit(shaded), REFERENCE) < 16  # fainter on the dark side, but there

    @pytest.mark.parametrize("quality", [10, 30, 80])
    def test_is_found_in_a_jpeg(self, quality: int) -> None:
        picture = read_picture(encoded(seven(ink=30, paper=220), "JPEG", quality=quality))
        assert distance(to_digit(picture), REFERENCE) < 6

    @pytest.mark.parametrize("pen", [2, 4, 60])
    def test_is_drawn_with_a_usual_pen_whatever_the_pen_was(self, pen: int) -> None:
        ink = ImageStat.Stat(to_digit(seven(pen=pen))).sum[0]
        usual = ImageStat.Stat(REFERENCE).sum[0]
        assert 0.4 < ink / usual < 2.2

    def test_keeps_its_shape(self) -> None:
        wide = seven().resize((400, 200))
        left, top, right, bottom = ink_box(wide)
        shape = (right - left) / (bottom - top)
        left, top, right, bottom = ink_box(to_digit(wide))
        assert (right - left) / (bottom - top) == pytest.approx(shape, rel=0.1)


class TestColours:
    @pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in {"I;16", "I", "F"}])
    def test_every_mode_shows_the_digit(self, mode: str) -> None:
        assert distance(to_digit(seven().convert(mode)), REFERENCE) < 4

    def test_sixteen_bits_are_scaled_not_clipped(self) -> None:
        levels = [20_000 if level < 128 else 50_000 for level in seven().tobytes()]
        deep = Image.frombytes("I;16", (200, 200), struct.pack(f"<{len(levels)}H", *levels))
        for picture in (deep, deep.convert("I"), read_picture(encoded(deep))):
            assert distance(to_digit(picture), REFERENCE) < 4

    @pytest.mark.parametrize(("ink", "paper"), [("navy", "yellow"), ("white", "red")])
    def test_coloured_ink_on_coloured_paper(self, ink: str, paper: str) -> None:
        picture = ImageOps.colorize(seven(), black=paper, white=ink)
        assert distance(to_digit(picture), REFERENCE) < 4

    @pytest.mark.parametrize("shade", [0, 128, 255])
    def test_ink_without_paper(self, shade: int) -> None:
        ink = Image.merge("LA", (Image.new("L", (200, 200), shade), seven()))
        for picture in (ink, ink.convert("RGBA"), read_picture(encoded(ink))):
            assert distance(to_digit(picture), REFERENCE) < 4

    def test_a_smooth_drawing_whose_paper_colour_was_made_transparent(self) -> None:
        smooth = seven(ink=0, paper=255).filter(ImageFilter.GaussianBlur(2))
        opaque = smooth.point(lambda shade: 0 if shade > 250 else 255)
        assert distance(to_digit(Image.merge("LA", (smooth, opaque))), REFERENCE) < 4

    def test_paper_with_transparent_corners(self) -> None:
        shape = Image.new("L", (200, 200))
        ImageDraw.Draw(shape).rounded_rectangle((0, 0, 199, 199), 40, 255)
        card = Image.merge("LA", (seven(ink=0, paper=250), shape))
        assert distance(to_digit(card), REFERENCE) < 4

    def test_nothing_but_transparency_is_black(self) -> None:
        assert to_digit(Image.new("RGBA", (50, 50), (9, 9, 9, 0))).getextrema() == (0, 0)

    def test_a_transparent_palette_colour(self) -> None:
        picture = read_picture(encoded(seven().convert("P"), transparency=0))
        assert picture.has_transparency_data
        assert distance(to_digit(picture), REFERENCE) < 4


class TestReading:
    def test_a_camera_held_sideways_is_turned_upright(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6  # shown rightly when turned 90 degrees clockwise
        data = encoded(seven().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)
        assert distance(to_digit(read_picture(data)), REFERENCE) < 4

    def test_no_bytes(self) -> None:
        with pytest.raises(PictureError, match="no bytes"):
            read_picture(b"")

    @given(st.binary(min_size=1, max_size=300))
    def test_bytes_that_are_no_picture(self, data: bytes) -> None:
        with pytest.raises(PictureError, match="not a PNG or JPEG"):
            read_picture(data)

    @pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
    def test_other_formats(self, kind: str) -> None:
        with pytest.raises(PictureError, match="not a PNG or JPEG"):
            read_picture(encoded(seven(), kind))

    @pytest.mark.parametrize("kind", ["PNG", "JPEG"])
    def test_a_file_that_is_cut_off(self, kind: str) -> None:
        data = encoded(seven(), kind)
        with pytest.raises(PictureError, match="damaged or cut off"):
            read_picture(data[: len(data) - len(data) // 3])

    @given(st.sampled_from(["PNG", "JPEG"]), st.integers(0, 10_000), st.integers(0, 255))
    def test_a_changed_byte_is_read_or_refused_but_nothing_else(
        self, kind: str, place: int, value: int
    ) -> None:
        data = bytearray(encoded(seven(40), kind))
        data[place % len(data)] = value
        try:
            with warnings.catch_warnings(action="ignore"):  # of Pillow, about odd metadata
                picture = read_picture(bytes(data))
        except PictureError as error:
            assert str(error)
        else:
            assert to_digit(picture).size == (SIDE, SIDE)

    @pytest.mark.parametrize("side", [int(MAX_PIXELS**0.5) + 1, 20_000])
    def test_a_picture_that_would_fill_the_memory(self, side: int) -> None:
        data = encoded(Image.new("1", (side, side)))
        assert len(data) < 100_000  # a small file, and yet
        with (
            warnings.catch_warnings(action="ignore"),
            pytest.raises(PictureError, match=r"too large|exceeds limit"),
        ):
            read_picture(data)


@pytest.mark.parametrize("name", ["preprocess.py", "mnist_handler.py"])
def test_the_files_run_on_the_python_of_torchserves_image(name: str) -> None:
    ast.parse((FOLDER / name).read_text(), feature_version=(3, 9))


def test_preparing_a_picture_needs_pillow_alone() -> None:
    tree = ast.parse((FOLDER / "preprocess.py").read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert modules | names <= {
        "__future__", "functools", "io", "struct", "typing", "zlib", "PIL",
    }  # fmt: skip
