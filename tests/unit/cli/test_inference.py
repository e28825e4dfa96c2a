"""ping, predict, send."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """A folder with a seven, a three and a picture without a label."""
    folder = tmp_path / "digits"
    folder.mkdir()
    for name in ("a.7.png", "b.3.png", "c.png"):
        Image.new("L", (28, 28)).save(folder / name)
    return folder


def test_ping_prints_the_servers_word(tsmon: Tsmon) -> None:
    assert tsmon("ping").stdout == "Healthy\n"


def test_an_unhealthy_server_fails_the_ping(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.fail("/ping", httpx.Response(500, json={"status": "Unhealthy"}))

    ended = tsmon("ping")

    assert (ended.code, ended.stdout) == (1, "Unhealthy\n")


def test_one_file_prints_the_bare_answer(
    tsmon: Tsmon, server: FakeTorchServe, digits: Path
) -> None:
    server.load("mnist")

    assert tsmon("predict", "mnist", str(digits / "a.7.png")).stdout == "7\n"


def test_several_files_print_each_answer_beside_its_file(
    tsmon: Tsmon, server: FakeTorchServe, digits: Path
) -> None:
    server.load("mnist")

    ended = tsmon("predict", "mnist", str(digits / "a.7.png"), str(digits / "gone.png"))

    assert ended.code == 1
    lines = ended.stdout.splitlines()
    assert lines[0].endswith("\t7")
    assert "cannot read" in lines[1]


def test_send_prints_the_predicted_and_actual_table_and_the_score(
    tsmon: Tsmon, server: FakeTorchServe, digits: Path
) -> None:
    server.load("mnist")

    ended = tsmon("send", "mnist", str(digits), "-n", "3")

    assert ended.code == 0
    assert ended.stdout.splitlines()[0].split()[:2] == ["Predicted", "Actual"]
    assert "1 of 2 correct" in ended.stderr
    assert "1 without a label" in ended.stderr


def test_send_gives_each_answer_as_json(tsmon: Tsmon, server: FakeTorchServe, digits: Path) -> None:
    server.load("mnist")

    answers = tsmon("send", "mnist", str(digits), "-n", "6", "-c", "3", "--json").json

    assert len(answers) == 6
    assert {answer["predicted"] for answer in answers} == {"7"}
    assert {answer["correct"] for answer in answers} == {True, False, None}


def test_the_same_seed_sends_the_same_digits(
    tsmon: Tsmon, server: FakeTorchServe, digits: Path
) -> None:
    server.load("mnist")

    runs = [
        [answer["file"] for answer in tsmon(*_send(digits), "--seed", "5").json] for _ in range(2)
    ]

    assert runs[0] == runs[1]


def test_a_model_without_workers_fails_the_send_and_says_why(
    tsmon: Tsmon, server: FakeTorchServe, digits: Path
) -> None:
    server.load("mnist", workers=0)

    ended = tsmon("send", "mnist", str(digits), "-n", "2")

    assert ended.code == 1
    assert "it has no workers; `tsmon scale mnist 1` starts one" in ended.stderr


def test_an_empty_folder_is_an_error_not_an_empty_table(tsmon: Tsmon, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    ended = tsmon("send", "mnist", str(tmp_path / "empty"))

    assert ended.code == 1
    assert "no PNG or JPEG images" in ended.stderr


def _send(digits: Path) -> tuple[str, ...]:
    return "send", "mnist", str(digits), "-n", "3", "--json"
