"""Of what changes quickly, only the newest is asked about."""

from __future__ import annotations

import asyncio

from tsmon.load.live import NewestOnly


async def test_one_question_at_a_time_and_then_the_newest() -> None:
    asked: list[int] = []
    shown: list[tuple[int, int]] = []
    started, may_answer = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def ask(question: int) -> int:
        asked.append(question)
        started.release()
        await may_answer.acquire()
        return 10 * question

    live = NewestOnly(ask, lambda question, reply: shown.append((question, reply)))
    running = asyncio.create_task(live.run())
    live.want(1)
    await started.acquire()
    for question in (2, 3, 4):
        live.want(question)
    assert asked == [1]
    may_answer.release()
    await started.acquire()
    assert asked == [1, 4]
    assert shown == [(1, 10)]
    may_answer.release()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert shown == [(1, 10), (4, 40)]
    live.want(5)
    await started.acquire()
    assert asked == [1, 4, 5]
    running.cancel()
