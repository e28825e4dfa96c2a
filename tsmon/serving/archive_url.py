"""What to call an archive in a registration, so that TorchServe finds it."""

from __future__ import annotations

from pathlib import Path

from tsmon.serving.errors import ArchiveError
from tsmon.untrusted.files import expand_home


def archive_url(archive: str, model_store: Path | None, *, local: bool, container: str = "") -> str:
    """The `url` to register for a file name, a path or a URL.

    TorchServe takes the names of files directly in its model store and refuses every path. A path
    on this machine, where the server is `local`, becomes the name if it leads into `model_store`
    and else a file:// URL, which TorchServe copies into its store. A server in a `container` sees
    nothing of this machine but that folder.

    Raises:
        ArchiveError: the archive is where the container does not see it.
    """
    path = expand_home(archive)
    if "://" in archive or archive == path.name or not local or not is_file(path):
        return archive
    if model_store is not None and path.resolve().parent == model_store.resolve():
        return path.name
    if container:
        raise ArchiveError(
            f"The container {container} does not see {path}",
            f"Put the archive into its model store, {model_store}",
        )
    return path.resolve().as_uri()


def is_file(path: Path) -> bool:
    """Whether it is a file that can be looked at; a name that is too long is none."""
    try:
        return path.is_file()
    except OSError:
        return False
