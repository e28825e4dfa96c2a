"""The command that sends payloads and prints the answers as they are."""

from __future__ import annotations

import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_and_grpc_options, version_option
from tsmon.cli.outcome import Exit
from tsmon.cli.output import AnswerWriter, emit, emit_json
from tsmon.cli.payload_options import GivenPayloads, payload_options
from tsmon.cli.reports.answers import answer_record
from tsmon.cli.target import Target, pass_target
from tsmon.load.answers import Answer, read_answer
from tsmon.load.refusals import Failure, kind_of
from tsmon.payloads.payload import Payload, PayloadError
from tsmon.threads import in_thread
from tsmon.torchserve.errors import InvalidArgument, TorchServeError
from tsmon.torchserve.inference import Prediction

if TYPE_CHECKING:
    from tsmon.payloads.request_form import RequestForm
    from tsmon.torchserve.client import TorchServe
    from tsmon.torchserve.grpc.inference import GrpcInference
    from tsmon.untrusted.http import Heard


@click.command()
@click.argument("model")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--stream",
    is_flag=True,
    help="With gRPC: print the parts of a streamed answer as they come. Only for a handler that "
    "streams; TorchServe ends the worker of any other.",
)
@payload_options
@version_option
@as_json
@server_and_grpc_options
@pass_target
@runs_async
async def predict(
    target: Target,
    model: str,
    files: tuple[Path, ...],
    stream: bool,
    given: GivenPayloads,
    version: str | None,
    as_json: bool,
) -> None:
    """Send FILES to a MODEL and print what it answers; `-` is standard input.

    Any file will do: an image, a text, JSON, a sound; of a folder its images, else its other
    files. A single payload prints the model's answer alone, byte for byte and as it comes; several
    print their name beside it.
    """
    if stream and not target.over_grpc:
        raise InvalidArgument("--stream is for gRPC alone", "add --grpc")
    form = given.form("*/*")
    if target.over_grpc:
        form.require_grpc()
    payloads = given.payloads(files)
    asked = _Question(model, version, form, target.over_grpc, stream)
    async with target.client() as client:
        if len(payloads) == 1 and not as_json:
            writer = AnswerWriter()
            try:
                await asked.send(client, payloads[0], writer.part)
            finally:
                writer.end()
            return
        answers, failed = [], False
        for payload in payloads:
            answer, prediction = await _answer(client, asked, payload, given.answer_path)
            if as_json:
                answers.append(_record(answer, prediction))
            else:
                where = payload.path if payload.path.exists() else payload.name
                emit(f"{where}\t{_words(answer, prediction)}")
            failed = failed or bool(answer.error)
    if as_json:
        emit_json(answers)
    if failed:
        raise click.exceptions.Exit(Exit.FAILED)


class _Question(NamedTuple):
    """What is asked of a model."""

    model: str
    version: str | None
    form: RequestForm
    over_grpc: bool
    stream: bool
    """Whether the handler streams its answer, over gRPC."""

    async def send(
        self, client: TorchServe, payload: Payload, heard: Heard | None = None
    ) -> Prediction:
        """Send a payload; `heard` gets the answer as it comes.

        Raises:
            PayloadError: it cannot be read.
            TorchServeError: there is no answer.
        """
        if not self.over_grpc:
            request = await in_thread(self.form.request, payload, self.model, self.version)
            return await client.inference.ask(*request, heard=heard)
        inference = cast("GrpcInference", client.inference)
        inputs = await in_thread(self.form.inputs, payload)
        if not self.stream:
            prediction = await inference.ask_with(self.model, inputs, version=self.version)
            if heard is not None:
                heard(prediction.body)
            return prediction
        started = time.perf_counter()
        parts = []
        async for part in inference.stream(self.model, inputs, version=self.version):
            parts.append(part)
            if heard is not None:
                heard(part)
        return Prediction(b"".join(parts), "", (time.perf_counter() - started) * 1000, "")


async def _answer(
    client: TorchServe, asked: _Question, payload: Payload, answer_path: str
) -> tuple[Answer, Prediction | None]:
    try:
        prediction = await asked.send(client, payload)
    except PayloadError as error:
        return Answer(payload, error=str(error), failure=Failure.UNREADABLE), None
    except TorchServeError as error:
        return Answer(payload, error=str(error), failure=kind_of(error)), None
    return read_answer(payload, prediction, answer_path), prediction


def _words(answer: Answer, prediction: Prediction | None) -> str:
    """The class, or else the whole answer."""
    if prediction is None:
        return answer.error
    try:
        return answer.predicted or prediction.body.decode().strip()
    except UnicodeDecodeError:
        return f"{len(prediction.body):,} bytes of {prediction.content_type or 'unknown type'}"


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
