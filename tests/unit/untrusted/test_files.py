"""Only regular files of a bounded size are read."""

import os
from pathlib import Path

import pytest

from tsmon.untrusted.files import (
    FileTooLarge,
    NotRegular,
    expand_home,
    open_regular,
    read_bytes,
    read_text,
)


def test_a_file_within_its_limit_is_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a\r\nb")
    assert read_bytes(file, 4) == b"a\r\nb"
    assert read_text(file, 4) == "a\r\nb"


def test_a_larger_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(5000))
    with pytest.raises(FileTooLarge, match="larger than 4 KiB"):
        read_bytes(file, 4096)


def test_a_pipe_without_a_writer_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(NotRegular, match="not a regular file"):
        open_regular(pipe)


@pytest.mark.parametrize("path", [Path("/dev/zero"), Path("/dev/tty"), Path("/")])
def test_devices_and_folders_are_refused(path: Path) -> None:
    with pytest.raises(NotRegular):
        read_bytes(path, 1)


def test_the_null_device_is_an_empty_file() -> None:
    assert read_bytes(Path(os.devnull), 1) == b""


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    assert read_bytes(tmp_path / "link", 1) == b"x"


def test_no_descriptor_stays_open_after_a_refusal(tmp_path: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(NotRegular):
            open_regular(tmp_path)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_the_home_of_a_user_who_does_not_exist_stays_as_it_is_written() -> None:
    assert expand_home("~nosuchuser/images") == Path("~nosuchuser/images")
    assert expand_home("~/images") == Path.home() / "images"
