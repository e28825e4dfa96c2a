"""The network and its weights file are what TorchServe's loader needs."""

from __future__ import annotations

import ast
import inspect
import pickle
from pathlib import Path

import pytest
import torch

import model.network
from model.network import DigitNet
from model.weights import WeightsError, load_network, save_weights

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "artifacts" / "mnist_cnn.pt"


def test_pictures_become_ten_logits_each() -> None:
    assert DigitNet()(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


def test_the_file_defines_exactly_one_class() -> None:
    classes = inspect.getmembers(
        model.network,
        lambda item: inspect.isclass(item) and item.__module__ == model.network.__name__,
    )
    assert [name for name, _ in classes] == ["DigitNet"]


def test_the_file_needs_nothing_but_torch() -> None:
    tree = ast.parse((ROOT / "model" / "network.py").read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    assert imported <= {"__future__", "typing", "torch"}


def test_the_trained_weights_fit_and_are_small(network: DigitNet) -> None:
    assert not network.training
    assert WEIGHTS.stat().st_size <= 2_000_000


def test_an_answer_does_not_depend_on_the_rest_of_the_batch(network: DigitNet) -> None:
    pictures = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        together = network(pictures)
        alone = torch.cat([network(picture.unsqueeze(0)) for picture in pictures])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_saved_weights_are_read_back(tmp_path: Path) -> None:
    saved = DigitNet()
    save_weights(saved, tmp_path / "new" / "weights.pt")
    loaded = load_network(tmp_path / "new" / "weights.pt")
    for name, tensor in saved.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_a_failed_save_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "weights.pt"
    file.write_bytes(b"old")

    def full_disk(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save_weights(DigitNet(), file)
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_missing_weights_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"python -m model\.train"):
        load_network(tmp_path / "none.pt")


@pytest.mark.parametrize(
    "content",
    [b"", b"not weights", pickle.dumps({"layer": 1}, protocol=2), WEIGHTS.read_bytes()[:5000]],
)
def test_other_files_are_refused_as_weights(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "other.pt"
    file.write_bytes(content)
    with pytest.raises(WeightsError, match="does not hold weights of this network"):
        load_network(file)
