from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tsmon.serving import extras
from tsmon.serving.archive import ArchiveFormat, ArchiveSpec, build_archive, digit_archive_spec
from tsmon.serving.errors import ArchiveError, ArchiveExists, MissingExtra
from tsmon.serving.model_store import read_archive

pytest.importorskip("model_archiver")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    for name in ("handler.py", "network.py", "weights.pt", "names.json", "requirements.txt"):
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def spec(sources: Path, tmp_path: Path) -> ArchiveSpec:
    return ArchiveSpec(
        model_name="digits",
        version="2.0",
        handler=sources / "handler.py",
        model_file=sources / "network.py",
        serialized_file=sources / "weights.pt",
        export_path=tmp_path / "store",
    )


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_builds_an_archive_with_all_it_was_given(spec: ArchiveSpec, sources: Path) -> None:
    folder = sources / "more"
    folder.mkdir()
    (folder / "inner.txt").touch()
    spec = replace(
        spec,
        extra_files=(sources / "names.json", folder),
        requirements_file=sources / "requirements.txt",
    )

    path = build_archive(spec)

    assert path == spec.export_path / "digits.mar"
    assert set(zipfile.ZipFile(path).namelist()) == {
        "MAR-INF/MANIFEST.json",
        "handler.py",
        "inner.txt",
        "names.json",
        "network.py",
        "requirements.txt",
        "weights.pt",
    }
    info = read_archive(path)
    assert (info.model_name, info.version, info.handler) == ("digits", "2.0", "handler.py")


def test_leaves_nothing_but_the_archive(spec: ArchiveSpec) -> None:
    build_archive(spec)

    assert files_in(spec.export_path) == ["digits.mar"]


@pytest.mark.parametrize(
    ("archive_format", "name"),
    [("zip-store", "digits.mar"), ("tgz", "digits.tar.gz"), ("no-archive", "digits")],
)
def test_other_formats_can_be_built_and_replaced(
    spec: ArchiveSpec, archive_format: ArchiveFormat, name: str
) -> None:
    spec = replace(spec, archive_format=archive_format)

    build_archive(spec)
    build_archive(replace(spec, force=True))

    assert files_in(spec.export_path) == [name]


def test_paths_with_characters_that_the_archiver_takes_for_patterns(
    spec: ArchiveSpec, sources: Path
) -> None:
    folder = sources / "a [b] * ?"
    folder.mkdir()
    (folder / "names.json").touch()

    path = build_archive(replace(spec, extra_files=(folder / "names.json",)))

    assert "names.json" in zipfile.ZipFile(path).namelist()


def test_relative_paths(spec: ArchiveSpec, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sources)

    path = build_archive(
        replace(spec, handler="handler.py", model_file=Path("network.py"), export_path=Path())
    )

    assert path.resolve() == sources / "digits.mar"


def test_the_digit_model_is_complete(tmp_path: Path) -> None:
    path = build_archive(digit_archive_spec(tmp_path, version="3.1", model_name="mine"))

    expected = {"network.py", "mnist_handler.py", "preprocess.py", "mnist_cnn.pt", "mnist_cnn.onnx"}
    assert expected <= set(zipfile.ZipFile(path).namelist())
    info = read_archive(path)
    assert (info.model_name, info.version) == ("mine", "3.1")


def test_an_archive_is_not_replaced_unasked(spec: ArchiveSpec) -> None:
    path = build_archive(spec)
    before = path.read_bytes()

    with pytest.raises(ArchiveExists, match=r"digits\.mar already exists"):
        build_archive(replace(spec, version="3.0"))

    assert path.read_bytes() == before


def test_force_replaces_it(spec: ArchiveSpec) -> None:
    build_archive(spec)

    path = build_archive(replace(spec, version="3.0", force=True))

    assert read_archive(path).version == "3.0"


def test_a_failed_build_leaves_the_old_archive_and_nothing_else(spec: ArchiveSpec) -> None:
    path = build_archive(spec)
    before = path.read_bytes()

    with pytest.raises(ArchiveError, match=r"archiver failed.*invalid choice"):
        build_archive(replace(spec, runtime="ruby", force=True))

    assert path.read_bytes() == before
    assert files_in(spec.export_path) == ["digits.mar"]


def test_never_touches_a_folder_of_the_models_name_in_the_temporary_folder(
    spec: ArchiveSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archiver by itself deletes it."""
    precious = tmp_path / spec.model_name
    precious.mkdir()
    (precious / "file").touch()
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    build_archive(spec)

    assert files_in(precious) == ["file"]


Change = Callable[[ArchiveSpec], ArchiveSpec]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: replace(s, model_name=""), "Not a valid model name"),
        (lambda s: replace(s, model_name="a/b"), "Not a valid model name"),
        (lambda s: replace(s, model_name="../a"), "Not a valid model name"),
        (lambda s: replace(s, model_name="-a"), "Not a valid model name"),
        (lambda s: replace(s, model_name="a\n"), "Not a valid model name"),
        (lambda s: replace(s, version=" "), "version is empty"),
        (lambda s: replace(s, model_file=Path("no.py")), r"model file does not exist: no\.py"),
        (lambda s: replace(s, serialized_file=Path("no.pt")), "serialized file does not exist"),
        (lambda s: replace(s, handler="no.py"), "handler does not exist"),
        (lambda s: replace(s, extra_files=(Path("no"),)), "extra file does not exist"),
        (lambda s: replace(s, requirements_file=Path("no")), "requirements file does not exist"),
        (lambda s: replace(s, config_file=Path("no")), "config file does not exist"),
        (lambda s: replace(s, model_file=Path("/")), "model file is a folder"),
        (lambda s: replace(s, export_path=s.model_file), "Not a folder"),
        (lambda s: replace(s, extra_files=(s.model_file,)), r"Two files.*network\.py"),
    ],
)
def test_what_cannot_work_is_refused_first(spec: ArchiveSpec, change: Change, message: str) -> None:
    with pytest.raises(ArchiveError, match=message) as caught:
        build_archive(change(spec))

    assert caught.value.hint
    assert not spec.export_path.exists()


def test_a_comma_in_an_extra_file(spec: ArchiveSpec, sources: Path) -> None:
    (sources / "a,b").touch()

    with pytest.raises(ArchiveError, match="comma"):
        build_archive(replace(spec, extra_files=(sources / "a,b",)))


def test_a_built_in_handler_needs_no_file(spec: ArchiveSpec) -> None:
    path = build_archive(replace(spec, handler="image_classifier"))

    assert read_archive(path).handler == "image_classifier"


def test_a_misspelt_built_in_handler_gets_the_right_names(spec: ArchiveSpec) -> None:
    with pytest.raises(ArchiveError) as caught:
        build_archive(replace(spec, handler="image_clasifier"))

    assert "image_classifier" in caught.value.hint


def test_an_export_path_that_cannot_be_made(spec: ArchiveSpec, sources: Path) -> None:
    with pytest.raises(ArchiveError, match="Cannot write"):
        build_archive(replace(spec, export_path=sources / "handler.py" / "store"))


@pytest.mark.parametrize("field", ["model_name", "model_file", "handler"])
def test_a_name_that_is_too_long_is_an_error_of_the_archive(spec: ArchiveSpec, field: str) -> None:
    long = "x" * 300
    spec.export_path.mkdir()
    changed = {field: long if field == "model_name" else Path(long)}
    with pytest.raises(ArchiveError, match=r"Cannot use .*x{300}.*: File name too long"):
        build_archive(replace(spec, **changed))


def test_without_the_archiver(spec: ArchiveSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)

    with pytest.raises(MissingExtra) as caught:
        build_archive(spec)

    assert "torch-model-archiver" in caught.value.message
    assert "pip install 'tsmon[server]'" in caught.value.hint
