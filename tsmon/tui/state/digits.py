"""What pane 4, the picker and the draw pad have in common: payloads, labels, answers, the run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.digits.canvas import Canvas
from tsmon.digits.drawings import default_drawings
from tsmon.digits.folders import PayloadFolder, PayloadLabels, read_folder
from tsmon.digits.images import DigitImage
from tsmon.digits.seen import Preprocessing
from tsmon.load.answers import Answer
from tsmon.load.batches import Batch, BatchRun
from tsmon.load.refusals import Failure
from tsmon.load.request_size import read_limit
from tsmon.load.results import ResultBook
from tsmon.load.sender import send
from tsmon.payloads.payload import Payload, PayloadError
from tsmon.telemetry.snapshot import ModelKey
from tsmon.threads import in_thread
from tsmon.tui.state.amount import Amount
from tsmon.tui.state.asking import AS_USUAL, Asking

if TYPE_CHECKING:
    from tsmon.load.comparison import Comparison
    from tsmon.tui.state.options import MonitorOptions
    from tsmon.tui.state.session import Session

_SIZE_MATTERS = (Failure.TOO_LARGE, Failure.UNREACHABLE)

Answered = Callable[[ModelKey, Answer], None]
Ended = Callable[[ModelKey, Sequence[Failure]], None]


class Desk:
    """The state of everything that is sent by hand; it draws nothing."""

    def __init__(
        self,
        session: Session,
        options: MonitorOptions,
        *,
        start: Callable[[Coroutine[None, None, None]], object],
        answered: Answered,
        ended: Ended,
    ) -> None:
        """`start` runs a coroutine beside the caller; the others hear how sending goes."""
        self.labels = PayloadLabels()
        self.amount = Amount()
        """How many random payloads were asked for last."""
        self.folder: PayloadFolder | None = None
        self.chosen: Path | None = None
        """The payload that is looked at."""
        self.marked: set[Path] = set()
        self.target: ModelKey | None = None
        """The version that payloads are sent to."""
        self._label_files: dict[Path, Path] = {}
        """Those that were chosen by hand, by their folder."""
        self.canvas = Canvas()
        """The drawing, which stays while its screen is away."""
        self.samples = options.samples
        self.drawings = options.drawings or default_drawings()
        self.preprocessing = _digit_preprocessing()
        self._model_store = options.model_store
        self._start = start
        self._answered = answered
        self._ended = ended
        self.watch(session)

    def watch(self, session: Session) -> None:
        """Work with another server, whose versions are others even where their names are not."""
        self.session = session
        self.book = ResultBook()
        self.run: BatchRun | None = None
        """The run under way, or the last one."""
        self.comparison: Comparison | None = None
        """The comparison under way, or the last one."""
        self._under_way: BatchRun | Comparison | None = None
        self._asking: dict[str, Asking] = {}
        """By model. Another server gets none of it: it may be a header with a secret."""

    # Payloads

    @property
    def payloads(self) -> tuple[Payload, ...]:
        """The payloads of the folder, with the labels that were set."""
        return tuple(map(self.labels.apply, self.folder.payloads)) if self.folder else ()

    @property
    def alike(self) -> tuple[Payload, ...]:
        """The payloads of the same kind as the one looked at: what random ones are taken from.

        A model that takes one of a folder's images can do nothing with the notes beside them.
        """
        payloads = self.payloads
        if not payloads or not self.folder or self.folder.is_images:
            return payloads
        model = next((each for each in payloads if each.path == self.chosen), payloads[0])
        return tuple(each for each in payloads if _kind(each) == _kind(model))

    @property
    def marked_payloads(self) -> list[Payload]:
        """The marked payloads, in the folder's order."""
        return [payload for payload in self.payloads if payload.path in self.marked]

    @property
    def noun(self) -> str:
        """What the payloads are called: image, where there is nothing else."""
        return self.folder.noun if self.folder else "image"

    async def open(self, path: Path, chosen: Path | None = None) -> PayloadFolder:
        """Read a folder; what was marked and is not in it is not marked any more.

        Raises:
            PayloadError: it cannot be read; what was open stays.
        """
        folder = await in_thread(read_folder, path, self._label_files.get(path))
        self.folder = folder
        self.marked &= {payload.path for payload in folder.payloads}
        self.chosen = chosen or (folder.payloads[0].path if folder.payloads else None)
        return folder

    async def label_by(self, file: Path) -> None:
        """Take the labels of the folder from a file, for this session; what was answered too.

        Raises:
            PayloadError: it cannot be read, or names nothing that is here.
        """
        if self.folder is None:
            raise PayloadError("no folder is open")
        folder = await in_thread(read_folder, self.folder.path, file)
        if not any(payload.label is not None for payload in folder.payloads):
            raise PayloadError(f"{file} has no label of anything in {folder.path}")
        self._label_files[folder.path] = file
        self.folder = folder
        self.book.relabel({each.path: each.label for each in self.payloads})

    def set_label(self, payload: Payload, label: str | None) -> None:
        """Label a payload for this session, and judge its answers again."""
        self.labels.set(payload, label)
        self.book.relabel({payload.path: label})

    def asking(self, key: ModelKey | None) -> Asking:
        """How a version is asked."""
        return self._asking.get(key.name, AS_USUAL) if key else AS_USUAL

    async def ask_by(self, key: ModelKey, asking: Asking) -> None:
        """Ask all versions of a model so from now on; its answers are read again."""
        before, self._asking[key.name] = self.asking(key), asking
        if before.answer_path != asking.answer_path:
            await self.book.read_again(key.name, asking.answer_path)

    async def has_digit_handler(self, key: ModelKey) -> bool | None:
        """Whether a version's archive has the preprocessing shown; None where that is not known."""
        model = self.session.monitor.latest.model(key)
        if model is None or self._model_store is None or self.preprocessing is None:
            return None
        archive = self._model_store / Path(model.described.url).name
        return await in_thread(self.preprocessing.is_in, archive)

    # Sending

    @property
    def under_way(self) -> BatchRun | Comparison | None:
        """What is being sent."""
        return self._under_way

    def send(self, key: ModelKey, batches: Sequence[Batch], concurrency: int = 1) -> None:
        """Send batches to a version; nothing else must be under way."""
        self.run = self._under_way = BatchRun(key, batches, concurrency)
        self._start(self._send(self.run))

    def compare(self, payloads: Batch, first: ModelKey, second: ModelKey) -> None:
        """Send each payload to two versions; nothing else must be under way."""
        from tsmon.load.comparison import Comparison

        self.comparison = self._under_way = Comparison(payloads, first, second)
        self._start(self._send(self.comparison))

    async def _send(self, work: BatchRun | Comparison) -> None:
        session, book = self.session, self.book
        failures: list[Failure] = []
        try:
            for key, payloads in work.parts():
                asking = self.asking(key)
                sending = send(
                    session.client.inference,
                    key.name,
                    payloads,
                    version=key.version,
                    concurrency=work.concurrency,
                    answer_path=asking.answer_path,
                    form=asking.form,
                    whole=True,
                )
                async with aclosing(sending):
                    async for plain in sending:
                        answer = await self._explained(session, plain)
                        if answer.failure is not None:
                            failures.append(answer.failure)
                        work.add(answer)
                        book.add(key, answer)
                        self._answered(key, answer)
        finally:
            self._under_way = None
            self._ended(work.key, failures)

    async def _explained(self, session: Session, answer: Answer) -> Answer:
        """The answer; when its payload may have been too large, it says for what limit."""
        if answer.failure not in _SIZE_MATTERS:
            return answer
        limit = await in_thread(read_limit, session.monitor.latest.metrics.log_folder)
        return limit.explain(answer)


def _kind(payload: Payload) -> str:
    return "image" if isinstance(payload, DigitImage) else payload.content_type


def _digit_preprocessing() -> Preprocessing | None:
    from tsmon.serving.assets import digit_assets
    from tsmon.serving.errors import AssetsMissing

    try:
        return Preprocessing(digit_assets().preprocess)
    except AssetsMissing:
        return None
