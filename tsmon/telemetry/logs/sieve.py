"""Parts the lines of ts_log by what they can tell, at one look each.

TorchServe writes some twenty lines for each request, most of which say nothing that is not better
said by another. How a line's message begins decides; whoever gets a line looks at it more closely.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

TOLD_BY_OTHERS = frozenset(
    {
        *(b"Flushing ", b"Looping b", b"Sending r", b"Backend r"),
        *(b"Requests2", b"QueueTime", b"WorkerThr", b"ts_infere", b"ts_queue_"),
    }
)
"""How lines begin that another line says better, of which there are many for each request."""
LOOK = 9
"""Characters of a message by which its kind is told."""


class Sifted(Struct):
    """Lines by their kind, each kind in the order of the file."""

    access: list[bytes] = field(default_factory=list)
    """A request was answered."""
    waited: list[bytes] = field(default_factory=list)
    """How long it waited for a worker, and how long that took."""
    measured: list[bytes] = field(default_factory=list)
    """What a worker measured, such as the handler's time."""
    others: list[bytes] = field(default_factory=list)
    """All that is not written for every request, workers' lives among it."""


def sift(lines: Iterable[bytes]) -> Sifted:
    """The lines of ts_log or access_log by their kind."""
    sifted = Sifted()
    for line in lines:
        message = line.find(b" - ") + 3
        beginning = line[message : message + LOOK]
        if beginning in TOLD_BY_OTHERS:
            continue
        if beginning == b"Waiting t":
            sifted.waited.append(line)
        elif beginning == b"result=[M":
            sifted.measured.append(line)
        elif beginning[:1] == b"/":
            sifted.access.append(line)
        else:
            sifted.others.append(line)
    return sifted
