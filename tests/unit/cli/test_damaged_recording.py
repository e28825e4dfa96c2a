"""What the commands say of a damaged recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tsmon
from tests.unit.telemetry.recording.damaging import TICKS, WITH_SOME, WITHOUT_ANY, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "server.tsmon"
    write(path)
    return path


@pytest.mark.parametrize("kind", WITHOUT_ANY)
def test_a_file_of_which_nothing_can_be_read_is_one_error(
    kind: str, file: Path, tsmon: Tsmon
) -> None:
    WITHOUT_ANY[kind](file)

    for command in (["replay", "--csv"], ["replay", "--json"], ["replay"], ["events"]):
        ended = tsmon(command[0], str(file), *command[1:])

        assert ended.code in {1, 2}  # 2 where click itself sees that it is a folder, or no terminal
        assert ended.stdout == ""
        assert "Traceback" not in ended.stderr
        assert str(file) in ended.stderr or "terminal" in ended.stderr


@pytest.mark.parametrize("kind", WITH_SOME)
def test_of_a_damaged_file_the_rest_is_printed_and_the_damage_is_an_error(
    kind: str, file: Path, tsmon: Tsmon
) -> None:
    WITH_SOME[kind](file)

    printed = tsmon("replay", str(file), "--json")

    assert printed.code == 1
    assert f"{file} is damaged" in printed.stderr
    assert "Traceback" not in printed.stderr
    assert "description" in kind or printed.stdout.count("\n") >= TICKS // 4
    assert tsmon("events", str(file)).code == 1
