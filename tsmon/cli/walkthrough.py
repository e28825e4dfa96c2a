"""The walkthrough: from an archive to a served model and back, each answer checked."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.cli.output import emit
from tsmon.cli.reports.answers import print_answers, score_words
from tsmon.cli.reports.counters import print_totals, read_scrape
from tsmon.cli.rollout import wait_for_workers
from tsmon.digits.folders import find_images
from tsmon.load.answers import Answer, Score
from tsmon.load.sender import send
from tsmon.payloads.payload import pick_random
from tsmon.serving.archive import build_archive, digit_archive_spec
from tsmon.telemetry.scrape import DEFAULT_VERSION_LABEL, SeriesKey
from tsmon.torchserve.errors import Conflict
from tsmon.torchserve.inference import HEALTHY
from tsmon.torchserve.management import Registration
from tsmon.units import byte_size

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe

MODEL = "mnist"
VERSION = "1.0"
WALKTHROUGH_DIGITS = 10
LEAST_CORRECT = 9
"""Of the ten digits; the samples are drawn by a pen that is sometimes hard to read."""


class StepFailed(Exception):
    """A step did not answer as it should."""


class Walkthrough(Struct):
    """The steps of the walkthrough on one server, printed as they go."""

    client: TorchServe
    model_store: Path
    samples: Path
    seed: int | None = None
    _counted_before: float = 0.0

    async def run(self) -> None:
        """Do every step.

        Raises:
            StepFailed: an answer is not as it should be.
            TorchServeError: the server refused a step.
        """
        steps: tuple[tuple[str, str, Callable[[], Awaitable[None]]], ...] = (
            ("Ping the server", "tsmon ping", self._ping),
            ("Build the archive", "tsmon archive", self._archive),
            ("Register it", f"tsmon register {MODEL}.mar --workers 0", self._register),
            ("Scale it to one worker", f"tsmon scale {MODEL} 1", self._scale),
            ("Describe it", f"tsmon describe {MODEL}", self._describe),
            ("List the models", "tsmon models", self._list),
            (
                "Send random sample digits",
                f"tsmon send {MODEL} -n {WALKTHROUGH_DIGITS}",
                self._send,
            ),
            ("Read the counters", "tsmon metrics", self._counters),
            ("Register it again", f"tsmon register {MODEL}.mar", self._conflict),
            ("Unregister it", f"tsmon unregister {MODEL}", self._unregister),
        )
        for number, (title, command, step) in enumerate(steps, 1):
            emit("")
            emit(f"{number:>2}. {title:<26} $ {command}")
            await step()

    async def _ping(self) -> None:
        status = await self.client.inference.ping()
        emit(f"    {status}")
        _check(status == HEALTHY, f"ping answered {status!r}, not {HEALTHY!r}")

    async def _archive(self) -> None:
        path = build_archive(digit_archive_spec(self.model_store, force=True))
        emit(f"    {path.name}, {byte_size(path.stat().st_size)}, in {path.parent}")

    async def _register(self) -> None:
        status = await self.client.management.register(Registration(f"{MODEL}.mar"))
        emit(f"    {status}")
        _check("registered with 0 initial workers" in status, "the model is not registered so")

    async def _scale(self) -> None:
        status = await self.client.management.scale(MODEL, 1)
        emit(f"    {status}")
        await wait_for_workers(self.client, MODEL, 1)

    async def _describe(self) -> None:
        model = await self.client.management.describe(MODEL)
        for worker in model.workers:
            emit(f"    worker {worker.id} is {worker.status}, pid {worker.pid}")
        emit(f"    version {model.version}, batch size {model.batch_size}")
        _check(model.version == VERSION, f"its version is {model.version}, not {VERSION}")
        _check(model.ready_workers == 1, f"{model.ready_workers} workers are ready, not 1")

    async def _list(self) -> None:
        models = await self.client.management.models()
        for model in models:
            emit(f"    {model.name} from {model.url}")
        _check(MODEL in {model.name for model in models}, f"{MODEL} is not in the list")

    async def _send(self) -> None:
        self._counted_before = await self._requests_counted()
        images = pick_random(
            find_images(self.samples),
            WALKTHROUGH_DIGITS,
            random.Random(self.seed),  # noqa: S311
        )
        answers: list[Answer] = []
        score = Score()
        async for answer in send(self.client.inference, MODEL, images):
            answers.append(answer)
            score = score.plus(answer)
        print_answers(answers)
        emit(f"    {score_words(score)}")
        _check(score.failed == 0, f"{score.failed} digits got no answer")
        _check(score.right >= LEAST_CORRECT, f"only {score.right} digits were recognised")

    async def _counters(self) -> None:
        scrape = await read_scrape(self.client)
        print_totals(scrape)
        counted = await self._requests_counted() - self._counted_before
        _check(
            counted == WALKTHROUGH_DIGITS,
            f"{counted:.0f} requests were counted, not {WALKTHROUGH_DIGITS}",
        )

    async def _requests_counted(self) -> float:
        scrape = await read_scrape(self.client)
        counters = scrape.series.get(SeriesKey(MODEL, DEFAULT_VERSION_LABEL))
        return counters.requests if counters else 0.0

    async def _conflict(self) -> None:
        try:
            await self.client.management.register(Registration(f"{MODEL}.mar"))
        except Conflict as conflict:
            emit(f"    {conflict}")
        else:
            raise StepFailed("the second registration was accepted")

    async def _unregister(self) -> None:
        status = await self.client.management.unregister(MODEL)
        emit(f"    {status}")
        left = {model.name for model in await self.client.management.models()}
        _check(MODEL not in left, f"{MODEL} is still registered")


def _check(holds: bool, failure: str) -> None:
    if not holds:
        raise StepFailed(failure)
