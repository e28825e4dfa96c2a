"""Single requests as text: rows of a table, a line or two, all that is known of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.telemetry.log_page.requests import SeenRequest
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.columns import ARROWS, Cell, TableColumn
from tsmon.units import ABSENT, count, milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


RequestColumn = TableColumn[SeenRequest]


def _milliseconds(
    id_: str, label: str, read: Callable[[SeenRequest], float | None], rank: int
) -> RequestColumn:
    return RequestColumn(
        id_, label, 8, right=True, rank=rank,
        cell=lambda seen: Cell(milliseconds(read(seen))), value=read, largest_first=True,
    )  # fmt: skip


TOTAL = RequestColumn(
    "total", "TOTAL", 8, right=True,
    cell=lambda seen: Cell(milliseconds(seen.total_ms), _tone(seen)),
    value=lambda seen: seen.total_ms, largest_first=True,
)  # fmt: skip
TIME = RequestColumn(
    "time", "TIME", 12, cell=lambda seen: Cell(_time(seen), Tone.MUTED),
    value=lambda seen: float(seen.number), largest_first=True,
)  # fmt: skip
REQUEST_COLUMNS: tuple[RequestColumn, ...] = (
    TIME,
    RequestColumn(
        "status", "STATUS", 6, cell=lambda seen: Cell(_status(seen), _tone(seen)),
        value=lambda seen: float(seen.status), largest_first=True,
    ),
    TOTAL,
    _milliseconds("queue", "QUEUE", lambda seen: seen.queue_ms, 1),
    _milliseconds("backend", "BACKEND", lambda seen: seen.backend_ms, 2),
    _milliseconds("handler", "HANDLER", lambda seen: seen.handler_ms, 3),
    RequestColumn(
        "peer", "FROM", 21, rank=4,
        cell=lambda seen: Cell(seen.peer, Tone.MUTED), value=lambda seen: seen.peer,
    ),
    RequestColumn(
        "worker", "WORKER", 6, cell=lambda seen: Cell(seen.worker or ABSENT, Tone.MUTED),
        value=lambda seen: seen.worker or None,
    ),
    RequestColumn(
        "model", "MODEL", 0, cell=lambda seen: Cell(model_of(seen)),
        value=lambda seen: f"{seen.model} {seen.version}",
    ),
)  # fmt: skip
"""From left to right; the last one takes what room is left."""
CYCLE = (TOTAL, TIME, *(column for column in REQUEST_COLUMNS if column not in (TOTAL, TIME)))
"""The order in which a key goes through them: what is asked for most comes first."""
_ORDERS = {
    (TOTAL, True): "slowest first",
    (TOTAL, False): "fastest first",
    (TIME, True): "newest first",
    (TIME, False): "oldest first",
}
PARTS = (
    "queue: waiting for a worker · backend: in the worker, including its handler · "
    "rest: reading the request and sending the answer"
)
LABEL = 12
FIGURE = 9


def format_order(column: RequestColumn, *, descending: bool) -> str:
    """By what they are sorted."""
    return _ORDERS.get((column, descending), f"by {column.label.lower()} {ARROWS[descending]}")


def _tone(seen: SeenRequest) -> Tone:
    return Tone.BAD if seen.failed else Tone.PLAIN


def _time(seen: SeenRequest) -> str:
    return f"{seen.time:%H:%M:%S}.{seen.time.microsecond // 1000:03}"


def words_of(seen: SeenRequest) -> str:
    """What a filter looks at."""
    return f"{seen.status} {seen.method} {seen.path} {model_of(seen)} {seen.worker} {seen.peer}"


def request_detail(seen: SeenRequest) -> Content:
    """What is known of a request, and where its time went, in two lines."""
    end = f"{seen.time:%Y-%m-%d %H:%M:%S}"
    spans: list[Span] = [
        (f"{seen.method} {seen.path}", Tone.PLAIN),
        (f"  status {seen.status}", Tone.BAD if seen.failed else Tone.GOOD),
        (f"  {end}  from {seen.peer}", Tone.MUTED),
        (f"\ntotal {milliseconds(seen.total_ms)}", Tone.PLAIN),
    ]
    rest = rest_ms(seen)
    if rest is None:
        spans.append(("  the log does not show how much of it was queue and backend", Tone.MUTED))
        return line(*spans)
    spans.append((f" = queue {milliseconds(seen.queue_ms)}", Tone.PLAIN))
    spans.append((f" + backend {milliseconds(seen.backend_ms)}", Tone.PLAIN))
    if seen.handler_ms is not None:
        spans.append((f" (handler {milliseconds(seen.handler_ms)})", Tone.MUTED))
    spans.append((f" + rest {milliseconds(rest)}", Tone.PLAIN))
    return line(*spans)


def rest_ms(seen: SeenRequest) -> float | None:
    """What was neither queue nor backend, in milliseconds; None where no line shows those."""
    if seen.queue_ms is None or seen.backend_ms is None:
        return None
    return max(seen.total_ms - seen.queue_ms - seen.backend_ms, 0.0)


def whole_request(seen: SeenRequest, others: Sequence[SeenRequest], width: int) -> Content:
    """All that is known of a request, its parts as bars below each other, one after the other."""
    return Content("\n").join(
        [*_facts(seen), Content(""), *_bars(seen, width), *_rank(seen, others)]
    )


def _facts(seen: SeenRequest) -> Iterator[Content]:
    status = f"{_status(seen)}{' failed' if seen.failed else ''}"
    yield line(
        (f"{seen.method} {seen.path}  ", Tone.PLAIN),
        (status, Tone.BAD if seen.failed else Tone.GOOD),
    )
    by = f"by worker {seen.worker} of {model_of(seen)}" if seen.worker else "no worker reached"
    yield line(
        (f"answered {seen.time:%Y-%m-%d} {_time(seen)}", Tone.MUTED),
        (f"  from {seen.peer}  {by}", Tone.MUTED),
    )


def _bars(seen: SeenRequest, width: int) -> Iterator[Content]:
    """A bar for each part, as long as its share of the total, beginning where it began."""
    rest = rest_ms(seen)
    room = max(width - LABEL - FIGURE - 10, 10)
    yield _bar("total", seen.total_ms, 0.0, seen, room, Tone.PLAIN)
    if rest is None:
        message = "the log does not show how much of it was queue, backend and handler"
        yield line((f"\n{message}", Tone.MUTED))
        return
    queue, backend = seen.queue_ms or 0.0, seen.backend_ms or 0.0
    yield _bar("queue", queue, 0.0, seen, room, Tone.WARNING)
    yield _bar("backend", backend, queue, seen, room, Tone.ACCENT)
    if seen.handler_ms is not None:
        yield _bar("  handler", seen.handler_ms, queue, seen, room, Tone.GOOD)
    yield _bar("rest", rest, queue + backend, seen, room, Tone.MUTED)
    yield line((f"\n{PARTS}", Tone.MUTED))


def _bar(
    label: str, took_ms: float, began_ms: float, seen: SeenRequest, room: int, tone: Tone
) -> Content:
    total = max(seen.total_ms, began_ms + took_ms, 1e-9)
    start = min(round(began_ms / total * room), room - 1)
    length = min(max(round(took_ms / total * room), 1 if took_ms else 0), room - start)
    bar = f"{' ' * start}{'█' * length}".ljust(room)
    return line(
        (f"{label:<{LABEL}}", Tone.PLAIN),
        (f"{milliseconds(took_ms):>{FIGURE}}  ", Tone.PLAIN),
        (bar, tone),
        (f" {took_ms / total:>4.0%}", Tone.MUTED),
    )


def _rank(seen: SeenRequest, held: Sequence[SeenRequest]) -> Iterator[Content]:
    """How it stands among the requests of its model that were answered."""
    alike = [each for each in held if each.model == seen.model and not each.failed]
    if seen.failed or len(alike) < 2:
        return
    quicker = sum(each.total_ms < seen.total_ms for each in alike)
    others = len(alike) - 1
    share = "all" if quicker == others else f"{quicker / others:.0%}"
    message = f"slower than {share} of the other answered ones to {seen.model} ({count(others)})"
    yield line((f"\n{message}", Tone.MUTED))


def _status(seen: SeenRequest) -> str:
    return f"{'✗' if seen.failed else '✓'} {seen.status}"


def model_of(seen: SeenRequest) -> str:
    """Whose request it was, as it stands in the table."""
    return f"{seen.model} {seen.version}".rstrip()
