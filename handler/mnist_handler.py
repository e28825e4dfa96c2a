"""The TorchServe handler that answers with the digit in a picture.

A request's body is a PNG or JPEG file of any size and colour, or its base64 text. The answer is the
digit as plain text, or with ``Accept: application/json`` the digit and the probability of each one.
A body that is no picture gets status 400 and an error in TorchServe's own shape; the other requests
of its batch do not notice.

TorchServe expects exactly one class in this file, and these names of its methods. Its official
image runs Python 3.9, so this file and its neighbour do without anything newer.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.fx.experimental import optimization
from torchvision import transforms
from ts.context import Context
from ts.torch_handler.base_handler import BaseHandler

if __package__:  # in the checkout, this folder is a package
    from .preprocess import SIDE, PictureError, read_picture, to_digit
else:  # in the archive, all files lie side by side on the path
    from preprocess import (  # type: ignore[import-not-found, no-redef]
        SIDE,
        PictureError,
        read_picture,
        to_digit,
    )

Row = dict[str, Any]
"""One request of a batch: the picture is under ``body``, or ``data`` when sent as a form."""

Network = Callable[[Tensor], Tensor]
"""Pictures of shape ``(N, 1, 28, 28)`` to logits of shape ``(N, 10)``."""

ONNX_FILE = "mnist_cnn.onnx"
"""The network for ONNX Runtime, if the archive has it."""
_SAME = 1e-4
"""Logits that differ by no more are the same; they reach from -10 to 20."""

_to_tensor = transforms.ToTensor()
_log = logging.getLogger(__name__)


class MnistHandler(BaseHandler):  # type: ignore[misc]
    """Reads the digits in a batch of pictures.

    TorchServe calls `initialize` once, and for each batch `handle`. That is the base class's, it
    passes the batch through preprocess, inference and postprocess. A row that fails travels along
    as its error, so that every other row gets its answer.
    """

    def initialize(self, context: Context) -> None:
        """Load the network and run it once: the first run is slow, no client should wait for it."""
        super().initialize(context)
        if self.device.type == "cpu":
            self.model: Any = fastest(self.model, Path(context.system_properties["model_dir"]))
        self.inference([Image.new("L", (SIDE, SIDE))])

    def preprocess(self, data: list[Row]) -> list[Image.Image | PictureError]:
        """What the network is to see for each row, or what is wrong with the row."""
        return [self._picture(index, row) for index, row in enumerate(data)]

    def inference(
        self, data: list[Image.Image | PictureError], *args: Any, **kwargs: Any
    ) -> list[list[float] | PictureError]:
        """The probabilities for each picture, found in one run of the network; errors as given."""
        pictures = [item for item in data if isinstance(item, Image.Image)]
        answers = iter(self._probabilities(pictures) if pictures else [])
        return [item if isinstance(item, PictureError) else next(answers) for item in data]

    def postprocess(self, data: list[list[float] | PictureError]) -> list[str]:
        """The body for each row; statuses and content types go to the context."""
        return [self._body(index, item) for index, item in enumerate(data)]

    def _picture(self, index: int, row: Row) -> Image.Image | PictureError:
        try:
            if self.context.get_request_header(index, "explain") == "True":
                raise PictureError("this model gives no explanations, only predictions")
            return to_digit(read_picture(_sent_bytes(row)))
        except PictureError as error:
            return error

    def _probabilities(self, pictures: list[Image.Image]) -> list[list[float]]:
        # One strip of all pictures becomes a tensor in the time of one picture.
        strip = b"".join(picture.tobytes() for picture in pictures)
        tensor = _to_tensor(Image.frombytes("L", (SIDE, SIDE * len(pictures)), strip))
        with torch.inference_mode():
            logits: Tensor = self.model(tensor.view(-1, 1, SIDE, SIDE).to(self.device))
            probabilities: list[list[float]] = logits.softmax(dim=1).tolist()
        return probabilities

    def _body(self, index: int, item: list[float] | PictureError) -> str:
        if isinstance(item, PictureError):
            self.context.set_response_status(400, "Bad Request", index)
            self.context.set_response_content_type(index, "application/json")
            error = {"code": 400, "type": "BadRequestException", "message": str(item)}
            return json.dumps(error, indent=2) + "\n"
        digit = max(range(10), key=item.__getitem__)
        if not _wants_json(self.context, index):
            self.context.set_response_content_type(index, "text/plain")
            return str(digit)
        self.context.set_response_content_type(index, "application/json")
        return json.dumps({"digit": digit, "probabilities": item})

    def _is_explain(self) -> bool:
        # The base class asks the first row alone, and then explains the whole batch: one client at
        # /explanations would spoil the predictions of others. So each row is asked in `_picture`.
        return False


def fastest(network: nn.Module, folder: Path) -> Network:
    """The fastest way on a CPU to get the network's answers, with what the archive's folder has."""
    ways: dict[str, Callable[[], Network]] = {
        "ONNX Runtime": lambda: _in_onnx_runtime(folder / ONNX_FILE),
        "torch with folded batch normalisation": lambda: optimization.fuse(network),
    }
    for way, load in ways.items():
        run = _checked(load, network, way)
        if run is not None:
            _log.info("the network runs in %s", way)
            return run
    _log.info("the network runs in torch")
    return network


def _checked(load: Callable[[], Network], network: nn.Module, way: str) -> Network | None:
    """What *load* gives, or None where that fails or has other answers than the network."""
    probe = torch.rand(2, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    try:
        run = load()
        with torch.inference_mode():
            if not torch.allclose(run(probe), network(probe), atol=_SAME, rtol=_SAME):
                raise ValueError("its answers are not those of the weights")
    except Exception as error:  # noqa: BLE001  whatever it is, the network itself can be run
        _log.warning("not using %s: %s", way, str(error).partition("\n")[0])
        return None
    return run


def _in_onnx_runtime(file: Path) -> Network:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # A digit is too little work to share, and threads that wait for one another spin.
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda pictures: torch.from_numpy(session.run(None, {name: pictures.numpy()})[0])


def _sent_bytes(row: Row) -> bytes:
    """The picture's file as the client sent it.

    Raises:
        PictureError: There is none, or it is neither bytes nor base64 text.
    """
    sent = row.get("data", row.get("body"))
    if not sent:
        raise PictureError("no picture came, neither as the body nor as a form's field 'data'")
    if isinstance(sent, (bytes, bytearray)):
        return bytes(sent)
    if not isinstance(sent, str):
        raise PictureError("the body is JSON; send the picture's bytes or their base64 text")
    try:
        text = sent.rpartition(",")[2]  # a data URL has a head that ends in a comma
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:  # binascii.Error is one; so is what letters beyond ASCII raise
        raise PictureError("the body is text, but not the base64 text of a picture") from None


def _wants_json(context: Context, index: int) -> bool:
    """Whether the request names JSON in its Accept header; ``*/*`` is content with text."""
    headers = context.get_all_request_header(index)
    # TorchServe keeps the names as the client wrote them.
    accepted = ",".join(str(value) for name, value in headers.items() if name.lower() == "accept")
    kinds = (part.partition(";")[0].strip() for part in accepted.lower().split(","))
    return "application/json" in kinds
