"""What a digit costs in a worker of the digit model, without a server around it.

``python -m benchmarks.handler_alone ARCHIVE`` loads the archive as a worker does, hands it the
sample pictures in batches over a socket, and prints milliseconds of CPU for each digit as JSON.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import socket
import statistics
import struct
import sys
import tempfile
import time
import zipfile
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from tsmon.serving.assets import digit_assets

BATCHES = (1, 2, 8)
ROUNDS = 5
HEADERS = {"Host": "127.0.0.1:8080", "Content-Type": "image/png", "Content-Length": "300"}
REQUEST_ID = b"0f2d2f32-4e0d-4b0c-9a5c-2d9a3b9a4b5c"
END = struct.pack("!i", -1)


class Timed:
    """A step that remembers its last result, and the milliseconds of CPU which that took."""

    def __init__(self, step: Callable[[Any], Any]) -> None:
        self._step = step
        self.result: Any = None
        self.ms = 0.0

    def __call__(self, given: Any) -> Any:
        """Do the step."""
        began = time.process_time()
        self.result = self._step(given)
        self.ms = 1000 * (time.process_time() - began)
        return self.result


class Worker:
    """The model of an archive's folder, as a worker of TorchServe has it."""

    def __init__(self, folder: Path) -> None:
        import ts
        from torch.fx.experimental.optimization import fuse
        from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl
        from ts.model_loader import TsModelLoader

        from model.weights import load_network

        lines = MetricsCacheYamlImpl(str(Path(ts.__file__).parent / "configs/metrics.yaml"))
        lines.initialize_cache()
        lines.model_name = "mnist"
        sys.path.insert(0, str(folder))
        self._service = TsModelLoader().load(
            "mnist", str(folder), "mnist_handler.py", batch_size=max(BATCHES), metrics_cache=lines
        )
        self._service.set_cl_socket(None)
        handler = self._service._entry_point.__self__
        self._steps = {
            "prepare": Timed(handler.preprocess),
            "network": Timed(handler.inference),
            "answer": Timed(handler.postprocess),
        }
        handler.preprocess, handler.inference, handler.postprocess = self._steps.values()
        network = load_network(digit_assets().weights)
        self._ways = deque(
            [
                ("alone", Timed(handler.model)),
                ("alone, folded", Timed(fuse(network))),
                ("alone, in torch", Timed(network)),
            ]
        )
        self._client, self._server = socket.socketpair()

    def answer(self, pictures: Sequence[bytes]) -> dict[str, float]:
        """Milliseconds for a batch: in the worker, and for the parts of it."""
        from ts.protocol.otf_message_handler import retrieve_msg

        self._client.sendall(_message(pictures))
        began = time.process_time()
        _, batch = retrieve_msg(self._server)
        self._server.sendall(self._service.predict(batch))
        worker = 1000 * (time.process_time() - began)
        self._client.recv(1 << 20)
        parts = {name: step.ms for name, step in self._steps.items()}
        parts["protocol"] = worker - sum(parts.values())
        return parts | self._by_way(self._steps["prepare"].result)

    def _by_way(self, seen: list[Any]) -> dict[str, float]:
        """The network in each way, each of them first in its turn: the first has a cold cache."""
        import torch
        from torchvision.transforms.functional import to_tensor

        tensor = torch.stack([to_tensor(each) for each in seen])
        self._ways.rotate()
        with torch.inference_mode():
            for _, run in self._ways:
                run(tensor)
        return {f"network {way}": run.ms for way, run in sorted(self._ways, key=itemgetter(0))}


def _message(pictures: Sequence[bytes]) -> bytes:
    """A batch as TorchServe hands it to a worker."""
    head = b"".join(_sized(part.encode()) for pair in HEADERS.items() for part in pair)
    before = _sized(REQUEST_ID) + head + END + _sized(b"body") + _sized(b"image/png")
    return b"I" + b"".join(before + _sized(each) + END for each in pictures) + END


def _sized(content: bytes) -> bytes:
    return struct.pack("!i", len(content)) + content


def measure(worker: Worker, pictures: Sequence[bytes], size: int) -> dict[str, float]:
    """Milliseconds for each digit in batches of this size: medians over the rounds."""
    batches = [pictures[first : first + size] for first in range(0, len(pictures), size)]
    rounds: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        total: dict[str, float] = defaultdict(float)
        for batch in batches:
            for part, took in worker.answer(batch).items():
                total[part] += took
        for part, took in total.items():
            rounds[part].append(took / len(pictures))
    return {part: statistics.median(took) for part, took in rounds.items()}


def main() -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks.handler_alone", description=__doc__)
    parser.add_argument("archive", type=Path)
    archive = parser.parse_args().archive
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # as `tsmon serve` sets it
        os.environ[name] = "1"
    pictures = [file.read_bytes() for file in sorted(digit_assets().samples.glob("*.png"))]
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nothing:
        logging.basicConfig(stream=nothing, level=logging.INFO)
        zipfile.ZipFile(archive).extractall(folder)
        worker = Worker(Path(folder))
        measure(worker, pictures, max(BATCHES))
        print(json.dumps({size: measure(worker, pictures, size) for size in BATCHES}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
