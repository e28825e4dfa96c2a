"""Puts a model back after an experiment, over errors that may pass."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.load.experiment.subject import ChangedMeanwhile, NotReached, Subject
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError
from tsmon.torchserve.protection import protected
from tsmon.units import period, plural

if TYPE_CHECKING:
    from tsmon.load.experiment.unfinished import Unfinished
    from tsmon.torchserve.management import Management

RESTORE_S = 90.0
"""For putting the model back; no second interruption shortens it."""
ERRORS_S = 10.0
"""How long the server may refuse or be away in the course of that."""
PAUSE_S = 0.5


class Restoration(Struct, frozen=True):
    """How the model was left."""

    done: bool
    message: str
    remedy: str = ""
    """What to do where it could not be put back."""


async def restore(note: Unfinished, management: Management) -> Restoration:
    """Restore what a killed experiment left, and return how that went."""
    restoration = await protected(put_back(note.subject(management)))
    if restoration.done:
        await in_thread(note.drop)
    return restoration


async def put_back(subject: Subject) -> Restoration:
    """Restore the model and return how that went."""
    before, found = subject.before, subject.found
    what = f"{found.name} {found.version}"
    try:
        async with asyncio.timeout(RESTORE_S):
            await _persistently(subject)
    except ChangedMeanwhile as error:
        return Restoration(False, f"{what} is left unchanged: {error}", subject.remedy)
    except (TorchServeError, TimeoutError) as error:
        reason = str(error) or f"it took more than {period(RESTORE_S)}"
        message = f"{what} could not be restored to {plural(before.workers, 'worker')}: {reason}"
        return Restoration(False, message, subject.remedy)
    return Restoration(True, f"{what} is back to {plural(before.workers, 'worker')}")


async def _persistently(subject: Subject) -> None:
    """Put the model back, over errors that may pass; what is done already is not done again."""
    give_up_at = monotonic() + ERRORS_S
    while True:
        try:
            return await subject.put_back()
        except NotReached:
            raise
        except TorchServeError:
            if monotonic() > give_up_at:
                raise
        await asyncio.sleep(PAUSE_S)
