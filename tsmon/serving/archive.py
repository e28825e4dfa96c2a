"""Builds model archives (.mar) with torch-model-archiver, without ever leaving half of one."""

from __future__ import annotations

import glob
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from tsmon.serving.assets import digit_assets
from tsmon.serving.errors import ArchiveError, ArchiveExists
from tsmon.serving.extras import require_archiver

BUILT_IN_HANDLERS = frozenset(
    {
        "base_handler",
        "image_classifier",
        "image_segmenter",
        "object_detector",
        "text_classifier",
    }
)
"""Handlers that TorchServe brings along, given by name instead of by file."""

ArchiveFormat = Literal["default", "zip-store", "tgz", "no-archive"]
Runtime = Literal["python", "python3", "LSP"]

DIGIT_BATCH_SIZE = 8
"""How many requests a worker of the digit model takes at once, when so many wait.

Half as many requests again per second at 10 connections as one by one: see benchmarks/README.md.
"""
DIGIT_BATCH_DELAY_MS = 0
"""A worker takes what waits already and never waits for more, so a lone request loses nothing.

TorchServe 0.12 then takes two at once at most, see docs/advice.md.
"""

_SUFFIXES: dict[ArchiveFormat, str] = {
    "default": ".mar",
    "zip-store": ".mar",
    "tgz": ".tar.gz",
    "no-archive": "",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-.]*")


class ArchiveSpec(Struct, frozen=True, kw_only=True):
    """What goes into an archive and where it is written.

    Attributes:
        handler: a Python file, or the name of one of `BUILT_IN_HANDLERS`.
        model_file: the network's source; none for TorchScript models.
        extra_files: files and folders (their contents) that the handler imports or reads.
        export_path: the folder that gets the archive, usually a model store.
        force: replace an archive of that name.
    """

    model_name: str
    handler: Path | str
    export_path: Path
    version: str = "1.0"
    model_file: Path | None = None
    serialized_file: Path | None = None
    extra_files: tuple[Path, ...] = ()
    requirements_file: Path | None = None
    config_file: Path | None = None
    runtime: Runtime = "python"
    archive_format: ArchiveFormat = "default"
    force: bool = False

    @property
    def target(self) -> Path:
        """The archive that the build will make."""
        return self.export_path / f"{self.model_name}{_SUFFIXES[self.archive_format]}"


def digit_archive_spec(
    export_path: Path,
    *,
    version: str = "1.0",
    model_name: str = "mnist",
    force: bool = False,
) -> ArchiveSpec:
    """The digit model that tsmon brings along.

    Raises:
        AssetsMissing: its files are not there.
    """
    assets = digit_assets()
    return ArchiveSpec(
        model_name=model_name,
        version=version,
        model_file=assets.model_file,
        serialized_file=assets.weights,
        handler=assets.handler,
        extra_files=(assets.preprocess, assets.onnx),
        export_path=export_path,
        force=force,
    )


def build_archive(spec: ArchiveSpec) -> Path:
    """Build the archive, and only when it is complete put it at `spec.target`.

    Raises:
        ArchiveExists: the target is there and `spec.force` is not set.
        ArchiveError: a file is missing, the name is not acceptable or the archiver failed.
        MissingExtra: torch-model-archiver is not installed.
    """
    require_archiver()
    try:
        _check(spec)
    except OSError as error:  # such as a name that is too long
        path = error.filename or spec.target
        raise ArchiveError(f"Cannot use {path}: {error.strerror or error}") from error
    try:
        spec.export_path.mkdir(parents=True, exist_ok=True)
        # Hidden, since TorchServe takes every visible folder of a model store for a model.
        with tempfile.TemporaryDirectory(prefix=".tsmon-", dir=spec.export_path) as folder:
            staging = Path(folder)
            _run_archiver(spec, staging)
            _publish(staging / "out" / spec.target.name, spec.target, staging / "old")
    except OSError as error:
        raise ArchiveError(f"Cannot write {spec.target}: {error.strerror or error}") from error
    return spec.target


def _check(spec: ArchiveSpec) -> None:
    if not _NAME.fullmatch(spec.model_name):
        raise ArchiveError(
            f"Not a valid model name: {spec.model_name!r}",
            "Use letters, digits, '_', '-' and '.', with a letter or digit first",
        )
    if not spec.version.strip():
        raise ArchiveError("The version is empty", "Give one such as 1.0")
    if spec.export_path.exists() and not spec.export_path.is_dir():
        raise ArchiveError(f"Not a folder: {spec.export_path}", "Choose another export path")
    members = list(_members(spec))
    for role, path in members:
        _check_member(role, path)
    _check_distinct([path for _, path in members])
    if spec.target.exists() and not spec.force:
        raise ArchiveExists(spec.target)


def _members(spec: ArchiveSpec) -> Iterator[tuple[str, Path]]:
    """What goes into the archive, each with the role to name it by in an error."""
    single = {
        "model file": spec.model_file,
        "serialized file": spec.serialized_file,
        "handler": _handler_file(spec),
        "requirements file": spec.requirements_file,
        "config file": spec.config_file,
    }
    yield from ((role, path) for role, path in single.items() if path is not None)
    yield from (("extra file", path) for path in spec.extra_files)


def _handler_file(spec: ArchiveSpec) -> Path | None:
    if str(spec.handler) in BUILT_IN_HANDLERS or spec.runtime == "LSP":
        return None
    return Path(spec.handler)


def _check_member(role: str, path: Path) -> None:
    if not path.exists():
        hint = "Check the path"
        if role == "handler":
            hint += f", or name a built-in handler: {', '.join(sorted(BUILT_IN_HANDLERS))}"
        raise ArchiveError(f"The {role} does not exist: {path}", hint)
    if path.is_dir() and role != "extra file":
        raise ArchiveError(f"The {role} is a folder: {path}", "Give a file")
    if role == "extra file" and "," in str(path.resolve()):
        raise ArchiveError(
            f"The archiver cannot take a path with a comma: {path.resolve()}",
            "Rename it or copy the file elsewhere",
        )


def _check_distinct(paths: list[Path]) -> None:
    """An archive is flat: the archiver lets the last of two files of one name win, silently."""
    names = Counter(name for path in paths for name in _archived_names(path))
    if twice := sorted(name for name, count in names.items() if count > 1):
        raise ArchiveError(
            f"Two files would be named {twice[0]} in the archive", "Rename one of them"
        )


def _archived_names(path: Path) -> list[str]:
    return [child.name for child in path.iterdir()] if path.is_dir() else [path.name]


def _run_archiver(spec: ArchiveSpec, staging: Path) -> None:
    """Let torch-model-archiver write to `staging/out`.

    A process of its own since the archiver first deletes and then fills a folder of the model's
    name in the system's temporary folder: with TMPDIR that is a folder of ours.
    """
    output, scratch = staging / "out", staging / "tmp"
    output.mkdir()
    scratch.mkdir()
    result = subprocess.run(
        [sys.executable, "-m", "model_archiver.model_packaging", *_arguments(spec, output)],
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        raise ArchiveError(
            f"torch-model-archiver failed: {lines[-1] if lines else result.returncode}",
            "Nothing was written",
        )


def _arguments(spec: ArchiveSpec, output: Path) -> Iterator[str]:
    handler = _handler_file(spec)
    extra_files = [glob.escape(str(path.resolve())) for path in spec.extra_files]
    options: dict[str, str | Path | None] = {
        "--model-name": spec.model_name,
        "--version": spec.version,
        "--handler": handler.resolve() if handler else str(spec.handler),
        "--model-file": spec.model_file,
        "--serialized-file": spec.serialized_file,
        "--extra-files": ",".join(extra_files),
        "--requirements-file": spec.requirements_file,
        "--config-file": spec.config_file,
        "--runtime": spec.runtime,
        "--archive-format": spec.archive_format,
        "--export-path": output.resolve(),
    }
    # As one word each: a version such as -1 must not look like an option.
    return (f"{option}={value}" for option, value in options.items() if value)


def _publish(built: Path, target: Path, old: Path) -> None:
    """Move the finished archive to its place; a folder cannot be replaced in one step."""
    if target.is_dir():
        target.rename(old)
    built.replace(target)
