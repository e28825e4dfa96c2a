"""Every kind of payload and answer, by each command, on a real server."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.commands import Ended, Shell
from tests.integration.payload_handlers import mixed

HANDLERS = {
    "mixed": Path(mixed.__file__),
    "streaming": Path(__file__).parents[1] / "contract" / "handlers" / "streaming.py",
}
STREAMED = ("payloads/a.txt", "--content-type", "application/octet-stream")
TEXT, JSON, SOUND = b"good", b'{"class": "7", "b": [1, 2]}', b"RIFF\xff\xfe\x00\x01"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A server of its own, with a model for each handler: their series would stay in another's."""
    shell = Shell(tmp_path_factory.mktemp("payloads"))
    started = shell.tsmon("serve", "start", "--ports", "free")
    assert started.code == 0, started.stderr
    try:
        yield from _with_models(shell)
    finally:
        assert shell.tsmon("serve", "stop").code == 0


def _with_models(shell: Shell) -> Iterator[Shell]:
    for name, handler in HANDLERS.items():
        manifest = {
            "createdOn": "22/11/2026 13:26:32",
            "runtime": "python",
            "model": {"modelName": name, "handler": handler.name, "modelVersion": "1.0"},
            "archiverVersion": "0.12.0",
        }
        store = shell.directory / "artifacts"
        store.mkdir(exist_ok=True)
        with zipfile.ZipFile(store / f"{name}.mar", "w") as mar:
            mar.write(handler, handler.name)
            mar.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
        assert shell.tsmon("register", f"{name}.mar").code == 0
    payloads = shell.directory / "payloads"
    payloads.mkdir()
    (payloads / "a.txt").write_bytes(TEXT)
    (payloads / "b.json").write_bytes(JSON)
    (payloads / "c.wav").write_bytes(SOUND)
    (shell.directory / "lines.txt").write_text("one\n\ntwo\n")
    yield shell


def predicted(shell: Shell, *words: str) -> Any:
    ended = shell.tsmon("predict", *words, "--json")
    return [each["answer"] for each in ended.json]


def test_a_text_is_a_text_and_json_an_object_to_the_handler(models: Shell) -> None:
    assert predicted(models, "mixed", "payloads/a.txt") == ["doog"]
    assert predicted(models, "mixed", "--data", "good", "--content-type", "text/plain") == ["doog"]
    (answer,) = predicted(models, "mixed", "payloads/b.json")
    assert json.loads(answer) == {"keys": 2, "class": "7"}


def test_a_binary_answer_is_kept_byte_for_byte(models: Shell) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tsmon", "--home", str(models.home), "predict", "mixed", "-"],
        input=SOUND,
        capture_output=True,
        check=True,
    )
    assert ended.stdout == mixed.picture()


def test_each_line_is_a_request(models: Shell) -> None:
    assert predicted(models, "mixed", "lines.txt", "--lines") == ["eno", "owt"]


def test_a_form_has_its_fields(models: Shell) -> None:
    (answer,) = predicted(
        models, "mixed", "payloads/a.txt", "--form", "text", "--field", "how=fast"
    )
    assert json.loads(answer) == ["how", "text"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_kserves_paths_take_kserves_json(models: Shell, version: str) -> None:
    (answer,) = predicted(models, "mixed", "payloads/a.txt", "--kserve", version)
    assert json.loads(answer)["keys"] == 1


def test_a_streamed_answer_is_whole(models: Shell) -> None:
    whole = models.tsmon("predict", "streaming", *STREAMED)
    assert (whole.code, whole.stdout.strip()) == (0, "good")
    assert predicted(models, "streaming", *STREAMED) == ["good"]


@pytest.mark.parametrize("text", ["raise", "refuse"])
def test_what_fails_says_how_and_alike(models: Shell, text: str) -> None:
    data = ("--data", text, "--content-type", "text/plain")
    (record,) = models.tsmon("predict", "mixed", *data, "--json").json
    assert record["failure"]
    assert record["error"]
    ended = models.tsmon("load", "mixed", *data, "-n", "5", "--json")
    assert ended.code == 1
    assert ended.json["failures"] == {record["failure"]: 5}


def test_a_folder_of_anything_is_sent_at_full_speed(models: Shell) -> None:
    ended = loaded(models, "mixed", "payloads", "-n", "30", "-c", "3", "--out", "out.csv")
    rows = list(csv.DictReader((models.directory / "out.csv").read_text().splitlines()))
    assert ended.json["answered"] == len(rows) == 30
    sizes = {row["payload"]: row["bytes"] for row in rows}
    assert sizes["a.txt"] == "4"
    assert sizes["c.wav"] == str(len(mixed.picture()))


def test_a_run_over_chunks_knows_the_time_to_the_first(models: Shell) -> None:
    record = loaded(models, "streaming", *STREAMED, "-n", "5").json
    streaming = record["streaming"]
    assert streaming["first"]["count"] == 5
    assert streaming["chunks"] == 5 * len(TEXT)
    assert 0 < streaming["first"]["p50"] <= record["latency"]["max"]


def test_a_run_judges_itself(models: Shell) -> None:
    text = ("mixed", "payloads/a.txt", "-n", "10")
    assert models.tsmon("load", *text, "--fail-if", "p95 > 60 s").code == 0
    ended = models.tsmon("load", *text, "--fail-if", "p50 > 0.001 ms")
    assert ended.code == 1
    assert "failed by p50 > 0.001 ms" in ended.stderr


def test_a_request_that_takes_too_long_is_timed_out(models: Shell) -> None:
    wait = ("--data", "wait", "--content-type", "text/plain")
    ended = models.tsmon("load", "mixed", *wait, "-n", "1", "--timeout", "0.5", "--json")
    assert ended.json["failures"] == {"timed out": 1}


def loaded(shell: Shell, *words: str) -> Ended:
    ended = shell.tsmon("load", *words, "--json")
    assert ended.code == 0, ended.stderr
    return ended
