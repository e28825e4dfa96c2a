"""Save real MNIST test digits as pictures: ``python -m model.extract_samples --out FOLDER``.

For trying the server out where the data set is at hand; the pictures are MNIST's, not ours. The
character before ``.png`` in a name is the digit: ``sample-017.7.png``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import Random

from PIL import Image
from rich.console import Console
from torch import Tensor

from model.arguments import count
from model.data import MissingDataError, default_data_dir, load_digits


def extract_samples(
    pictures: Tensor, labels: Tensor, folder: Path, total: int, seed: int
) -> list[Path]:
    """Save some of the pictures, drawn by chance; at most all of them.

    Args:
        pictures: uint8 ``(N, 28, 28)``.
        labels: int64 ``(N,)``.
        folder: Where the files go; made when missing.
        total: How many to save.
        seed: The same seed gives the same pictures.

    Returns:
        The files, in the order of their numbers.

    Raises:
        OSError: The folder cannot be made or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = Random(seed)  # noqa: S311 - no secret
    files = []
    for number, index in enumerate(random.sample(range(len(labels)), min(total, len(labels)))):
        file = folder / f"sample-{number:03}.{int(labels[index])}.png"
        Image.fromarray(pictures[index].numpy()).save(file)
        files.append(file)
    return files


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code: 0 done, 1 no digits or no place to write."""
    options = _parser().parse_args(arguments)
    try:
        digits = load_digits(options.data_dir, train=False)
        files = extract_samples(*digits, options.out, options.count, options.seed)
    except (MissingDataError, OSError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        return 1
    Console().print(f"{len(files)} digits in {options.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m model.extract_samples", description="Save MNIST test digits as pictures."
    )
    add = parser.add_argument
    add(
        "--data-dir",
        type=Path,
        default=default_data_dir(),
        help="folder that holds MNIST/raw; default: %(default)s",
    )
    add("--out", type=Path, required=True, help="folder for the pictures")
    add("--count", type=count, default=100, help="default: %(default)s")
    add("--seed", type=int, default=1, help="default: %(default)s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
