"""Short pauses of the garbage collector, for which every key has to wait."""

from __future__ import annotations

import gc


def shorten_pauses() -> None:
    """Leave what was imported out of the collector's walks; it stays until the process ends.

    To be called once, before an app runs: half of a monitor's objects are functions and classes.
    """
    gc.collect()
    gc.freeze()
