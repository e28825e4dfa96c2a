"""The digit model on a real server answers the same, whatever its network runs in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from tests.integration.commands import Shell
from tsmon.serving.assets import digit_assets

pytestmark = pytest.mark.integration

MODELS = ("with-onnx", "without-onnx")
BATCH = 8


class Server(NamedTuple):
    """A server that has both models."""

    address: str
    key: str

    async def ask(self, path: str, *bodies: bytes) -> list[httpx.Response]:
        """The answers to requests that are sent together."""
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/json"}
        async with httpx.AsyncClient(
            base_url=self.address, headers=headers, timeout=60, trust_env=False
        ) as client:
            return await asyncio.gather(*(client.put(path, content=body) for body in bodies))


@pytest.fixture(scope="module")
def ways(shell: Shell) -> Iterator[Server]:
    """The model from tsmon's archive and from one without the ONNX file."""
    assets = digit_assets()
    by_hand = ["--model-file", assets.model_file, "--serialized-file", assets.weights]
    by_hand += ["--handler", assets.handler, "--extra-files", assets.preprocess]
    for model, options in zip(MODELS, ([], by_hand), strict=True):
        done = shell.tsmon("archive", "--force", "--model-name", model, *map(str, options))
        assert done.code == 0, done.stderr
        # Long enough for requests that are sent together to be one batch.
        rule = ("--batch-size", str(BATCH), "--max-batch-delay", "500", "--workers", "1")
        done = shell.tsmon("register", f"{model}.mar", *rule)
        assert done.code == 0, done.stderr
    key = json.loads((shell.home / "key_file.json").read_text())["inference"]["key"]
    status = shell.tsmon("serve", "status", "--json").json
    yield Server(status["server"]["inference"], key)
    for model in MODELS:
        shell.tsmon("unregister", model, "--yes")


async def test_both_ways_give_the_same_answers(ways: Server) -> None:
    files = sorted(digit_assets().samples.glob("*.png"))[:BATCH]
    bodies = [file.read_bytes() for file in files]
    quick, plain = [await ways.ask(f"/predictions/{model}", *bodies) for model in MODELS]
    for file, one, other in zip(files, quick, plain, strict=True):
        assert one.json()["digit"] == other.json()["digit"] == int(file.name[-5])
        expected = pytest.approx(other.json()["probabilities"], abs=1e-5)
        assert one.json()["probabilities"] == expected


@pytest.mark.parametrize("model", MODELS)
async def test_a_batch_with_rows_that_are_no_pictures_is_answered_row_by_row(
    model: str, ways: Server
) -> None:
    picture = next(digit_assets().samples.glob("*.7.png")).read_bytes()
    answers = await ways.ask(f"/predictions/{model}", picture, b"no picture", picture, picture[:60])
    assert [answer.status_code for answer in answers] == [200, 400, 200, 400]
    assert {answers[0].json()["digit"], answers[2].json()["digit"]} == {7}
    [explained] = await ways.ask(f"/explanations/{model}", picture)
    assert (explained.status_code, explained.json()["code"]) == (400, 400)


def test_the_log_says_what_the_network_runs_in(shell: Shell, ways: Server) -> None:
    log = "\n".join(file.read_text() for file in (shell.home / "logs").glob("model_log*"))
    lines = {model: _lines(log, model) for model in MODELS}
    assert lines["with-onnx"] == ["the network runs in ONNX Runtime"]
    assert "mnist_cnn.onnx" in lines["without-onnx"][0]
    assert lines["without-onnx"][1:] == [
        "the network runs in torch with folded batch normalisation"
    ]


def _lines(log: str, model: str) -> list[str]:
    """What the handler said of the network, on the lines of the model's worker."""
    return [
        line.rpartition(" - ")[2]
        for line in log.splitlines()
        if f"-{model}_1.0" in line and ("the network runs" in line or "not using" in line)
    ]
