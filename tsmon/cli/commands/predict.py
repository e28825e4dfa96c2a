"""The command that sends files and prints the answers as they are."""

from __future__ import annotations

import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import answer_option, as_json, server_and_grpc_options, version_option
from tsmon.cli.outcome import Exit
from tsmon.cli.output import emit, emit_json, emit_part, emit_raw
from tsmon.cli.reports.answers import answer_record
from tsmon.cli.target import Target, pass_target
from tsmon.digits.images import DigitImage
from tsmon.load.answers import Answer, read_answer
from tsmon.load.refusals import Failure, kind_of
from tsmon.payloads.payload import PayloadError, content_type_of
from tsmon.torchserve.errors import InvalidArgument, TorchServeError
from tsmon.torchserve.inference import Prediction
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tsmon.torchserve.client import TorchServe
    from tsmon.torchserve.grpc.inference import GrpcInference


@click.command()
@click.argument("model")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--content-type",
    metavar="TYPE",
    help="Content type of the files; by default that of their suffix, images as bytes.",
)
@click.option(
    "--stream",
    is_flag=True,
    help="With gRPC: print the parts of a streamed answer as they come. Only for a handler that "
    "streams; TorchServe ends the worker of any other.",
)
@answer_option
@version_option
@as_json
@server_and_grpc_options
@pass_target
@runs_async
async def predict(
    target: Target,
    model: str,
    files: tuple[Path, ...],
    content_type: str | None,
    stream: bool,
    answer_path: str,
    version: str | None,
    as_json: bool,
) -> None:
    """Send FILES to a MODEL and print what it answers; `-` is standard input.

    Any file will do: an image, a text, JSON, a sound. One file prints the model's answer alone,
    byte for byte; several print the file beside it.
    """
    if stream and not target.over_grpc:
        raise InvalidArgument("--stream is for gRPC alone", "add --grpc")
    if content_type and target.over_grpc:
        raise InvalidArgument("gRPC carries no content type", "leave out --content-type")
    asked = _Question(model, version, content_type, stream)
    async with target.client() as client:
        if stream and len(files) == 1 and not as_json:
            async for part in asked.parts(client, files[0]):
                emit_part(part)
            return
        if len(files) == 1 and not as_json:
            prediction = await asked.send(client, files[0])
            emit_raw(prediction.body)
            return
        answers = [await _answer(client, asked, file, answer_path) for file in files]
    if as_json:
        emit_json([_record(*each) for each in answers])
    else:
        for answer, _ in answers:
            emit(f"{answer.payload.path}\t{answer.shown or answer.error}")
    if any(answer.error for answer, _ in answers):
        raise click.exceptions.Exit(Exit.FAILED)


class _Question(NamedTuple):
    """What is asked of a model."""

    model: str
    version: str | None
    content_type: str | None
    """Of all files; None takes that of each."""
    stream: bool = False
    """Whether the handler streams its answer, over gRPC."""

    async def send(self, client: TorchServe, file: Path) -> Prediction:
        """Send a file.

        Raises:
            PayloadError: it cannot be read.
            TorchServeError: there is no answer.
        """
        if self.stream:
            started = time.perf_counter()
            body = b"".join([part async for part in self.parts(client, file)])
            return Prediction(body, "", (time.perf_counter() - started) * 1000, "")
        return await client.inference.predict(
            self.model,
            _read(file),
            version=self.version,
            content_type=self.content_type or content_type_of(file),
        )

    def parts(self, client: TorchServe, file: Path) -> AsyncGenerator[bytes]:
        """Send a file to a handler that streams; the parts of its answer as they come."""
        inference = cast("GrpcInference", client.inference)
        return inference.stream(self.model, _read(file), version=self.version)


async def _answer(
    client: TorchServe, asked: _Question, file: Path, answer_path: str
) -> tuple[Answer, Prediction | None]:
    image = DigitImage.at(file)
    try:
        prediction = await asked.send(client, file)
    except PayloadError as error:
        return Answer(image, error=str(error), failure=Failure.UNREADABLE), None
    except TorchServeError as error:
        return Answer(image, error=str(error), failure=kind_of(error)), None
    return read_answer(image, prediction, answer_path), prediction


def _record(answer: Answer, prediction: Prediction | None) -> dict[str, Any]:
    """An answer for `--json`, whole: as text where it is some, else in base64."""
    record = answer_record(answer)
    if prediction is None:
        return record
    record["content_type"] = prediction.content_type or None
    try:
        record["answer"] = prediction.body.decode()
    except UnicodeDecodeError:
        record["answer"] = None
        record["answer_base64"] = b64encode(prediction.body).decode()
    return record


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    if file.is_dir():
        raise PayloadError(
            f"{file} is a folder; `tsmon send MODEL {shell_word(str(file))}` sends what is in it"
        )
    return DigitImage.at(file).read()
