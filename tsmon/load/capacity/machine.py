"""The cores and torch threads that a model's workers have, where they run on this machine."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from tsmon.doctor.machine import usable_cores
from tsmon.load.capacity.situation import Machine
from tsmon.serving.java_process import count_torch_threads

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus


def machine_of(model: ModelStatus) -> Machine | None:
    """This machine, if a worker of the model is seen in its process table; else None.

    Reads the process table; it takes about a millisecond.
    """
    here = [each.worker.pid for each in model.workers if each.process and each.worker.pid]
    for pid in here:
        with suppress(psutil.NoSuchProcess):
            return Machine(usable_cores(), count_torch_threads(pid))
    return None
