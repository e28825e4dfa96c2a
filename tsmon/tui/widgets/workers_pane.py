"""Pane 2: the workers of the selected version, and how a change of their number goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content

from tsmon.telemetry.activity import activity_of_worker
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.torchserve.rollout import Outcome
from tsmon.tui.keymap import PaneName
from tsmon.tui.text.activity import format_worker
from tsmon.tui.text.model_state import WELL, WORKER_STATES, old_words
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.columns import Cell, TableColumn, TableRow, cells_of
from tsmon.tui.widgets.table_pane import TablePane
from tsmon.tui.widgets.words import Words
from tsmon.units import ABSENT, byte_size, count, duration, percent, plural

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tsmon.telemetry.logs.causes import Cause
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot, WorkerStatus
    from tsmon.tui.state.rollouts import Rollout
    from tsmon.tui.widgets.live_table import LiveTable


WORKERS_IN_SIGHT = 3
"""Rows that what is wrong leaves to the workers, where there are so many."""
ROWS_BESIDE = 2
"""The line of numbers, and the titles of the columns."""
MOST_FAILURE_ROWS = 6
"""Of what is wrong, where the pane is only as high as what is in it."""


class ShownWorker(NamedTuple):
    """A worker in a tick."""

    worker: WorkerStatus
    model: ModelStatus
    now: float
    """Unix time."""
    stale: bool

    @property
    def tone(self) -> Tone:
        """That of what calls for no other."""
        return Tone.MUTED if self.stale else Tone.PLAIN

    @property
    def cpu(self) -> float | None:
        """Share of one core."""
        process = self.worker.process
        if self.stale or process is None or process.ended:
            return None
        return process.cpu_percent / 100

    @property
    def age_s(self) -> float | None:
        """Seconds since its process began."""
        process = self.worker.process
        return None if self.stale or process is None else self.now - process.started


WorkerColumn = TableColumn[ShownWorker]


def _state(shown: ShownWorker) -> Cell:
    health = shown.worker.verdict.health
    return Cell(f"? was {health}", shown.tone) if shown.stale else Cell(*WORKER_STATES[health])


def _does(shown: ShownWorker) -> Cell:
    if shown.stale:
        return Cell(ABSENT, shown.tone)
    return Cell(*format_worker(activity_of_worker(shown.model, shown.worker)))


def _device(shown: ShownWorker) -> str:
    return {True: "gpu", False: "cpu", None: ABSENT}[shown.worker.worker.gpu]


def _gpu(shown: ShownWorker) -> str:
    """The GPU's number, its use and its memory, where they are known."""
    gpu = shown.worker.gpu
    if gpu is None:
        return ABSENT
    if shown.stale:
        return gpu.id
    return f"{gpu.id} {percent(gpu.share)} {byte_size(gpu.memory_bytes)}"


GPU = "gpu-use"
"""The column that is there only where a worker has a GPU."""
WORKER_COLUMNS: tuple[WorkerColumn, ...] = (
    WorkerColumn(
        "id", "ID", 5, cell=lambda shown: Cell(shown.worker.worker.id, shown.tone),
        value=lambda shown: shown.worker.worker.id,
    ),
    WorkerColumn(
        "state", "STATE", 10, cell=_state, value=lambda shown: shown.worker.verdict.health
    ),
    WorkerColumn(
        "does", "ACTIVITY", 11, cell=_does, value=lambda shown: shown.cpu, largest_first=True
    ),
    WorkerColumn(
        "pid", "PID", 7, right=True, rank=1,
        cell=lambda shown: Cell(str(shown.worker.worker.pid or ABSENT), shown.tone),
        value=lambda shown: shown.worker.worker.pid,
    ),
    WorkerColumn(
        "memory", "MEMORY", 8, right=True,
        cell=lambda shown: Cell(byte_size(shown.worker.memory_bytes), shown.tone),
        value=lambda shown: shown.worker.memory_bytes, largest_first=True,
    ),
    WorkerColumn(
        "cpu", "CPU", 5, right=True, cell=lambda shown: Cell(percent(shown.cpu), shown.tone),
        value=lambda shown: shown.cpu, largest_first=True,
    ),
    WorkerColumn(
        "age", "AGE", 6, right=True, rank=2,
        cell=lambda shown: Cell(duration(shown.age_s), shown.tone),
        value=lambda shown: shown.age_s, largest_first=True,
    ),
    WorkerColumn(
        "gpu", "DEVICE", 6, right=True, rank=3,
        cell=lambda shown: Cell(_device(shown), shown.tone), value=_device,
    ),
    WorkerColumn(
        GPU, "GPU", 14, rank=1, cell=lambda shown: Cell(_gpu(shown), shown.tone),
        value=lambda shown: shown.worker.gpu.share if shown.worker.gpu else None,
        largest_first=True,
    ),
)  # fmt: skip


class WorkersPane(TablePane[ShownWorker]):
    """One row for each worker, below a line with their number and the buttons to change it."""

    NAME = PaneName.WORKERS

    def __init__(self) -> None:
        super().__init__(WORKER_COLUMNS)
        self._model: ModelStatus | None = None
        self._workers: tuple[WorkerStatus, ...] = ()
        self._now = 0.0
        self._stale = False

    def compose(self) -> ComposeResult:
        """The line of numbers, the rollout under way, and the workers."""
        yield Words(id="workers-count")
        yield Words(id="workers-failure")
        yield from self.compose_table()

    def words_of(self, item: ShownWorker) -> str:
        """Its id, state, process and device."""
        worker, health = item.worker.worker, item.worker.verdict.health
        return f"{worker.id} {health} {worker.pid or ''} {_device(item)}"

    @property
    def pid(self) -> int | None:
        """The process of the worker under the cursor."""
        workers = {status.worker.id: status.worker for status in self._workers}
        worker = workers.get(self.table.cursor_key or "")
        return worker.pid if worker else None

    def on_live_table_moved(self, event: LiveTable.Moved) -> None:
        """Nothing depends on the worker under the cursor."""
        event.stop()

    def show(self, snapshot: Snapshot, model: ModelStatus | None, rollout: Rollout | None) -> None:
        """Render a tick."""
        self.head(str(model.key) if model else "")
        room = self.content_size.width - 2
        words = _count(model, rollout, old_words(snapshot), room)
        self.query_one("#workers-count", Words).say(words)
        failure = self.query_one("#workers-failure", Words)
        failure.say(explain_failure(model, rollout, old_words(snapshot)))
        self._model = model
        self._workers = model.workers if model else ()
        self._stale = snapshot.stale
        self._now = snapshot.at.wall.timestamp()
        self.render_rows()

    def on_resize(self) -> None:
        """Have what is wrong take the rows that the workers leave."""
        self._leave_room()

    def _leave_room(self) -> None:
        """Show of what is wrong as much as leaves the first workers in sight."""
        rows = min(max(len(self._workers), 1), WORKERS_IN_SIGHT)
        left = self.content_size.height - ROWS_BESIDE - rows
        most = MOST_FAILURE_ROWS if self.styles.is_auto_height else max(left, 1)
        self.query_one("#workers-failure").styles.max_height = most

    def render_rows(self) -> None:
        """Show the workers of the last tick."""
        self._leave_room()
        model = self._model
        workers = model.workers if model else ()
        shown = [ShownWorker(each, model, self._now, self._stale) for each in workers if model]
        self.table.leave_out(*([] if any(each.gpu for each in workers) else [GPU]))
        self.table.show_rows(
            [
                TableRow(each.worker.worker.id, cells_of(WORKER_COLUMNS, each))
                for each in self.pick_rows(shown)
            ]
        )
        self.show_foot()


def explain_failure(
    model: ModelStatus | None, rollout: Rollout | None, old: str = ""
) -> Content | None:
    """What is wrong with the workers, why, and what to do; None when all is well.

    `old` says of when that is known, where it is not of now.
    """
    if model is None or model.gone:
        return None
    progress = rollout.progress if rollout else None
    failed = _has_failed(rollout)
    well = model.verdict.health in WELL
    if well and not failed and not model.problem:
        return None
    parts: list[Span] = []
    if progress is not None and failed:
        parts.append((f"✗ {progress.reason}", Tone.BAD))
    if model.cause is not None and not well:
        parts.append((_cause(model.cause), Tone.BAD))
        parts.append((f"  {model.cause.hint}", Tone.MUTED))
    elif progress is not None and failed and progress.hint:
        parts.append((f"  {progress.hint}", Tone.MUTED))
    if not well and not failed:
        was = f"{old}, " if old else ""
        parts.append((f"{was}{model.verdict.health}: {model.verdict.evidence}", Tone.WARNING))
    if model.problem and model.problem != model.verdict.evidence:
        parts.append((model.problem, Tone.WARNING))
    spans: list[Span] = []
    for text, tone in parts:
        spans.append((f"\n{text}" if spans else text, tone))
    return line(*spans)


def _cause(cause: Cause) -> str:
    return f"{cause.message} ({cause.times}× in the last minute)" if cause.times else cause.message


def _has_failed(rollout: Rollout | None) -> bool:
    progress = rollout.progress if rollout else None
    return progress is not None and progress.outcome is Outcome.FAILED


def progress_of(rollout: Rollout | None) -> Span:
    """How far a change of the number of workers is."""
    if rollout is None:
        return "", Tone.PLAIN
    progress = rollout.progress
    if progress is None and (waited := rollout.hangs_s):
        return f"◌ {duration(waited)} … esc stops", Tone.WARNING
    if progress is None:
        return f"◌ {rollout.before} → {plural(rollout.target, 'worker')} …", Tone.WARNING
    done = f"{progress.ready}/{progress.wanted} ready, {duration(progress.seconds)}"
    glyph, tone = {
        Outcome.RUNNING: ("◌", Tone.WARNING),
        Outcome.DONE: ("✓", Tone.GOOD),
        Outcome.FAILED: ("✗", Tone.BAD),
    }[progress.outcome]
    return f"{glyph} {done}", tone


def _count(model: ModelStatus | None, rollout: Rollout | None, old: str, room: int) -> Content:
    """The number of workers, the buttons that change it, and how a change goes.

    The limits give way to a change for which there would be no room.
    """
    if model is None:
        return line(("no model is selected", Tone.MUTED))
    if model.gone:
        return line((f"gone: {model.gone}", Tone.MUTED))
    if model.verdict.health is ModelHealth.UNREAD:
        return line(("? workers not known  ", Tone.WARNING), progress_of(rollout))
    described = model.described
    most = count(described.max_workers)
    target = rollout.target if rollout and rollout.running else model.wanted
    minus = Content.styled("[-]", "$text-primary @click=screen.do('workers.fewer')")
    plus = Content.styled("[+]", "$text-primary @click=screen.do('workers.more')")
    change = line(progress_of(rollout))
    limits = line((f" min {described.min_workers} max {most} ", Tone.MUTED))
    parts = [line(*_ready(model, old)), limits, Content(" ")]
    parts += [minus, Content(f" {target} "), plus, Content("  "), change]
    if change.plain and sum(part.cell_length for part in parts) > room:
        parts.remove(limits)
    return Content("").join(parts)


def _ready(model: ModelStatus, old: str) -> list[Span]:
    ready = f"{model.ready}/{model.wanted} ready "
    return [(f"? {ready}{old} ", Tone.MUTED)] if old else [(ready, Tone.PLAIN)]
