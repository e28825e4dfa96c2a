"""Write the trained network as an ONNX file, for ONNX Runtime: ``python -m model.export``.

It goes into the archive beside the weights; the handler uses it where ONNX Runtime is installed.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

import torch
from rich.console import Console
from torch import nn

from model.weights import DEFAULT_WEIGHTS, WeightsError, load_network, write_whole

OPSET = 17
"""Read by ONNX Runtime 1.13 and later."""


def export_network(network: nn.Module, path: Path) -> None:
    """Write the network in evaluation mode; the number of pictures in a batch stays open.

    Raises:
        OSError: The folder cannot be made or written to.
        torch.onnx.errors.OnnxExporterError: The package onnx is not installed.
    """
    with warnings.catch_warnings():
        # The newer exporter makes a graph with more steps, and takes another package.
        warnings.simplefilter("ignore", DeprecationWarning)
        write_whole(
            path,
            lambda draft: torch.onnx.export(
                network.eval(),
                (torch.zeros(2, 1, 28, 28),),
                draft,
                dynamo=False,
                opset_version=OPSET,
                input_names=["pictures"],
                output_names=["logits"],
                dynamic_axes={"pictures": {0: "batch"}, "logits": {0: "batch"}},
            ),
        )


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code: 0 done, 1 no weights, no place to write, or no onnx."""
    options = _parser().parse_args(arguments)
    out = options.out or options.weights.with_suffix(".onnx")
    try:
        export_network(load_network(options.weights), out)
    except (OSError, WeightsError, torch.onnx.errors.OnnxExporterError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        return 1
    Console().print(f"network in {out}", markup=False)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m model.export", description="Write the digit network as an ONNX file."
    )
    add = parser.add_argument
    add("--weights", type=Path, default=DEFAULT_WEIGHTS, help="default: %(default)s")
    add("--out", type=Path, help="default: beside the weights")
    return parser


if __name__ == "__main__":
    sys.exit(main())
