"""Images that are larger than the server takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.digits.images import DigitImage
from tsmon.load.answers import Answer
from tsmon.load.refusals import Failure, kind_of
from tsmon.load.request_size import RequestLimit, read_limit
from tsmon.torchserve.errors import ApiError


@pytest.fixture
def large(tmp_path: Path) -> DigitImage:
    path = tmp_path / "large.7.png"
    path.write_bytes(bytes(3000))
    return DigitImage.at(path)


def test_413_is_a_kind_of_its_own() -> None:
    assert kind_of(ApiError(413, "", "")) is Failure.TOO_LARGE


@pytest.mark.parametrize("failure", [Failure.TOO_LARGE, Failure.UNREACHABLE])
def test_a_refused_or_broken_request_names_the_limit(large: DigitImage, failure: Failure) -> None:
    told = RequestLimit(2000, read=True).explain(Answer(large, error="reset", failure=failure))
    assert told.error == "3,000 bytes, max_request_size is 2,000"
    assert told.failure is Failure.TOO_LARGE


def test_a_limit_that_nobody_could_read_is_called_the_default(large: DigitImage) -> None:
    told = RequestLimit().explain(Answer(large, error="", failure=Failure.TOO_LARGE))
    assert told.error == "3,000 bytes, max_request_size is by default 6,553,500"


def test_a_server_that_is_away_is_not_blamed_on_the_image(large: DigitImage) -> None:
    away = Answer(large, error="refused", failure=Failure.UNREACHABLE)
    assert RequestLimit().explain(away) is away
    other = Answer(large, error="503", failure=Failure.NO_CAPACITY)
    assert RequestLimit(10).explain(other) is other
    gone = Answer(DigitImage(Path("absent"), None), error="", failure=Failure.TOO_LARGE)
    assert RequestLimit(10).explain(gone) is gone


def test_the_limit_is_that_of_the_last_start(tmp_path: Path) -> None:
    line = "Maximum Response Size: 6553500\nMaximum Request Size: {}\nLimit Maximum Image Pixels\n"
    (tmp_path / "ts_log.log").write_text(line.format(10) + "much else\n" + line.format(2000000))
    assert read_limit(tmp_path) == RequestLimit(2_000_000, read=True)


def test_without_a_log_it_is_torchserves_default(tmp_path: Path) -> None:
    (tmp_path / "ts_log.log").write_text("nothing of that kind\n")
    assert read_limit(tmp_path) == read_limit(tmp_path / "absent") == read_limit(None)
    assert read_limit(None) == RequestLimit(6_553_500, read=False)
