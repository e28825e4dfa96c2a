"""The MNIST digits as tensors, wherever the files lie."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path

import torch
from torch import Tensor
from torchvision.datasets import MNIST

SHARED = Path("../shared/mnist")
"""A copy beside the checkout is used when there is one; it spares the download."""

DOWNLOADED = Path("data")


class MissingDataError(Exception):
    """The data set is neither on disk nor to be had from the network."""


def default_data_dir() -> Path:
    """The folder that holds, or will hold, torchvision's ``MNIST/raw``."""
    return SHARED if SHARED.is_dir() else DOWNLOADED


def load_digits(data_dir: Path, *, train: bool, download: bool = True) -> tuple[Tensor, Tensor]:
    """All pictures and labels of the training or the test part.

    Returns:
        Pictures, uint8 ``(N, 28, 28)``, and labels, int64 ``(N,)``; N is 60,000 or 10,000.

    Raises:
        MissingDataError: The files are absent, and are not to be had from the network.
    """
    try:
        dataset = MNIST(root=str(data_dir), train=train, download=False)
    except RuntimeError:
        if not download:
            raise MissingDataError(f"no MNIST in {data_dir}") from None
        dataset = _download(data_dir, train=train)
    return dataset.data, dataset.targets


def to_input(pictures: Tensor) -> Tensor:
    """Pictures of shape ``(N, 28, 28)`` in 0..255 as the network takes them: ``(N, 1, 28, 28)``."""
    return pictures.unsqueeze(1).to(torch.float32) / 255


def _download(data_dir: Path, *, train: bool) -> MNIST:
    try:
        with redirect_stdout(sys.stderr):  # stdout belongs to what a command was asked for
            return MNIST(root=str(data_dir), train=train, download=True)
    except (RuntimeError, OSError) as error:  # URLError is an OSError
        raise MissingDataError(
            f"no MNIST in {data_dir}, and downloading it failed: {error}\n"
            "Give the folder that holds MNIST/raw with --data-dir."
        ) from error
