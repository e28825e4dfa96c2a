"""Finds the files that came with tsmon: in a checkout beside the package, in a wheel inside.

They are what `tsmon demo` serves and sends, and the page that explains the numbers.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from msgspec.structs import astuple

from tsmon.serving.errors import AssetsMissing

_PACKAGE = Path(__file__).resolve().parents[1]


class DigitAssets(Struct, frozen=True):
    """Where the digit model is: the files of its archive, and a folder of digits to send."""

    model_file: Path
    handler: Path
    preprocess: Path
    weights: Path
    onnx: Path
    samples: Path


def assets_root(package: Path = _PACKAGE) -> Path:
    """The folder that holds `model/`, `handler/`, `artifacts/` and `docs/`."""
    installed = package / "assets"
    return installed if installed.is_dir() else package.parent


def digit_assets(root: Path | None = None) -> DigitAssets:
    """The digit model below *root* (default: the one that came with tsmon).

    Raises:
        AssetsMissing: a part of it is not there.
    """
    root = root or assets_root()
    assets = DigitAssets(
        model_file=root / "model" / "network.py",
        handler=root / "handler" / "mnist_handler.py",
        preprocess=root / "handler" / "preprocess.py",
        weights=root / "artifacts" / "mnist_cnn.pt",
        onnx=root / "artifacts" / "mnist_cnn.onnx",
        samples=root / "artifacts" / "samples",
    )
    if missing := [str(path) for path in astuple(assets) if not path.exists()]:
        raise AssetsMissing(
            f"Parts of the digit model are missing: {', '.join(missing)}",
            "Restore them with git, or rebuild them: make train samples",
        )
    return assets


def numbers_page(root: Path | None = None) -> str:
    """The page that explains each number, in Markdown.

    Raises:
        AssetsMissing: it is not there.
    """
    page = (root or assets_root()) / "docs" / "metrics.md"
    try:
        return page.read_text("utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise AssetsMissing(f"cannot read {page}: {reason}", "Reinstall tsmon") from None
