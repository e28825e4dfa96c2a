"""The command that sends files and prints the answers as they are."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import answer_option, as_json, server_options, version_option
from tsmon.cli.outcome import Exit
from tsmon.cli.output import emit, emit_json, emit_raw
from tsmon.cli.reports.answers import answer_record
from tsmon.cli.target import Target, pass_target
from tsmon.digits.errors import ImageError
from tsmon.digits.images import DigitImage
from tsmon.load.sender import send_one
from tsmon.untrusted.shell import shell_word


@click.command()
@click.argument("model")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
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
    answer_path: str,
    version: str | None,
    as_json: bool,
) -> None:
    """Send FILES to a MODEL and print what it answers; `-` is standard input.

    One file prints the model's answer alone; several print the file beside it.
    """
    async with target.client() as client:
        if len(files) == 1 and not as_json:
            prediction = await client.inference.predict(model, _read(files[0]), version=version)
            emit_raw(prediction.body)
            return
        answers = [
            await send_one(
                client.inference,
                model,
                DigitImage.at(file),
                version=version,
                answer_path=answer_path,
            )
            for file in files
        ]
    if as_json:
        emit_json([answer_record(answer) for answer in answers])
    else:
        for answer in answers:
            emit(f"{answer.image.path}\t{answer.shown or answer.error}")
    if any(answer.error for answer in answers):
        raise click.exceptions.Exit(Exit.FAILED)


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    if file.is_dir():
        raise ImageError(
            f"{file} is a folder; `tsmon send MODEL {shell_word(str(file))}` sends what is in it"
        )
    return DigitImage.at(file).read()
