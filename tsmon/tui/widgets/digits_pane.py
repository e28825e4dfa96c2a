"""Pane 4: the images of a folder, a look at the chosen one, and what the model answered."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import var
from textual.widgets import OptionList

from tsmon.digits.images import DigitImage, ImageError, find_images, preview
from tsmon.load.answers import Answer, Score
from tsmon.tui.format import plural
from tsmon.tui.keymap import PaneName
from tsmon.tui.tones import Span, Tone, line
from tsmon.tui.widgets.answer_log import AnswerLog
from tsmon.tui.widgets.pane import Pane
from tsmon.tui.widgets.pixel_grid import PixelView
from tsmon.tui.widgets.raster import Symbols
from tsmon.tui.widgets.words import Words


class DigitsPane(Pane):
    """The image picker; whoever owns it does the sending and hands the answers in."""

    NAME = PaneName.DIGITS

    symbols = var(Symbols.BRAILLE)

    class Send(Message):
        """The chosen image is to be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.images: tuple[DigitImage, ...] = ()
        self.score = Score()
        self.folder: Path | None = None
        self._total = 0
        self._done = 0

    def compose(self) -> ComposeResult:
        """The list, the picture, and the answers below their score."""
        yield OptionList(id="digits-list", compact=True)
        with Vertical(id="digits-picture"):
            yield PixelView()
            yield Words(id="digits-problem")
        with Vertical(id="digits-answers"):
            yield Words(id="digits-score")
            yield AnswerLog()

    def on_mount(self) -> None:
        """Say what there is to do."""
        self._show_score()

    @property
    def sending(self) -> bool:
        """Whether a batch is under way."""
        return self._total > 0

    @property
    def chosen(self) -> DigitImage | None:
        """The image under the cursor."""
        at = self.query_one(OptionList).highlighted
        return self.images[at] if at is not None and at < len(self.images) else None

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw with other characters."""
        self.query_one(PixelView).symbols = symbols

    def target(self, name: str) -> None:
        """Show to which version images are sent."""
        self.head(f"to {name}" if name else "")

    async def open(self, folder: Path) -> None:
        """List a folder's images.

        Raises:
            ImageError: it cannot be read, or has no images; what was listed stays.
        """
        images = await asyncio.to_thread(find_images, folder)
        if not images:
            raise ImageError(f"there are no PNG or JPEG images in {folder}")
        self.images, self.folder = images, folder
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options([image.path.name for image in images])
        listed.highlighted = 0
        self.foot(f"{_short(folder)} · {plural(len(images), 'image')}")

    def begin(self, total: int) -> None:
        """A batch is being sent."""
        self._total, self._done = total, 0
        self._show_score()

    def add(self, answer: Answer) -> None:
        """An answer came."""
        self._done += 1
        self.score = self.score.plus(answer)
        self.query_one(AnswerLog).add(answer)
        self._show_score()

    def end(self) -> None:
        """The batch is over."""
        self._total = 0
        self._show_score()

    def clear(self) -> None:
        """Forget the answers."""
        self.score = Score()
        self.query_one(AnswerLog).clear()
        self._show_score()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click sends."""
        event.stop()
        self.post_message(self.Send())

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the picture; only the last of several quick moves counts."""
        event.stop()
        self.run_worker(self._look(), group="preview", exclusive=True)

    async def _look(self) -> None:
        image = self.chosen
        picture, problem = self.query_one(PixelView), self.query_one("#digits-problem", Words)
        if image is None:
            return
        try:
            picture.grid = await asyncio.to_thread(preview, image)
            problem.say(None)
        except ImageError as error:
            picture.grid = None
            problem.say(line((f"✗ {error}", Tone.BAD)))
        picture.display = picture.grid is not None

    def _show_score(self) -> None:
        score = self.score
        judged = score.right + score.wrong
        spans: list[Span] = []
        if judged:
            tone = Tone.GOOD if not score.wrong else Tone.PLAIN
            spans.append((f"{score.right}/{judged} correct", tone))
        if score.unlabelled:
            spans.append((f"  {score.unlabelled} without a label", Tone.MUTED))
        if score.failed:
            spans.append((f"  {score.failed} failed", Tone.BAD))
        if self._total:
            spans.append((f"  sending {self._done}/{self._total}, esc stops", Tone.ACCENT))
        if not spans:
            spans.append(("enter sends the image, n sends random ones", Tone.MUTED))
        self.query_one("#digits-score", Words).say(line(*spans))


def _short(folder: Path) -> str:
    """The folder's last two names: enough to know it by."""
    return "/".join(folder.parts[-2:])
