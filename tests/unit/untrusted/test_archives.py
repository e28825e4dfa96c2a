"""One member of an archive is read within limits, whatever the archive claims."""

from __future__ import annotations

import io
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tsmon.units import MIB
from tsmon.untrusted import archives
from tsmon.untrusted.archives import BadArchiveFile, read_member, read_tar_member
from tsmon.untrusted.files import FileTooLarge, NotRegular

NAME = "MAR-INF/MANIFEST.json"


def zipped(path: Path, content: bytes = b"{}", name: str = NAME) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


def tarred(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_a_member_is_read(tmp_path: Path) -> None:
    assert read_member(zipped(tmp_path / "a.mar"), NAME, 10) == b"{}"
    plain = tarfile.TarInfo(f"digits/{NAME}")
    assert read_tar_member(tarred(tmp_path / "a.tar.gz", (plain, b"{}")), NAME, 10) == b"{}"


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    bomb = bytes(50 * MIB)
    plain = tarfile.TarInfo(NAME)
    with pytest.raises(FileTooLarge):
        read_member(zipped(tmp_path / "a.mar", bomb), NAME, MIB)
    with pytest.raises(FileTooLarge):
        read_tar_member(tarred(tmp_path / "a.tar.gz", (plain, bomb)), NAME, MIB)


def test_a_tar_file_is_not_unpacked_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_UNPACKED", 2 * MIB)
    before, plain = tarfile.TarInfo("weights"), tarfile.TarInfo(NAME)
    path = tarred(tmp_path / "a.tar.gz", (before, bytes(5 * MIB)), (plain, b"{}"))

    with pytest.raises(BadArchiveFile, match="unpacks to more than 2 MiB"):
        read_tar_member(path, NAME, MIB)


def test_a_header_that_claims_a_gigabyte_takes_none(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 30
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        assert archive.fileobj is not None
        archive.fileobj.write(header.tobuf() + bytes(10_240))

    with pytest.raises(BadArchiveFile, match="claims"):
        read_tar_member(path, NAME, MIB)


def test_a_directory_of_too_many_members_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "LARGEST_READ", 64 * 1024)
    path = tmp_path / "a.mar"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2_000):
            archive.writestr(f"a/{number}", b"")

    with pytest.raises(BadArchiveFile, match="claims"):
        read_member(path, NAME, MIB)


def test_a_link_is_not_followed_and_nothing_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    link = tarfile.TarInfo(NAME)
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
    upwards = tarfile.TarInfo("../../escaped")
    path = tarred(tmp_path / "a.tar.gz", (link, b""), (upwards, b"x"))

    with pytest.raises(KeyError):
        read_tar_member(path, NAME, MIB)

    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.tar.gz", "secret"]


@pytest.mark.parametrize("path", [Path("/dev/zero"), Path("/")])
def test_what_is_no_file_is_refused(path: Path) -> None:
    with pytest.raises(NotRegular):
        read_member(path, NAME, MIB)
    with pytest.raises(NotRegular):
        read_tar_member(path, NAME, MIB)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.mar")
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag of the local header, and that of the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)

    with pytest.raises(BadArchiveFile):
        read_member(path, NAME, MIB)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), tar=st.booleans())
def test_damaged_bytes_give_a_documented_error(
    data: st.DataObject, tar: bool, tmp_path: Path
) -> None:
    path = tmp_path / ("b.tar.gz" if tar else "b.mar")
    plain = tarfile.TarInfo(NAME)
    content = bytearray((tarred(path, (plain, b"{}")) if tar else zipped(path)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])

    with suppress(BadArchiveFile, KeyError, OSError):
        (read_tar_member if tar else read_member)(path, NAME, MIB)
