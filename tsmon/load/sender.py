"""Sends a batch of images to a model, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from tsmon.digits.errors import ImageError
from tsmon.load.answers import Answer, read_answer
from tsmon.load.refusals import Failure, kind_of
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.digits.images import DigitImage
    from tsmon.torchserve.inference import Inference


async def send(
    inference: Inference,
    model: str,
    images: Iterable[DigitImage],
    *,
    version: str | None = None,
    concurrency: int = 1,
    answer_path: str = "",
) -> AsyncGenerator[Answer, None]:
    """Send images with `concurrency` requests under way; answers come as they arrive.

    What cannot be read or is refused is an answer with its error and stops nothing. A consumer that
    stops early lets the requests under way end; no further one is sent.
    """
    waiting = iter(images)
    answers: asyncio.Queue[Answer | None] = asyncio.Queue()
    ask = partial(send_one, inference, model, version=version, answer_path=answer_path)
    senders = [asyncio.create_task(_drain(ask, waiting, answers)) for _ in range(concurrency)]
    try:
        for _ in senders:
            while (answer := await answers.get()) is not None:
                yield answer
        await asyncio.gather(*senders)
    finally:
        for sender in senders:
            sender.cancel()  # the request it waits for goes on; see torchserve.connection


async def _drain(
    ask: Callable[[DigitImage], Awaitable[Answer]],
    waiting: Iterator[DigitImage],
    answers: asyncio.Queue[Answer | None],
) -> None:
    """Send until none is waiting; a None signals the consumer that this sender has ended."""
    try:
        for image in waiting:
            answers.put_nowait(await ask(image))
    finally:
        answers.put_nowait(None)


async def send_one(
    inference: Inference,
    model: str,
    image: DigitImage,
    *,
    version: str | None = None,
    answer_path: str = "",
) -> Answer:
    """Send one image; every failure is an answer that says so.

    `answer_path` is where its class stands in the answer; it is found where none is given.
    """
    try:
        body = await in_thread(image.read)
        prediction = await inference.predict(
            model, body, version=version, accept="application/json"
        )
    except ImageError as error:
        return Answer(image, error=str(error), failure=Failure.UNREADABLE)
    except TorchServeError as error:
        return Answer(image, error=str(error), failure=kind_of(error))
    return read_answer(image, prediction, answer_path)
