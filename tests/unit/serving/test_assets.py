from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.serving.assets import assets_root, digit_assets
from tsmon.serving.errors import AssetsMissing


def test_a_checkout_has_them_beside_the_package(tmp_path: Path) -> None:
    assert assets_root(tmp_path / "tsmon") == tmp_path


def test_a_wheel_has_them_inside(tmp_path: Path) -> None:
    (tmp_path / "tsmon" / "assets").mkdir(parents=True)

    assert assets_root(tmp_path / "tsmon") == tmp_path / "tsmon" / "assets"


def test_they_came_with_tsmon() -> None:
    assert digit_assets().weights.name == "mnist_cnn.pt"


def test_the_error_names_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "network.py").touch()

    with pytest.raises(AssetsMissing) as caught:
        digit_assets(tmp_path)

    assert "mnist_cnn.pt" in caught.value.message
    assert "network.py" not in caught.value.message
