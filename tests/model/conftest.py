"""What the tests of the network, its handler and its samples share."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from torch import Tensor

    from model.network import DigitNet

ROOT = Path(__file__).resolve().parents[2]
MISSING = [name for name in ("torch", "torchvision", "ts") if find_spec(name) is None]

# Preparing a picture needs Pillow alone; all else needs the server extra.
collect_ignore_glob = ["test_[!p]*.py"] if MISSING else []


def pytest_report_header() -> str | None:
    if MISSING:
        return f"tests/model: only the picture tests run, {' and '.join(MISSING)} not installed"
    return None


@pytest.fixture(scope="session")
def network() -> DigitNet:
    """The trained network that the project ships."""
    from model.weights import load_network

    return load_network(ROOT / "artifacts" / "mnist_cnn.pt")


@pytest.fixture(scope="session")
def mnist_test() -> tuple[Tensor, Tensor]:
    """The 10,000 MNIST test digits, where the data set is at hand; nothing is downloaded."""
    from model.data import MissingDataError, load_digits

    for folder in (ROOT.parent / "shared" / "mnist", ROOT / "data"):
        try:
            return load_digits(folder, train=False, download=False)
        except MissingDataError:
            continue
    pytest.skip(
        "MNIST is neither in ../shared/mnist nor in data/: run `python -m model.train` once"
    )


@pytest.fixture(scope="session")
def samples() -> list[Path]:
    """The sample pictures that the project ships."""
    return sorted((ROOT / "artifacts" / "samples").glob("*.png"))
