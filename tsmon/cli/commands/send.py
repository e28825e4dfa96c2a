"""The command that sends some of many payloads and compares the answers with their labels."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsmon.cli.console import talk
from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options, version_option
from tsmon.cli.outcome import fail
from tsmon.cli.output import emit_json, say
from tsmon.cli.payload_options import GivenPayloads, payload_options
from tsmon.cli.reports.answers import answer_record, print_answers, score_words
from tsmon.cli.target import Target, pass_target
from tsmon.load.answers import Answer, Score
from tsmon.load.refusals import Failure, capacity_cause, count_kinds
from tsmon.load.sender import send as send_all
from tsmon.payloads.payload import pick_random
from tsmon.serving.assets import digit_assets

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe


@click.command()
@click.argument("model")
@click.argument("folder", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("-n", "--number", default=10, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--seed", type=int, help="Seed, to choose the same images every time.")
@click.option("--concurrency", "-c", default=1, show_default=True, type=click.IntRange(1, 100))
@payload_options
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
    given: GivenPayloads,
    version: str | None,
    as_json: bool,
) -> None:
    """Send random files of a FOLDER to a MODEL and compare the answers with their labels.

    FOLDER is one of images, of folders of them, a file of MNIST itself (IDX, npz), or any other
    file or folder of files, and with --lines a file whose lines are sent. An image's
    label is the digit before its suffix (x.7.png), its folder's name (7/x.png), or what a file of
    labels says; where there is none it is not counted. Without a folder the sample digits that
    come with tsmon are sent.
    """
    payloads = given.payloads([folder] if folder else [], digit_assets().samples)
    chosen = pick_random(payloads, number, random.Random(seed))  # noqa: S311 (no secret)
    form = given.form()
    form.path(model, version)  # each answer would say it
    answers: list[Answer] = []
    score = Score()
    async with target.client() as client:
        with talk.status(f"sending {number} requests to {model}…") as status:
            async for answer in send_all(
                client.inference,
                model,
                chosen,
                version=version,
                concurrency=concurrency,
                answer_path=given.answer_path,
                form=form,
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
        fail(f"{score.failed} of {score.sent} requests were not answered: {kinds}", explanation)


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
