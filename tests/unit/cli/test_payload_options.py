"""predict, send, load and experiment take the same payloads by the same options."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tests.fake.loopback import Loopback, beside
from tests.unit.cli.conftest import Finished, Tsmon

COMMANDS = ("predict", "send", "load", "experiment")


@pytest.fixture
def loopback(tmp_path: Path) -> Iterator[Loopback]:
    with beside(key_file=tmp_path / "key_file.json") as listening:
        yield listening


@pytest.fixture
def server(loopback: Loopback) -> FakeTorchServe:
    loopback.fake.load("mnist")
    return loopback.fake


Ask = Callable[..., Finished]


@pytest.fixture
def ask(tsmon: Tsmon, server: FakeTorchServe) -> Ask:
    """Runs one of the four commands so that it sends little."""

    def call(command: str, *words: str) -> Finished:
        little = {
            "send": ["-n", "2"],
            "load": ["-n", "2"],
            "experiment": ["--workers", "1", "--batches", "2", "--warm-up", "0"],
        }
        at = ["--inference-url", server.addresses.inference]
        at += ["--management-url", server.addresses.management]
        return tsmon(command, "mnist", *words, *little.get(command, []), *at)

    return call


def asked(server: FakeTorchServe) -> httpx.Request:
    """The last request to the inference API."""
    paths = ("/predictions", "/explanations", "/v1/", "/v2/")
    return next(each for each in reversed(server.requests) if each.url.path.startswith(paths))


@pytest.mark.parametrize("command", COMMANDS)
def test_any_file_goes_with_its_type(
    ask: Ask, server: FakeTorchServe, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "question.json"
    file.write_text('{"text": "seven"}')

    assert ask(command, str(file)).code == 0

    assert asked(server).headers["content-type"] == "application/json"
    assert asked(server).content == b'{"text": "seven"}'


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_without_images_is_one_of_its_other_files(
    ask: Ask, server: FakeTorchServe, tmp_path: Path, command: str
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("one")

    assert ask(command, str(folder)).code == 0

    assert asked(server).content == b"one"
    assert asked(server).headers["content-type"] == "text/plain"


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_folder_is_said_to_be_one(ask: Ask, tmp_path: Path, command: str) -> None:
    (tmp_path / "empty").mkdir()

    ended = ask(command, str(tmp_path / "empty"))

    assert ended.code == 1
    assert "no PNG or JPEG images, and no other files" in ended.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_each_line_is_a_request(
    ask: Ask, server: FakeTorchServe, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "two.jsonl"
    file.write_text('{"a": 1}\n\n{"a": 1}\n')

    assert ask(command, str(file), "--lines").code == 0

    assert asked(server).content == b'{"a": 1}'
    assert asked(server).headers["content-type"] == "application/json"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_body_can_be_typed(ask: Ask, server: FakeTorchServe, command: str) -> None:
    assert ask(command, "--data", "a word").code == 0
    assert asked(server).content == b"a word"
    assert asked(server).headers["content-type"] == "text/plain"

    assert ask(command, "--data", '{"a": 1}').code == 0
    assert asked(server).headers["content-type"] == "application/json"


@pytest.mark.parametrize("command", COMMANDS)
def test_headers_method_and_version_are_sent(
    ask: Ask, server: FakeTorchServe, command: str
) -> None:
    words = ("--header", "x-tenant: blue", "--method", "put", "--content-type", "text/csv")

    assert ask(command, "--data", "1,2", *words, "--model-version", "1.0").code == 0

    request = asked(server)
    assert (request.method, request.url.path) == ("PUT", "/predictions/mnist/1.0")
    assert (request.headers["x-tenant"], request.headers["content-type"]) == ("blue", "text/csv")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_form_has_the_payload_and_further_fields(
    ask: Ask, server: FakeTorchServe, tmp_path: Path, command: str
) -> None:
    (tmp_path / "more.txt").write_text("from a file")
    fields = ("--field", "top=3", "--field", f"more=@{tmp_path / 'more.txt'}")

    assert ask(command, "--data", "hello", "--form", "text", *fields).code == 0

    request = asked(server)
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    for part in (b'name="text"', b"hello", b'name="top"', b"3", b"from a file"):
        assert part in request.content


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("--kserve", "v1"), "/v1/models/mnist:predict"),
        (("--kserve", "v2"), "/v2/models/mnist/infer"),
        (("--explain",), "/explanations/mnist"),
        (("--kserve", "v1", "--explain"), "/v1/models/mnist:explain"),
    ],
)
@pytest.mark.parametrize("command", ["predict", "send", "load"])
def test_the_path_is_that_of_the_question(
    ask: Ask, server: FakeTorchServe, command: str, words: tuple[str, ...], path: str
) -> None:
    server.fail(path, httpx.Response(200, json=7))

    assert ask(command, "--data", "[1, 2]", *words).code == 0

    assert asked(server).url.path == path
    if "--kserve" in words:
        assert isinstance(json.loads(asked(server).content), dict)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--header", "no colon"), "a --header has no colon"),
        (("--header", "Content-Type: x"), "use --content-type"),
        (("--header", "Authorization: Bearer hidden"), "--key-file"),
        (("--field", "a=1"), "fields need a form"),
        (("--form", "f", "--field", "alone"), "is not a field"),
        (("--kserve", "v1", "--content-type", "text/plain"), "a KServe body is JSON"),
        (("--answer", ".."), "not a valid path into an answer"),
        (("elsewhere",), "choose files or --data"),
        (("--kserve", "v1", "--model-version", "1.0"), "have no version"),
    ],
)
def test_what_cannot_be_is_wrong_usage(
    ask: Ask, command: str, words: tuple[str, ...], said: str
) -> None:
    ended = ask(command, "--data", "x", *words)

    assert ended.code == 2
    assert said in " ".join(ended.stderr.split())
    assert "hidden" not in ended.stderr


@pytest.mark.parametrize("command", ["predict", "send", "load"])
def test_standard_input_is_a_payload(
    ask: Ask, server: FakeTorchServe, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    class Input(io.BytesIO):
        buffer = property(lambda self: self)

    def type_in(data: bytes) -> None:
        monkeypatch.setattr("tsmon.cli.payload_options.stdin", lambda: Input(data))

    type_in(b"\x00\xffbytes")
    assert ask(command, "-").code == 0
    assert asked(server).content == b"\x00\xffbytes"

    type_in(b"a line\nb line\n")
    assert ask(command, "-", "--lines").code == 0
    assert asked(server).content in {b"a line", b"b line"}


def test_labels_of_a_file_count_in_runs_too(
    ask: Ask, server: FakeTorchServe, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "labels.csv").write_text("a.txt,7\n")
    server.fail("/predictions", httpx.Response(200, json={"best": [{"value": 7}]}))
    words = (str(tmp_path / "a.txt"), "--labels", str(tmp_path / "labels.csv"), "--json")

    assert ask("load", *words).json["unread"] == 2
    assert ask("load", *words, "--answer", "best.0.value").json["right"] == {"7": 2}


def test_several_payloads_print_an_answer_each(
    ask: Ask, server: FakeTorchServe, tmp_path: Path
) -> None:
    (tmp_path / "two.txt").write_text("one\ntwo\n")
    server.fail("/predictions", httpx.Response(200, text="x" * 200), times=1)
    server.fail("/predictions", httpx.Response(200, content=b"\xff\x00"), times=1)

    ended = ask("predict", str(tmp_path / "two.txt"), "--lines")

    assert ended.stdout == f"two.txt:1\t{'x' * 200}\ntwo.txt:2\t2 bytes of unknown type\n"


def test_a_secret_header_is_never_shown(ask: Ask, server: FakeTorchServe) -> None:
    refused = httpx.Response(500, json={"code": 500, "type": "X", "message": "bad pa55word-1"})
    server.fail("/predictions", refused)

    ended = ask("predict", "--data", "x", "--header", "X-Api-Key: pa55word-1")

    assert ended.code == 1
    assert "pa55word-1" not in ended.stdout + ended.stderr
