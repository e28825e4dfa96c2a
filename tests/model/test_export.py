"""The ONNX file is the trained network in another form."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from model import export
from model.changed_report import prepare
from model.data import to_input
from model.export import export_network
from model.network import DigitNet

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "artifacts" / "mnist_cnn.pt"


def logits(file: Path, pictures: Tensor) -> Tensor:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (answer,) = session.run(["logits"], {"pictures": pictures.numpy()})
    return torch.from_numpy(answer)


@pytest.mark.parametrize("batch", [1, 8, 120])
def test_the_shipped_file_answers_as_the_weights_do(
    batch: int, network: DigitNet, samples: list[Path]
) -> None:
    files = [file.read_bytes() for file in samples]
    pictures = to_input(prepare(files))
    with torch.inference_mode():
        expected = network(pictures)
    file = WEIGHTS.with_suffix(".onnx")
    answers = torch.cat([logits(file, part) for part in torch.split(pictures, batch)])
    torch.testing.assert_close(answers, expected, atol=1e-5, rtol=1e-5)


def test_it_reads_the_test_digits_as_the_weights_do(
    network: DigitNet, mnist_test: tuple[Tensor, Tensor]
) -> None:
    for pictures in torch.split(to_input(mnist_test[0]), 500):
        with torch.inference_mode():
            expected = network(pictures)
        answers = logits(WEIGHTS.with_suffix(".onnx"), pictures)
        torch.testing.assert_close(answers, expected, atol=1e-5, rtol=1e-5)
        assert torch.equal(answers.argmax(dim=1), expected.argmax(dim=1))


def test_an_export_is_the_network_in_evaluation_mode(tmp_path: Path) -> None:
    network = DigitNet().train()
    export_network(network, tmp_path / "new" / "network.onnx")
    pictures = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network(pictures)
    answers = logits(tmp_path / "new" / "network.onnx", pictures)
    torch.testing.assert_close(answers, expected, atol=1e-4, rtol=1e-4)


def test_the_command_writes_beside_the_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "mine.pt"
    weights.write_bytes(WEIGHTS.read_bytes())
    assert export.main(["--weights", str(weights)]) == 0
    assert (tmp_path / "mine.onnx").stat().st_size > 1_000_000
    assert "mine.onnx" in capsys.readouterr().out.replace("\n", "")


def test_without_weights_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export.main(["--weights", str(tmp_path / "none.pt")]) == 1
    assert "no weights at" in capsys.readouterr().err


def test_without_onnx_the_command_says_so_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    out = tmp_path / "network.onnx"
    assert export.main(["--weights", str(WEIGHTS), "--out", str(out)]) == 1
    assert "onnx is not installed" in capsys.readouterr().err
    assert not out.exists()
