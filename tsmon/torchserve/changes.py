"""The requests that change a server, as values: shown before they are sent, then sent so."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import httpx
from msgspec import Struct, field

from tsmon.torchserve.errors import InvalidArgument, Unaddressable

MODELS = "/models"
MOST_WORKERS = 1000
"""That one version is given; each is a process that loads the model."""


class Change(Struct, frozen=True):
    """One request to the management API; the key travels in a header and is no part of it."""

    method: str
    path: str
    """Quoted."""
    query: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.target}"

    @property
    def target(self) -> str:
        """The path and the query, as they go over the wire."""
        query = str(httpx.QueryParams(dict(self.query)))
        return f"{self.path}?{query}" if query else self.path


def register_change(parameters: Mapping[str, str | int], *, synchronous: bool = False) -> Change:
    """Registers an archive; `parameters` are those of a `Registration`."""
    return Change("POST", MODELS, {**parameters, **_synchronous(synchronous)})


def scale_change(
    name: str,
    workers: int,
    *,
    version: str | None = None,
    max_workers: int | None = None,
    synchronous: bool = False,
) -> Change:
    """Gives a version a number of workers.

    Raises:
        InvalidArgument: negative, more than any machine has room for, or 0 with a higher maximum,
            which would orphan processes.
    """
    most = workers if max_workers is None else max_workers
    check_workers(workers)
    check_workers(most)
    if most < workers:
        raise InvalidArgument(f"max workers ({most}) is less than min workers ({workers})")
    if workers == 0 and most > 0:
        raise InvalidArgument(
            "min workers 0 with a higher max leaves orphaned processes on the server",
            "set both to 0, or min workers to at least 1",
        )
    query = {"min_worker": workers, "max_worker": most, **_synchronous(synchronous)}
    return Change("PUT", model_path(name, version), query)


def unregister_change(name: str, version: str | None = None) -> Change:
    """Removes a version, or without one the default version."""
    return Change("DELETE", model_path(name, version))


def default_change(name: str, version: str) -> Change:
    """Makes a version the default one."""
    return Change("PUT", f"{model_path(name, version)}/set-default")


def model_path(name: str, version: str | None = None) -> str:
    """The path of a model or of one of its versions.

    Raises:
        InvalidArgument: there is no name, or TorchServe could not address it.
    """
    reject_slash(name)
    reject_slash(version or "")
    if not name:
        raise InvalidArgument("no model name given", "`tsmon models` lists them")
    path = f"{MODELS}/{segment(name)}"
    return f"{path}/{segment(version)}" if version else path


def segment(text: str) -> str:
    """A name as one segment of a path; `.` and `..` would otherwise be taken out of it."""
    return text.replace(".", "%2E") if text in {".", ".."} else quote(text, safe="")


def reject_slash(name: str) -> None:
    """Refuse a name that no path can lead to: TorchServe decodes a path before it splits it.

    Raises:
        Unaddressable: it has a slash.
    """
    if "/" in name:
        raise Unaddressable(
            f"{name!r} contains a slash, which TorchServe's management API cannot address",
            "register its archive under another name: tsmon register ARCHIVE --name NAME",
        )


def check_workers(workers: int) -> None:
    """Refuse a number of workers that is a slip of the finger: TorchServe would start them all.

    Raises:
        InvalidArgument: it is negative, or more than `MOST_WORKERS`.
    """
    at_least("workers", workers, 0)
    if workers > MOST_WORKERS:
        raise InvalidArgument(
            f"{workers:,} workers is too many", f"a version can have 0 to {MOST_WORKERS:,}"
        )


def at_least(what: str, value: int | None, least: int) -> None:
    """Refuse a number that is too small.

    Raises:
        InvalidArgument: it is.
    """
    if value is not None and value < least:
        raise InvalidArgument(f"{what}: {value} is less than {least}")


def _synchronous(wait: bool) -> dict[str, str | int]:
    return {"synchronous": "true" if wait else "false"}
