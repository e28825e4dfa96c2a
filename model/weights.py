"""Reading and writing the trained weights."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from model.network import DigitNet

DEFAULT_WEIGHTS = Path("artifacts/mnist_cnn.pt")
"""As seen from the checkout, where the commands of this package are run."""


class WeightsError(Exception):
    """A weights file that is missing, damaged or of another network."""


def load_network(path: Path = DEFAULT_WEIGHTS) -> DigitNet:
    """The trained network, in evaluation mode.

    Raises:
        WeightsError: The file is missing, damaged or of another network.
    """
    network = DigitNet()
    try:
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError:
        raise WeightsError(f"no weights at {path}: train with `python -m model.train`") from None
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsError(f"{path} does not hold weights of this network: {error}") from error
    return network.eval()


def save_weights(network: nn.Module, path: Path) -> None:
    """Write the state_dict.

    Raises:
        OSError: The folder cannot be made or written to.
    """
    state = {name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}
    write_whole(path, lambda draft: torch.save(state, draft))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let *write* fill a draft, so that a reader sees the old file or the new one, never a half.

    Raises:
        OSError: The folder cannot be made or written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        os.close(handle)
        write(draft)
        draft.chmod(0o644)  # mkstemp made it readable by its owner only
        draft.replace(path)
    except BaseException:
        draft.unlink()
        raise
