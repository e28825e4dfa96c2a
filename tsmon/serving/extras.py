"""Says which packages of `tsmon[server]` are missing, without importing any of them."""

from __future__ import annotations

from importlib.util import find_spec

from tsmon.serving.errors import MissingExtra

# torchserve declares neither torch nor yaml nor numpy, yet none of its workers lives without them.
_SERVER = {"ts": "torchserve", "torch": "torch", "yaml": "pyyaml", "numpy": "numpy"}
_ARCHIVER = {"model_archiver": "torch-model-archiver"}


def require_server() -> None:
    """Check that TorchServe and what its workers import is installed.

    Raises:
        MissingExtra: names what is not.
    """
    _require(_SERVER)


def require_archiver() -> None:
    """Check that torch-model-archiver is installed.

    Raises:
        MissingExtra: it is not.
    """
    _require(_ARCHIVER)


def _require(packages: dict[str, str]) -> None:
    missing = [package for module, package in packages.items() if find_spec(module) is None]
    if missing:
        raise MissingExtra(missing)
