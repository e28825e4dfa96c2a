"""Whatever lies where a file is expected, its reader ends soon, with a value or its own error."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from tsmon.config.errors import ConfigError
from tsmon.config.files import read as read_config
from tsmon.digits.images import DigitImage, picture_size, preview
from tsmon.digits.seen import Preprocessing
from tsmon.doctor.configuration import look_at_config
from tsmon.doctor.facts import MachineFacts
from tsmon.fleet.target_files import TargetFiles
from tsmon.load.capacity.curve import read_points
from tsmon.load.experiment.kept import load_results
from tsmon.load.request_size import RequestLimit, read_limit
from tsmon.logs.follower import FileFollower
from tsmon.logs.last_lines import last_lines, start_of_last
from tsmon.logs.time_zone import LogZone
from tsmon.payloads.payload import PayloadError
from tsmon.serving.errors import ArchiveError, BadHome
from tsmon.serving.local_server import LocalServer
from tsmon.serving.model_store import list_archives, read_archive
from tsmon.serving.record import ServerRecord
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.schema import RecordingError
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.replacement import Probe
from tsmon.torchserve.tokens import KeyFileError, KeyKind, KeyRing, read_key_file

Make = Callable[[Path], object]
HANDLER = Path(__file__).parents[2] / "handler" / "preprocess.py"


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in pairwise("abcdefghi")
)
"""A billion of them, for who follows YAML's aliases."""


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)


def text(words: str) -> Make:
    return lambda path: path.write_text(words)


HOSTILE: dict[str, Make] = {
    "pipe": os.mkfifo,
    "endless device": lambda path: path.symlink_to("/dev/zero"),
    "folder": Path.mkdir,
    "link to itself": lambda path: path.symlink_to(path.name),
    "three gigabytes": sparse,
    "nothing": text(""),
    "one byte": text("\0"),
    "noise": lambda path: path.write_bytes(random.Random(1).randbytes(100_000)),
    "deep list": text("[" * 100_000),
    "deep object": text('{"a":' * 100_000),
    "digits": text("[" + "9" * 5_000 + "]"),
    "number in a key": text('{"management": {"key": 1, "expiration time": 2}}'),
    "list": text("[1, null, {}]"),
    "other object": text('{"targets": 1, "format": 1, "pid": "x", "key_file": 5}'),
    "one long line": text("x" * 3_000_000),
    "many lines": text("a: 1\n" * 300_000),
    "laughs": text(LAUGHS),
    "PNG of no size": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64)),
    "drawing": text('<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>'),
    "PostScript": text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n"),
    "zip": lambda path: path.write_bytes(b"PK\x05\x06" + b"\xff" * 18),
}


def in_folder(name: str, use: Callable[[Path], object]) -> Callable[[Path], object]:
    """Use a folder in which the file has the name that is looked for."""

    def read(path: Path) -> object:
        folder = path.parent / "in"
        folder.mkdir(parents=True)
        if path.is_symlink() and not path.exists():
            (folder / name).symlink_to(name)
        else:
            (folder / name).symlink_to(path)
        return use(folder)

    return read


def key_ring(path: Path) -> object:
    ring = KeyRing(path)
    assert ring.key(KeyKind.MANAGEMENT) is None
    assert ring.problem is not None
    return ring.problem


def targets(suffix: str) -> Callable[[Path], object]:
    def read(folder: Path) -> object:
        files = TargetFiles([folder / f"targets.{suffix}"])
        assert not files.read()
        return files.problems

    return in_folder(f"targets.{suffix}", read)


def log(path: Path) -> object:
    reader = FileFollower(path, start=0)
    try:
        for _ in range(3):
            assert all(len(line) <= 1 << 16 for line in reader.read())
        return reader.problem
    finally:
        reader.close()


def limit(folder: Path) -> object:
    found = read_limit(folder)
    assert found == RequestLimit()
    return found


READERS: dict[str, tuple[Callable[[Path], object], type[Exception]]] = {
    "key file": (read_key_file, KeyFileError),
    "key ring": (key_ring, KeyFileError),
    "configuration": (read_config, ConfigError),
    "targets in JSON": (targets("json"), KeyFileError),
    "targets in YAML": (targets("yml"), KeyFileError),
    "picture": (lambda path: preview(DigitImage(path, None)), PayloadError),
    "picture's size": (lambda path: picture_size(DigitImage(path, None)), PayloadError),
    "picture to send": (lambda path: DigitImage(path, None).read(), PayloadError),
    "what the model sees": (
        lambda path: Preprocessing(HANDLER).see(DigitImage(path, None)),
        PayloadError,
    ),
    "archive": (read_archive, ArchiveError),
    "archive in tar": (in_folder("a.tar.gz", lambda d: read_archive(d / "a.tar.gz")), ArchiveError),
    "model store": (in_folder("a.mar", list_archives), ArchiveError),
    "archive's code": (Preprocessing(HANDLER).is_in, ArchiveError),
    "config.properties": (lambda path: look_at_config(path, MachineFacts(1, 1, 1)), BadHome),
    "record of a server": (ServerRecord.load, BadHome),
    "status of a server": (in_folder("server.json", lambda d: LocalServer(d).status()), BadHome),
    "experiments": (in_folder("experiments", lambda d: load_results("s", "m", home=d)), ValueError),
    "service times": (read_points, InvalidArgument),
    "test request": (Probe.of, InvalidArgument),
    "log": (log, ValueError),
    "end of a log": (lambda path: last_lines(path, 10), OSError),
    "start of a log's end": (lambda path: start_of_last(path, 10), OSError),
    "zone of a log": (in_folder("ts_log.log", lambda d: LogZone().look(d)), ValueError),
    "size limit in a log": (in_folder("ts_log.log", limit), ValueError),
    "recording": (Recording, RecordingError),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_reader_ends_with_a_value_or_its_own_error(
    kind: str, reader: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    HOSTILE[kind](path)
    read, error = READERS[reader]

    try:
        read(path)
    except error as refused:
        assert str(refused).strip()


def test_an_experiments_folder_with_other_files_in_it_has_no_results(tmp_path: Path) -> None:
    folder = tmp_path / "experiments"
    folder.mkdir()
    for number, make in enumerate(HOSTILE.values()):
        make(folder / f"{number}.json")

    assert load_results("s", "m", home=tmp_path) == []


@pytest.mark.parametrize("side", [10_000, 20_000])  # beyond our limit, and beyond Pillow's too
def test_a_picture_larger_than_can_be_shown_is_refused_without_a_warning(
    side: int, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "large.png"
    Image.new("1", (side, side)).save(path)

    for read in (preview, picture_size):
        with pytest.raises(PayloadError, match="pixels"):
            read(DigitImage(path, None))

    assert not recwarn.list
