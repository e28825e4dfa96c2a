"""What pane 4, the picker and the draw pad have in common: images, labels, answers, the run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.digits.canvas import Canvas
from tsmon.digits.drawings import default_drawings
from tsmon.digits.folders import ImageFolder, ImageLabels, read_folder
from tsmon.digits.seen import Preprocessing
from tsmon.load.answers import Answer
from tsmon.load.batches import Batch, BatchRun
from tsmon.load.refusals import Failure
from tsmon.load.request_size import read_limit
from tsmon.load.results import ResultBook
from tsmon.load.sender import send
from tsmon.telemetry.snapshot import ModelKey
from tsmon.threads import in_thread
from tsmon.tui.state.amount import Amount

if TYPE_CHECKING:
    from tsmon.digits.images import DigitImage
    from tsmon.load.comparison import Comparison
    from tsmon.tui.state.options import MonitorOptions
    from tsmon.tui.state.session import Session

_SIZE_MATTERS = (Failure.TOO_LARGE, Failure.UNREACHABLE)

Answered = Callable[[ModelKey, Answer], None]
Ended = Callable[[ModelKey, Sequence[Failure]], None]


class Desk:
    """The state of everything digital; it draws nothing."""

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
        self.labels = ImageLabels()
        self.amount = Amount()
        """How many random images were asked for last."""
        self.folder: ImageFolder | None = None
        self.chosen: Path | None = None
        """The image that is looked at."""
        self.marked: set[Path] = set()
        self.target: ModelKey | None = None
        """The version that images are sent to."""
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

    # Images

    @property
    def images(self) -> tuple[DigitImage, ...]:
        """The images of the folder, with the labels that were set."""
        return tuple(map(self.labels.apply, self.folder.images)) if self.folder else ()

    @property
    def marked_images(self) -> list[DigitImage]:
        """The marked images, in the folder's order."""
        return [image for image in self.images if image.path in self.marked]

    async def open(self, path: Path, chosen: Path | None = None) -> ImageFolder:
        """Read a folder; what was marked and is not in it is not marked any more.

        Raises:
            PayloadError: it cannot be read; what was open stays.
        """
        folder = await in_thread(read_folder, path)
        self.folder = folder
        self.marked &= {image.path for image in folder.images}
        self.chosen = chosen or (folder.images[0].path if folder.images else None)
        return folder

    def set_label(self, image: DigitImage, label: str | None) -> None:
        """Label an image for this session, and judge its answers again."""
        self.labels.set(image, label)
        self.book.relabel(image.path, label)

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

    def compare(self, images: Batch, first: ModelKey, second: ModelKey) -> None:
        """Send each image to two versions; nothing else must be under way."""
        from tsmon.load.comparison import Comparison

        self.comparison = self._under_way = Comparison(images, first, second)
        self._start(self._send(self.comparison))

    async def _send(self, work: BatchRun | Comparison) -> None:
        session, book = self.session, self.book
        failures: list[Failure] = []
        try:
            for key, images in work.parts():
                sending = send(
                    session.client.inference,
                    key.name,
                    images,
                    version=key.version,
                    concurrency=work.concurrency,
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
        """The answer; when its image may have been too large, it says for what limit."""
        if answer.failure not in _SIZE_MATTERS:
            return answer
        limit = await in_thread(read_limit, session.monitor.latest.metrics.log_folder)
        return limit.explain(answer)


def _digit_preprocessing() -> Preprocessing | None:
    from tsmon.serving.assets import digit_assets
    from tsmon.serving.errors import AssetsMissing

    try:
        return Preprocessing(digit_assets().preprocess)
    except AssetsMissing:
        return None
