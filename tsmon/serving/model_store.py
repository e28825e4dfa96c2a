"""Reads what lies in a model store: the manifests of model archives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from tsmon.serving.errors import ArchiveError
from tsmon.units import MIB
from tsmon.untrusted.archives import BadArchiveFile, read_member, read_tar_member
from tsmon.untrusted.json import BadJson, parse_json

_ARCHIVES = (".mar", ".model", ".tar.gz")
_MANIFEST = "MAR-INF/MANIFEST.json"
_REBUILD = "Rebuild it: tsmon archive --force"


class ArchiveInfo(Struct, frozen=True):
    """What an archive's manifest and its file say.

    Attributes:
        handler: file name inside the archive, or the name of a built-in handler.
        size: in bytes.
        modified: when the file was last written, local time with its zone.
    """

    path: Path
    model_name: str
    version: str
    handler: str
    runtime: str
    size: int
    modified: datetime


class BadArchive(Struct, frozen=True):
    """An archive that cannot be read, and why."""

    path: Path
    error: ArchiveError


def read_archive(path: Path) -> ArchiveInfo:
    """Read the manifest of a `.mar` or `.tar.gz` archive.

    Raises:
        ArchiveError: there is none, or TorchServe would not accept it either.
    """
    try:
        manifest = parse_json(_manifest_text(path))
        stat = path.stat()
    except FileNotFoundError:
        raise ArchiveError(f"No such archive: {path}", "Build it: tsmon archive") from None
    except KeyError:
        raise ArchiveError(f"No {_MANIFEST} in {path}", _REBUILD) from None
    except (BadArchiveFile, BadJson) as error:
        raise ArchiveError(f"Not a model archive: {path} ({error})", _REBUILD) from error
    except OSError as error:
        raise ArchiveError(f"Cannot read {path}: {error.strerror or error}") from error
    model = _model_section(manifest, path)
    return ArchiveInfo(
        path=path,
        model_name=model["modelName"],
        version=str(model.get("modelVersion", "")),
        handler=str(model.get("handler", "")),
        runtime=str(manifest.get("runtime", "python")),
        size=stat.st_size,
        modified=datetime.fromtimestamp(stat.st_mtime).astimezone(),
    )


def list_archives(folder: Path) -> list[ArchiveInfo | BadArchive]:
    """All `.mar` files of a model store by name; never raises."""
    try:
        paths = sorted(path for path in folder.glob("*.mar") if path.is_file())
    except OSError:
        return []
    return [_read_or_say_why(path) for path in paths]


def archive_names(folder: Path) -> list[str]:
    """The names of the `.mar` files of a model store, unread; never raises."""
    try:
        return sorted(path.name for path in folder.glob("*.mar") if path.is_file())
    except OSError:
        return []


def folders_without_model(store: Path) -> list[str]:
    """The folders that `load_models=all` takes for models though they have no manifest.

    Raises:
        OSError: the store cannot be read.
    """
    return sorted(
        each.name
        for each in store.iterdir()
        if each.is_dir() and not each.name.startswith(".") and not (each / _MANIFEST).is_file()
    )


def loadable(store: Path) -> list[str]:
    """What `load_models=all` loads of a store, without folders that are no models.

    Raises:
        OSError: the store cannot be read.
    """
    others = folders_without_model(store)
    return sorted(
        each.name
        for each in store.iterdir()
        if not each.name.startswith(".")
        and (each.name not in others if each.is_dir() else each.name.endswith(_ARCHIVES))
    )


def _read_or_say_why(path: Path) -> ArchiveInfo | BadArchive:
    try:
        return read_archive(path)
    except ArchiveError as error:
        return BadArchive(path, error)


def _manifest_text(path: Path) -> bytes:
    if path.name.endswith(".tar.gz"):
        # The archiver puts everything of a .tar.gz in a folder named after the model.
        return read_tar_member(path, _MANIFEST, MIB)
    return read_member(path, _MANIFEST, MIB)


def _model_section(manifest: Any, path: Path) -> Mapping[str, Any]:
    model = manifest.get("model") if isinstance(manifest, dict) else None
    if not isinstance(model, dict) or not isinstance(model.get("modelName"), str):
        raise ArchiveError(f"The manifest of {path} names no model", _REBUILD)
    return model
