"""A procedure under way beside the screens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tsmon.torchserve.procedure import Procedure
from tsmon.tui.notes import EXPECTED, Note


class ProcedureJob:
    """Runs one procedure in a task that no screen ends by closing."""

    def __init__(self, procedure: Procedure, changed: Callable[[], None]) -> None:
        """`changed` is called at every step and at the end."""
        self.procedure = procedure
        self.problem: Note | None = None
        """Why it did not begin."""
        self.stopped = False
        """Whether a person ended it."""
        self._changed = changed
        self._task = asyncio.create_task(self._run())

    @property
    def running(self) -> bool:
        """Whether it takes its steps, or makes safe what it left."""
        return not self._task.done()

    def stop(self) -> None:
        """End it; what it then makes safe is not shortened by further calls."""
        if self.running and not self.stopped:
            self.stopped = True
            self._task.cancel()

    async def ended(self) -> None:
        """Wait until the model is safe."""
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            await self.procedure.run(self._changed)
        except EXPECTED as error:
            self.problem = Note.of(error)
        except asyncio.CancelledError:
            self.stopped = True
        finally:
            asyncio.get_running_loop().call_soon(self._changed)
