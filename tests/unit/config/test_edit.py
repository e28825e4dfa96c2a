"""Keeping settings in a file: what it says then, and when it is left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tsmon.config.commented import commented
from tsmon.config.edit import forget, keep
from tsmon.config.errors import ConfigError
from tsmon.config.files import read

PERIOD = ("monitor", "period")
MINE = "# mine\n[monitor]\nperiod = 2  # slow\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "config.toml"


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_a_new_file_explains_every_setting(file: Path) -> None:
    keep(file, {PERIOD: 2.0})

    assert file.read_text() == commented().replace(
        "# period = 1.0\n", "# period = 1.0\nperiod = 2\n"
    )


def test_comments_stay_and_nothing_is_left_beside_the_file(file: Path) -> None:
    keep(written(file, MINE), {PERIOD: 3.5, ("monitor", "span"): 300.0})

    assert file.read_text() == "# mine\n[monitor]\nperiod = 3.5  # slow\nspan = 300\n"
    assert list(file.parent.iterdir()) == [file]


def test_a_path_below_the_file_is_written_relative_to_it(file: Path, tmp_path: Path) -> None:
    inside, outside = file.parent / "digits", tmp_path / "elsewhere"

    keep(
        file,
        {
            ("monitor", "samples"): inside,
            ("monitor", "drawings"): outside,
            ("fleet", "file_sd"): (inside / "*.json",),
        },
    )

    assert 'samples = "digits"\n' in file.read_text()
    assert 'file_sd = ["digits/*.json"]\n' in file.read_text()
    assert read(file)["monitor"] == {"samples": inside, "drawings": outside}
    assert read(file)["fleet"] == {"file_sd": (inside / "*.json",)}


def test_a_wrong_file_is_not_overwritten(file: Path) -> None:
    written(file, "[monitor]\nperoid = 2\n")

    with pytest.raises(ConfigError, match=r"line 2: monitor.peroid"):
        keep(file, {PERIOD: 3.0})
    with pytest.raises(ConfigError, match=r"line 2: monitor.peroid"):
        forget(file, [PERIOD])

    assert file.read_text() == "[monitor]\nperoid = 2\n"


def test_a_wrong_value_leaves_the_file_as_it_is(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"monitor.period: 0 is less than 0.2"):
        keep(written(file, MINE), {("monitor", "span"): 300.0, PERIOD: 0.0})

    assert file.read_text() == MINE


def test_a_link_stays_one_and_the_rights_too(file: Path, tmp_path: Path) -> None:
    real = written(tmp_path / "dotfiles" / "tsmon.toml", MINE)
    real.chmod(0o600)
    file.parent.mkdir()
    file.symlink_to(real)

    keep(file, {PERIOD: 3.0})

    assert file.is_symlink()
    assert "period = 3 " in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o600


def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a file that can be written"):
        keep(Path(os.devnull), {PERIOD: 3.0})

    assert not forget(Path(os.devnull), [PERIOD])


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")

    with pytest.raises(ConfigError, match="cannot be written"):
        keep(tmp_path / "taken" / "config.toml", {PERIOD: 3.0})


def test_what_is_forgotten_leaves_the_file_alone_otherwise(file: Path) -> None:
    written(file, MINE)

    assert forget(file, [PERIOD, ("monitor", "span")])
    assert file.read_text() == "# mine\n[monitor]\n"
    assert not forget(file, [PERIOD])


def test_a_server_in_a_table_of_one_line_is_changed_too(file: Path) -> None:
    written(file, "[monitor]\n[servers]\nprod = { url = 'x' }\n")

    keep(file, {("servers", "prod", "url"): "y"})

    assert read(file)["servers"] == {"prod": {"url": "y"}}
