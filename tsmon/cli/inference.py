"""The inference verbs: ping, predict, send."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsmon.cli.models import as_json, version_option
from tsmon.cli.outcome import Exit, fail, runs_async
from tsmon.cli.output import emit, emit_json, emit_raw, emit_table, say, talk
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.digits.images import DigitImage, ImageError, find_images, pick_random
from tsmon.load.answers import Answer, Score
from tsmon.load.refusals import Failure, capacity_cause, count_kinds
from tsmon.load.sender import ask
from tsmon.load.sender import send as send_images
from tsmon.serving.assets import digit_assets
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe

HEALTHY = "Healthy"


@click.command()
@as_json
@server_options
@pass_target
@runs_async
async def ping(target: Target, as_json: bool) -> None:
    """Ask the server whether it is healthy, in its own words."""
    async with target.client() as client:
        status = await client.inference.ping()
    if as_json:
        emit_json({"status": status})
    else:
        emit(status)
    if status != HEALTHY:
        raise click.exceptions.Exit(Exit.FAILED)


@click.command()
@click.argument("model")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@version_option
@as_json
@server_options
@pass_target
@runs_async
async def predict(
    target: Target, model: str, files: tuple[Path, ...], version: str | None, as_json: bool
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
            await ask(client.inference, model, DigitImage.at(file), version=version)
            for file in files
        ]
    if as_json:
        emit_json([answer_record(answer) for answer in answers])
    else:
        for answer in answers:
            emit(f"{answer.image.path}\t{answer.predicted or answer.error}")
    if any(answer.error for answer in answers):
        raise click.exceptions.Exit(Exit.FAILED)


@click.command()
@click.argument("model")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("-n", "--number", default=10, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--seed", type=int, help="Choose the same images each time.")
@click.option("--concurrency", "-c", default=1, show_default=True, type=click.IntRange(1, 100))
@version_option
@as_json
@server_options
@pass_target
@runs_async
async def send(
    target: Target,
    model: str,
    folder: Path | None,
    number: int,
    seed: int | None,
    concurrency: int,
    version: str | None,
    as_json: bool,
) -> None:
    """Send random images of a FOLDER to a MODEL and compare the answers with their labels.

    The label of an image is the last character of its name before the suffix. Without a folder the
    sample digits that come with tsmon are sent.
    """
    images = find_images(folder or digit_assets().samples)
    chosen = pick_random(images, number, random.Random(seed))  # noqa: S311 (no secret)
    answers: list[Answer] = []
    score = Score()
    async with target.client() as client:
        with talk.status(f"sending {number} images to {model}…") as status:
            async for answer in send_images(
                client.inference, model, chosen, version=version, concurrency=concurrency
            ):
                answers.append(answer)
                score = score.plus(answer)
                status.update(f"{score.sent} of {number} sent")
        explanation = await _explain(client, model, version, answers)
    if as_json:
        emit_json([answer_record(answer) for answer in answers])
    else:
        print_answers(answers)
        say(score_words(score))
    if score.failed:
        kinds = count_kinds(answer.failure for answer in answers)
        fail(f"{score.failed} of {score.sent} images got no answer: {kinds}", explanation)


async def _explain(
    client: TorchServe, model: str, version: str | None, answers: list[Answer]
) -> str:
    """What is behind the failures: which of its causes a 503 had, or the first error itself."""
    errors = [answer for answer in answers if answer.error]
    if not errors:
        return ""
    if any(answer.failure is Failure.NO_CAPACITY for answer in errors):
        return capacity_cause(await client.management.describe(model, version))
    return errors[0].error


def print_answers(answers: list[Answer]) -> None:
    """The walkthrough's Predicted/Actual table, with what else is known."""
    emit_table(
        ("Predicted", "Actual", "", "Confidence", "ms", "File"),
        [_answer_row(answer) for answer in answers],
        right="Confidence ms",
    )


def score_words(score: Score) -> str:
    """The score as one line."""
    parts = [f"{score.right} of {score.right + score.wrong} correct"]
    if score.accuracy is not None:
        parts.append(f"{score.accuracy:.1%}")
    if score.unlabelled:
        parts.append(f"{score.unlabelled} without a label")
    if score.failed:
        parts.append(f"{score.failed} failed")
    return ", ".join(parts)


def answer_record(answer: Answer) -> dict[str, object]:
    """An answer for `--json`."""
    return {
        "file": str(answer.image.path),
        "predicted": answer.predicted,
        "actual": answer.image.label,
        "correct": answer.correct,
        "confidence": answer.confidence,
        "milliseconds": answer.milliseconds,
        "error": answer.error or None,
        "failure": answer.failure,
    }


def _answer_row(answer: Answer) -> tuple[str, ...]:
    mark = {True: "✓", False: "✗", None: ""}[answer.correct]
    confidence = "" if answer.confidence is None else f"{answer.confidence:.1%}"
    milliseconds = "" if answer.milliseconds is None else f"{answer.milliseconds:.1f}"
    predicted = answer.predicted or f"– {answer.error}"
    return (
        predicted,
        answer.image.label or "?",
        mark,
        confidence,
        milliseconds,
        answer.image.path.name,
    )


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    if file.is_dir():
        raise ImageError(
            f"{file} is a folder; `tsmon send MODEL {shell_word(str(file))}` sends what is in it"
        )
    return DigitImage.at(file).read()
