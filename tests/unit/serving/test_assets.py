from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tsmon.serving.assets import assets_root, digit_assets, numbers_page
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


def test_the_page_of_the_numbers_came_with_tsmon_or_is_said_to_be_missing(tmp_path: Path) -> None:
    assert numbers_page().startswith("# The numbers")
    with pytest.raises(AssetsMissing, match=r"metrics\.md"):
        numbers_page(tmp_path)


def test_a_wheel_takes_the_page_along() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert included["docs/metrics.md"] == "tsmon/assets/docs/metrics.md"
