from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tsmon.serving.errors import ArchiveError
from tsmon.serving.model_store import ArchiveInfo, BadArchive, list_archives, read_archive

MANIFEST = {
    "runtime": "python",
    "model": {"modelName": "digits", "modelVersion": "1.2", "handler": "handler.py"},
}


def write_mar(path: Path, manifest: Any = MANIFEST) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
    return path


def test_reads_a_mar(tmp_path: Path) -> None:
    path = write_mar(tmp_path / "digits.mar")

    info = read_archive(path)

    assert (info.model_name, info.version, info.handler) == ("digits", "1.2", "handler.py")
    assert info.size == path.stat().st_size
    assert info.modified.timestamp() == pytest.approx(path.stat().st_mtime)


def test_reads_a_tar_gz(tmp_path: Path) -> None:
    path = tmp_path / "digits.tar.gz"
    text = json.dumps(MANIFEST).encode()
    member = tarfile.TarInfo("digits/MAR-INF/MANIFEST.json")
    member.size = len(text)
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(member, io.BytesIO(text))

    assert read_archive(path).model_name == "digits"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="No such archive"):
        read_archive(tmp_path / "no.mar")


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.mar").mkdir()

    with pytest.raises(ArchiveError, match="Cannot read"):
        read_archive(tmp_path / "a.mar")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off"])
@pytest.mark.parametrize("name", ["bad.mar", "bad.tar.gz"])
def test_what_is_no_archive(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ArchiveError, match="Not a model archive"):
        read_archive(tmp_path / name)


def test_a_zip_without_manifest(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.mar", "w") as archive:
        archive.writestr("other", "")

    with pytest.raises(ArchiveError, match=r"No MAR-INF/MANIFEST\.json"):
        read_archive(tmp_path / "a.mar")


def test_a_manifest_that_is_no_json(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.mar", "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", "{")

    with pytest.raises(ArchiveError, match="Not a model archive"):
        read_archive(tmp_path / "a.mar")


@pytest.mark.parametrize("manifest", [[], "text", {}, {"model": 1}, {"model": {"modelName": None}}])
def test_a_manifest_without_a_model(tmp_path: Path, manifest: Any) -> None:
    with pytest.raises(ArchiveError, match="names no model"):
        read_archive(write_mar(tmp_path / "a.mar", manifest))


def test_lists_the_good_and_the_bad_by_name(tmp_path: Path) -> None:
    write_mar(tmp_path / "b.mar")
    (tmp_path / "a.mar").write_text("not a zip")
    (tmp_path / "c.txt").touch()
    (tmp_path / "d.mar").mkdir()

    bad, good = list_archives(tmp_path)

    assert isinstance(bad, BadArchive)
    assert bad.path.name == "a.mar"
    assert "Not a model archive" in bad.error.message
    assert isinstance(good, ArchiveInfo)


def test_a_model_store_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert list_archives(tmp_path / "no") == []
