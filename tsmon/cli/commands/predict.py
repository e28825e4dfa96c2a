"""The command that sends files and prints the answers as they are."""

from __future__ import annotations

import sys
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import answer_option, as_json, server_options, version_option
from tsmon.cli.outcome import Exit
from tsmon.cli.output import emit, emit_json, emit_raw
from tsmon.cli.reports.answers import answer_record
from tsmon.cli.target import Target, pass_target
from tsmon.digits.images import DigitImage
from tsmon.load.answers import Answer, read_answer
from tsmon.load.refusals import Failure, kind_of
from tsmon.payloads.payload import PayloadError, content_type_of
from tsmon.torchserve.errors import TorchServeError
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe
    from tsmon.torchserve.inference import Prediction


@click.command()
@click.argument("model")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--content-type",
    metavar="TYPE",
    help="Content type of the files; by default that of their suffix, images as bytes.",
)
@answer_option
@version_option
@as_json
@server_options
@pass_target
@runs_async
async def predict(
    target: Target,
    model: str,
    files: tuple[Path, ...],
    content_type: str | None,
    answer_path: str,
    version: str | None,
    as_json: bool,
) -> None:
    """Send FILES to a MODEL and print what it answers; `-` is standard input.

    Any file will do: an image, a text, JSON, a sound. One file prints the model's answer alone,
    byte for byte; several print the file beside it.
    """
    asked = _Question(model, version, content_type)
    async with target.client() as client:
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

    async def send(self, client: TorchServe, file: Path) -> Prediction:
        """Send a file.

        Raises:
            PayloadError: it cannot be read.
            TorchServeError: there is no answer.
        """
        return await client.inference.predict(
            self.model,
            _read(file),
            version=self.version,
            content_type=self.content_type or content_type_of(file),
        )


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
