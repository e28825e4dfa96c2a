"""A procedure under way beside the screens."""

from __future__ import annotations

from collections.abc import Callable

from tsmon.torchserve.procedure import Procedure
from tsmon.tui.job import Job


class ProcedureJob(Job):
    """Runs one procedure; at its end the model is safe."""

    def __init__(self, procedure: Procedure, changed: Callable[[], None]) -> None:
        super().__init__(changed)
        self.procedure = procedure

    async def carry_out(self) -> None:
        """Take the steps."""
        await self.procedure.run(self._changed)
