"""Sends a batch of payloads to a model, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.load.answers import Answer, Whole, read_answer
from tsmon.load.refusals import Failure, kind_of
from tsmon.payloads.payload import PayloadError
from tsmon.payloads.request_form import PLAIN, RequestForm
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.payloads.payload import Payload
    from tsmon.torchserve.inference import Inference


async def send(
    inference: Inference,
    model: str,
    payloads: Iterable[Payload],
    *,
    version: str | None = None,
    concurrency: int = 1,
    answer_path: str = "",
    form: RequestForm = PLAIN,
    whole: bool = False,
) -> AsyncGenerator[Answer, None]:
    """Send payloads with `concurrency` requests under way; answers come as they arrive.

    With `whole`, each keeps what came back byte for byte.

    What cannot be read or is refused is an answer with its error and stops nothing. A consumer that
    stops early lets the requests under way end; no further one is sent.
    """
    waiting = iter(payloads)
    answers: asyncio.Queue[Answer | None] = asyncio.Queue()
    how = partial(send_one, version=version, answer_path=answer_path, form=form, whole=whole)
    ask = partial(how, inference, model)
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
    ask: Callable[[Payload], Awaitable[Answer]],
    waiting: Iterator[Payload],
    answers: asyncio.Queue[Answer | None],
) -> None:
    """Send until none is waiting; a None signals the consumer that this sender has ended."""
    try:
        for payload in waiting:
            answers.put_nowait(await ask(payload))
    finally:
        answers.put_nowait(None)


async def send_one(
    inference: Inference,
    model: str,
    payload: Payload,
    *,
    version: str | None = None,
    answer_path: str = "",
    form: RequestForm = PLAIN,
    whole: bool = False,
) -> Answer:
    """Send one payload; every failure is an answer that says so.

    `answer_path` is where its class stands in the answer; it is found where none is given.
    """
    try:
        request = await in_thread(form.request, payload, model, version)
        prediction = await inference.ask(*request)
    except PayloadError as error:
        return Answer(payload, error=str(error), failure=Failure.UNREADABLE)
    except TorchServeError as error:
        return Answer(payload, error=str(error), failure=kind_of(error))
    answer = read_answer(payload, prediction, answer_path)
    return replace(answer, whole=Whole(prediction)) if whole else answer
