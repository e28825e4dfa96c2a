"""ping, predict, send."""

from __future__ import annotations

from base64 import b64decode
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


@pytest.mark.parametrize("command", ["send", "predict"])
def test_the_person_says_where_the_class_is(
    tsmon: Tsmon, server: FakeTorchServe, digits: Path, command: str
) -> None:
    server.load("mnist")
    answer = httpx.Response(200, json={"id": 4, "best": [{"value": 7}]})
    server.fail("/predictions", answer)
    what = [str(digits)] if command == "send" else [str(digits / "a.7.png")]

    unknown = tsmon(command, "mnist", *what, "--json").json
    named = tsmon(command, "mnist", *what, "--json", "--answer", "best.0.value").json

    assert {each["correct"] for each in unknown} == {None}
    assert {each["answer"] for each in unknown} == {'{"id":4,"best":[{"value":7}]}'}
    assert {each["predicted"] for each in named} == {"7"}


def test_answers_without_a_digit_are_no_wrong_ones(
    tsmon: Tsmon, server: FakeTorchServe, digits: Path
) -> None:
    server.load("mnist")
    server.fail("/predictions", httpx.Response(200, json={"best": [7]}))

    ended = tsmon("send", "mnist", str(digits), "-n", "3")

    assert "3 sent, 1 without a label" in ended.stderr
    assert "correct" not in ended.stderr
    assert "2 without a digit in the answer (--answer PATH)" in ended.stderr


def test_a_file_of_labels_is_what_answers_are_compared_with(
    tsmon: Tsmon, server: FakeTorchServe, digits: Path, tmp_path: Path
) -> None:
    server.load("mnist")
    (tmp_path / "truth.csv").write_text("a.7.png,1\nb.3.png,7\nc.png,7\n")

    answers = tsmon("send", "mnist", str(digits), "--labels", str(tmp_path / "truth.csv"), "--json")

    labels = {Path(each["file"]).name: each["actual"] for each in answers.json}
    assert set(labels.items()) <= {("a.7.png", "1"), ("b.3.png", "7"), ("c.png", "7")}


def test_an_answer_path_without_a_step_is_refused(tsmon: Tsmon, digits: Path) -> None:
    ended = tsmon("send", "mnist", str(digits), "--answer", "..")

    assert ended.code == 2
    assert "'..' is not a valid path into an answer" in ended.stderr


@pytest.mark.parametrize(
    ("name", "given", "sent"),
    [
        ("a.json", (), "application/json"),
        ("a.txt", (), "text/plain"),
        ("a.7.png", (), "application/octet-stream"),
        ("a.txt", ("--content-type", "application/x-ndjson"), "application/x-ndjson"),
    ],
)
def test_a_file_goes_with_its_content_type(
    tsmon: Tsmon,
    server: FakeTorchServe,
    tmp_path: Path,
    name: str,
    given: tuple[str, ...],
    sent: str,
) -> None:
    server.load("mnist")
    (tmp_path / name).write_text("{}")

    assert tsmon("predict", "mnist", str(tmp_path / name), *given).stdout == "7\n"
    assert server.requests[-1].headers["content-type"] == sent


def test_json_has_the_whole_answer_whatever_it_is(
    tsmon: Tsmon, server: FakeTorchServe, digits: Path
) -> None:
    server.load("mnist")
    file = str(digits / "a.7.png")

    server.fail("/predictions", httpx.Response(200, text="x" * 500), times=1)
    (text,) = tsmon("predict", "mnist", file, "--json").json
    server.fail("/predictions", httpx.Response(200, content=b"\x89PNG\xff\x00"), times=1)
    (binary,) = tsmon("predict", "mnist", file, "--json").json

    assert text["answer"] == "x" * 500
    assert binary["answer"] is None
    assert b64decode(binary["answer_base64"]) == b"\x89PNG\xff\x00"
    assert binary["predicted"] is None
