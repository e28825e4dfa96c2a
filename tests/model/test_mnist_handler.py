"""The handler answers every row of a batch, whatever the other rows are.

It is loaded by TorchServe's own loader, from a folder in which the files lie as in the archive.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageOps
from ts.context import Context, RequestProcessor
from ts.model_loader import TsModelLoader

from handler.preprocess import to_digit
from model.export import export_network
from model.network import DigitNet

ROOT = Path(__file__).resolve().parents[2]
FILES = (
    "model/network.py",
    "artifacts/mnist_cnn.pt",
    "artifacts/mnist_cnn.onnx",
    "handler/mnist_handler.py",
    "handler/preprocess.py",
)
MANIFEST = {"model": {"modelFile": "network.py", "serializedFile": "mnist_cnn.pt"}}


@dataclass
class Answer:
    """What TorchServe sends to one client."""

    status: int
    content_type: str | None
    body: str

    @property
    def json(self) -> Any:
        assert self.content_type == "application/json"
        return json.loads(self.body)


@dataclass
class Server:
    """Passes batches to the handler as a worker of TorchServe does."""

    service: Any
    times: dict[str, float] = field(default_factory=dict)

    def ask(
        self, *rows: dict[str, Any], headers: list[dict[str, str]] | None = None
    ) -> list[Answer]:
        context: Context = self.service.context
        context.metrics = self
        context.request_processor = [
            RequestProcessor(each) for each in headers or [{} for _ in rows]
        ]
        bodies = self.service._entry_point(list(rows), context)
        assert len(bodies) == len(rows)
        return [
            Answer(context.get_response_status(i)[0], context.get_response_content_type(i), body)
            for i, body in enumerate(bodies)
        ]

    def add_time(self, name: str, value: float, *_: object) -> None:
        """Take the handler's metrics."""
        self.times[name] = value


def archived(folder: Path) -> Path:
    """The folder, with the files as in the archive."""
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    (folder / "MAR-INF").mkdir()
    (folder / "MAR-INF" / "MANIFEST.json").write_text(json.dumps(MANIFEST))
    return folder


@contextmanager
def loaded(folder: Path) -> Iterator[Server]:
    """The model of an archive's folder, as a worker loads it."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield Server(TsModelLoader().load("mnist", str(folder), "mnist_handler.py", batch_size=4))
    for name in {"network", "mnist_handler", "preprocess"} - before:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with loaded(archived(tmp_path_factory.mktemp("archive"))) as server:
        yield server


@pytest.fixture(scope="module")
def digits(samples: list[Path]) -> list[bytes]:
    """A file for each digit, in their order."""
    return [file.read_bytes() for file in samples[:10]]


def test_the_answer_is_the_digit_as_plain_text(server: Server, digits: list[bytes]) -> None:
    assert server.ask({"body": digits[7]}) == [Answer(200, "text/plain", "7")]


def test_every_row_of_a_batch_gets_its_own_answer(server: Server, digits: list[bytes]) -> None:
    answers = server.ask(*({"body": digit} for digit in digits))
    assert [answer.body for answer in answers] == list("0123456789")


@pytest.mark.parametrize(
    "accept", ["application/json", "text/html, application/json;q=0.9", "Application/JSON"]
)
@pytest.mark.parametrize("name", ["Accept", "accept"])
def test_json_has_the_digit_and_ten_probabilities(
    name: str, accept: str, server: Server, digits: list[bytes]
) -> None:
    [answer] = server.ask({"body": digits[3]}, headers=[{name: accept}])
    assert answer.status == 200
    assert answer.json["digit"] == 3
    probabilities = answer.json["probabilities"]
    assert len(probabilities) == 10
    assert sum(probabilities) == pytest.approx(1, abs=1e-5)
    assert max(probabilities) == probabilities[3]


@pytest.mark.parametrize("accept", ["*/*", "text/plain", "application/*", ""])
def test_any_other_accept_header_means_text(
    accept: str, server: Server, digits: list[bytes]
) -> None:
    [answer] = server.ask({"body": digits[3]}, headers=[{"Accept": accept}])
    assert answer == Answer(200, "text/plain", "3")


def test_each_row_has_its_own_accept_header(server: Server, digits: list[bytes]) -> None:
    rows = [{"body": digit} for digit in digits[:3]]
    headers = [{"Accept": "application/json"}, {}, {"accept": "application/json"}]
    answers = server.ask(*rows, headers=headers)
    assert [answer.content_type for answer in answers] == [
        "application/json",
        "text/plain",
        "application/json",
    ]
    assert (answers[0].json["digit"], answers[1].body, answers[2].json["digit"]) == (0, "1", 2)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "no picture came"),
        ({"body": bytearray()}, "no picture came"),
        ({"file": b"in a field of another name"}, "no picture came"),
        ({"body": bytearray(b"hello")}, "not a PNG or JPEG"),
        ({"body": "hello, world"}, "not the base64 text of a picture"),
        ({"body": "größer"}, "not the base64 text of a picture"),
        ({"body": base64.b64encode(b"hello").decode()}, "not a PNG or JPEG"),
        ({"body": {"instances": []}}, "the body is JSON"),
    ],
)
def test_what_is_no_picture_gets_400_in_torchserves_shape(
    row: dict[str, Any], reason: str, server: Server
) -> None:
    [answer] = server.ask(row)
    assert answer.status == 400
    assert answer.json["code"] == 400
    assert answer.json["type"] == "BadRequestException"
    assert reason in answer.json["message"]


def test_a_picture_that_is_cut_off_gets_400(server: Server, digits: list[bytes]) -> None:
    [answer] = server.ask({"body": digits[0][:-40]})
    assert answer.status == 400
    assert "damaged or cut off" in answer.json["message"]


def test_bad_rows_do_not_disturb_the_good_ones(server: Server, digits: list[bytes]) -> None:
    answers = server.ask({"body": b"x"}, {"body": digits[5]}, {}, {"data": digits[8]})
    assert [answer.status for answer in answers] == [400, 200, 400, 200]
    assert (answers[1].body, answers[3].body) == ("5", "8")


def test_a_batch_of_bad_rows_is_answered(server: Server) -> None:
    assert [answer.status for answer in server.ask({}, {"body": b"x"})] == [400, 400]


def test_a_request_for_an_explanation_spoils_no_prediction(
    server: Server, digits: list[bytes]
) -> None:
    headers = [{"explain": "True"}, {}]
    answers = server.ask({"body": digits[1]}, {"body": digits[2]}, headers=headers)
    assert answers[0].status == 400
    assert "no explanations" in answers[0].json["message"]
    assert answers[1].body == "2"


@pytest.mark.parametrize("field_name", ["body", "data"])
def test_the_picture_comes_as_body_or_form_field_in_bytes_or_base64(
    field_name: str, server: Server, digits: list[bytes]
) -> None:
    text = base64.encodebytes(digits[4]).decode()  # in lines, as mail and command lines make it
    forms = [digits[4], bytearray(digits[4]), text, f"data:image/png;base64,{text}"]
    assert [answer.body for answer in server.ask(*({field_name: form} for form in forms))] == [
        "4"
    ] * 4


def test_pictures_of_any_kind_are_read(server: Server, digits: list[bytes]) -> None:
    digit = Image.open(io.BytesIO(digits[9]))
    paper = ImageOps.invert(digit.resize((300, 300))).convert("RGB")
    ink = Image.new("RGBA", digit.size, "black")
    ink.putalpha(digit)
    files = [_encoded(paper, "JPEG"), _encoded(ink, "PNG"), _encoded(digit.convert("P"), "PNG")]
    assert [answer.body for answer in server.ask(*({"body": file} for file in files))] == ["9"] * 3


def test_probabilities_are_those_of_the_network(
    server: Server, digits: list[bytes], network: torch.nn.Module
) -> None:
    [answer] = server.ask({"body": digits[6]}, headers=[{"Accept": "application/json"}])
    seen = to_digit(Image.open(io.BytesIO(digits[6])))
    pixels = torch.tensor(list(seen.tobytes())) / 255
    with torch.inference_mode():
        expected = network(pixels.view(1, 1, 28, 28)).softmax(dim=1)[0]
    torch.testing.assert_close(torch.tensor(answer.json["probabilities"]), expected)


def test_the_handlers_time_is_measured(server: Server, digits: list[bytes]) -> None:
    server.times.clear()
    server.ask({"body": digits[0]})
    assert server.times["HandlerTime"] >= 0


IN_ONNX_RUNTIME = "the network runs in ONNX Runtime"
FOLDED = "the network runs in torch with folded batch normalisation"


def without_onnx_runtime(_: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, "onnxruntime", None)


def without_the_onnx_file(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "mnist_cnn.onnx").unlink()


def with_a_damaged_onnx_file(folder: Path, _: pytest.MonkeyPatch) -> None:
    file = folder / "mnist_cnn.onnx"
    file.write_bytes(file.read_bytes()[:5000])


def with_the_onnx_file_of_other_weights(folder: Path, _: pytest.MonkeyPatch) -> None:
    export_network(DigitNet(), folder / "mnist_cnn.onnx")


def with_nothing_but_the_network(folder: Path, patch: pytest.MonkeyPatch) -> None:
    without_onnx_runtime(folder, patch)
    patch.setattr("torch.fx.experimental.optimization.fuse", _cannot_fuse)


def _cannot_fuse(_: torch.nn.Module) -> torch.nn.Module:
    raise RuntimeError("cannot be traced")


@pytest.mark.parametrize(
    ("damage", "way", "reason"),
    [
        (lambda *_: None, IN_ONNX_RUNTIME, None),
        (without_onnx_runtime, FOLDED, "onnxruntime"),
        (without_the_onnx_file, FOLDED, "mnist_cnn.onnx"),
        (with_a_damaged_onnx_file, FOLDED, "Protobuf parsing failed"),
        (with_the_onnx_file_of_other_weights, FOLDED, "not those of the weights"),
        (with_nothing_but_the_network, "the network runs in torch", "cannot be traced"),
    ],
)
def test_the_network_runs_in_the_fastest_way_that_gives_its_answers(
    damage: Callable[[Path, pytest.MonkeyPatch], None],
    way: str,
    reason: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    server: Server,
    digits: list[bytes],
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    folder = archived(tmp_path)
    damage(folder, monkeypatch)
    with caplog.at_level(logging.INFO, "mnist_handler"), loaded(folder) as other:
        said = [record.getMessage() for record in caplog.records if record.name == "mnist_handler"]
        rows = [{"body": digit} for digit in digits]
        wants = [{"Accept": "application/json"} for _ in digits]
        answers = [answer.json for answer in other.ask(*rows, headers=wants)]
    assert said[-1] == way
    if reason is None:
        assert len(said) == 1
    else:
        assert reason in "\n".join(said[:-1])
    expected = [answer.json for answer in server.ask(*rows, headers=wants)]
    assert [answer["digit"] for answer in answers] == list(range(10))
    for answer, other_answer in zip(answers, expected, strict=True):
        assert answer["probabilities"] == pytest.approx(other_answer["probabilities"], abs=1e-5)


def test_all_shipped_samples_at_once(server: Server, samples: list[Path]) -> None:
    answers = server.ask(*({"body": file.read_bytes()} for file in samples))
    right = [answer.body == file.name[-5] for answer, file in zip(answers, samples, strict=True)]
    assert sum(right) / len(right) >= 0.98


def test_the_handler_can_be_imported_from_the_checkout() -> None:
    from handler.mnist_handler import MnistHandler
    from handler.preprocess import PictureError

    assert MnistHandler.__module__ == "handler.mnist_handler"
    assert issubclass(PictureError, ValueError)


def _encoded(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()
