"""What the model sees is what the handler's own code makes of a file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from handler.preprocess import read_picture, to_digit
from tsmon.digits.folders import find_images
from tsmon.digits.images import DigitImage
from tsmon.digits.seen import Preprocessing
from tsmon.payloads.payload import PayloadError
from tsmon.serving.assets import digit_assets


@pytest.fixture
def preprocessing() -> Preprocessing:
    return Preprocessing(digit_assets().preprocess)


def test_it_is_the_handlers_picture_pixel_by_pixel(preprocessing: Preprocessing) -> None:
    for image in find_images(digit_assets().samples)[:20]:
        wanted = to_digit(read_picture(image.path.read_bytes()))
        seen = preprocessing.see(image)
        assert (seen.width, seen.height, seen.pixels) == (*wanted.size, wanted.tobytes())


def test_what_the_handler_refuses_is_said_in_its_words(
    preprocessing: Preprocessing, tmp_path: Path
) -> None:
    odd = tmp_path / "odd.png"
    odd.write_text("text")
    with pytest.raises(PayloadError, match="not a PNG or JPEG picture"):
        preprocessing.see(DigitImage.at(odd))
    Image.new("L", (28, 28)).save(tmp_path / "odd.gif", "GIF")
    with pytest.raises(PayloadError, match="not a PNG or JPEG picture"):
        preprocessing.see(DigitImage.at(tmp_path / "odd.gif"))
    with pytest.raises(PayloadError, match="cannot read"):
        preprocessing.see(DigitImage.at(tmp_path / "absent.png"))


def test_an_archive_is_told_by_its_code(preprocessing: Preprocessing, tmp_path: Path) -> None:
    code = digit_assets().preprocess.read_bytes()
    members: dict[str, dict[str, bytes]] = {
        "same": {"preprocess.py": code},
        "changed": {"preprocess.py": code + b"#"},
        "other": {"handler.py": b""},
    }
    for name, files in members.items():
        with zipfile.ZipFile(tmp_path / f"{name}.mar", "w") as archive:
            for member, content in files.items():
                archive.writestr(member, content)
    (tmp_path / "broken.mar").write_bytes(b"no archive")
    found = {
        name: preprocessing.is_in(tmp_path / f"{name}.mar")
        for name in (*members, "broken", "absent")
    }
    assert found == {"same": True, "changed": False, "other": False, "broken": None, "absent": None}


def test_code_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PayloadError, match=r"cannot read .*preprocess\.py"):
        Preprocessing(tmp_path / "preprocess.py").see(DigitImage.at(tmp_path))
