"""Pane 4: the payloads of a folder, a look at the chosen one, and what the model answered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import var

from tsmon.digits.images import DigitImage, preview
from tsmon.load.answers import Answer, Score
from tsmon.payloads.payload import Payload, PayloadError
from tsmon.threads import in_thread
from tsmon.tui.keymap import PaneName
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.text.preview_text import preview_text
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.answer_lines import COMPACT, format_answer
from tsmon.tui.widgets.answer_log import AnswerLog
from tsmon.tui.widgets.motion import Choices
from tsmon.tui.widgets.pane import Pane
from tsmon.tui.widgets.pixel_view import PixelView
from tsmon.tui.widgets.words import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tsmon.digits.folders import PayloadFolder
    from tsmon.load.batches import BatchRun
    from tsmon.load.comparison import Comparison
    from tsmon.load.results import Results
    from tsmon.telemetry.snapshot import ModelKey


PARTS = ("#digits-list", "#digits-answers")
"""What a folded pane hides; whether there is a picture is a matter of the screen's height too."""
WAYS_TO_SEND = (
    "{digits.send} sends one, {digits.send-many} random ones, {digits.draw} draws one, "
    "{digits.fold} opens this pane"
)
NO_IMAGES = "{digits.folder} opens a folder to send from, {digits.draw} draws one"


class DigitsPane(Pane):
    """The compact picker; its owner does the sending and hands the answers in."""

    NAME = PaneName.DIGITS
    _are_images = True

    symbols = var(Symbols.BRAILLE)

    class Send(Message):
        """The chosen image is to be sent."""

    class Targeted(Message):
        """Another version is the one to send to; its answers are wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.payloads: tuple[Payload, ...] = ()
        self.score = Score()
        """Of the version that is shown."""
        self._target: ModelKey | None = None
        self._under_way: BatchRun | Comparison | None = None
        self._last: Answer | None = None
        self._folder = ""
        self._asking = ""

    def compose(self) -> ComposeResult:
        """The line of the folded pane; the list, the picture, and the answers below their score."""
        yield Words(id="digits-line")
        yield Choices(id="digits-list", compact=True)
        with Vertical(id="digits-picture"):
            yield PixelView()
            yield Words(id="digits-problem")
        with Vertical(id="digits-answers"):
            yield Words(id="digits-score")
            yield AnswerLog()

    def on_mount(self) -> None:
        """Show what can be done."""
        self._show_score()

    @property
    def chosen(self) -> Payload | None:
        """The payload under the cursor."""
        at = self.query_one(Choices).highlighted
        return self.payloads[at] if at is not None and at < len(self.payloads) else None

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw with other characters."""
        self.query_one(PixelView).symbols = symbols

    def fold(self, *, folded: bool) -> None:
        """Show one line in place of all the rest, or no longer; it can have the focus too."""
        if folded == self.can_focus:
            return
        self.can_focus = folded
        self._show_score()
        for part in PARTS:
            self.query_one(part).display = not folded
        if self.has_focus:
            self.take_focus()

    def target(self, key: ModelKey | None) -> None:
        """Show to which version images are sent."""
        if key != self._target:
            self._target = key
            self._show_target()
            self.post_message(self.Targeted())

    @property
    def title_word(self) -> str:
        """Digits, where the folder has images alone."""
        return self.NAME.title if self._are_images else f"{self.NAME.number} Payloads"

    def _show_target(self) -> None:
        self.head(f"to {self._target}" if self._target else "")

    def show_folder(self, folder: PayloadFolder, chosen: Path | None) -> None:
        """List a folder's payloads, with the cursor on one of them."""
        self._are_images = folder.is_images
        self._show_target()
        self.payloads = folder.payloads
        listed = self.query_one(Choices)
        listed.clear_options()
        listed.add_options([payload.name for payload in folder.payloads])
        paths = [payload.path for payload in folder.payloads]
        listed.highlighted = paths.index(chosen) if chosen in paths else 0 if paths else None
        self._folder = f"{_short(folder.path)} · {folder.words}"
        self._show_foot()
        self._show_score()

    def show_asking(self, words: str) -> None:
        """Say how payloads are sent, where that is not as usual."""
        self._asking = words
        self._show_foot()

    def _show_foot(self) -> None:
        self.foot(" · ".join(filter(None, [self._folder, self._asking])))

    def show_results(self, results: Results) -> None:
        """Show the answers of another version, or none."""
        self.score = results.score
        self._last = results.answers[-1] if results.answers else None
        self.query_one(AnswerLog).show(results.answers)
        self._show_score()

    def add(self, answer: Answer, score: Score) -> None:
        """An answer of the version that is shown came."""
        self.score, self._last = score, answer
        self.query_one(AnswerLog).add(answer)

    def show_progress(self, under_way: BatchRun | Comparison | None) -> None:
        """What is being sent, and how far it is."""
        self._under_way = under_way
        self._show_score()

    def on_option_list_option_selected(self, event: Choices.OptionSelected) -> None:
        """Enter or a click sends."""
        event.stop()
        self.post_message(self.Send())

    def on_option_list_option_highlighted(self, event: Choices.OptionHighlighted) -> None:
        """Show the picture; only the last of several quick moves counts."""
        event.stop()
        self.run_worker(self._look, group="preview", exclusive=True)  # type: ignore[arg-type]

    async def _look(self) -> None:
        image = self.chosen
        picture, problem = self.query_one(PixelView), self.query_one("#digits-problem", Words)
        if not isinstance(image, DigitImage):
            picture.display = False
            problem.say(await in_thread(preview_text, image) if image else None)
            return
        try:
            picture.grid = await in_thread(preview, image)
            problem.say(None)
        except PayloadError as error:
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
        if score.unread:
            words = f"  {score.unread} without a class in the answer"
            spans.append((words, Tone.MUTED))
        if score.failed:
            spans.append((f"  {score.failed} failed", Tone.BAD))
        if self._under_way:
            stop = keys_of(self).expand("{digits.stop} stops")
            sending = _sending_words(self._under_way, self._target)
            spans.append((f"  {sending}, {stop}", Tone.ACCENT))
        folded = line(*self._in_a_line(spans)) if self.can_focus else None
        self.query_one("#digits-line", Words).say(folded)
        if not spans:
            noun = "image" if self._are_images else "payload"
            words = f"enter sends the {noun}, {{digits.send-many}} sends random ones"
            spans.append((keys_of(self).expand(words), Tone.MUTED))
        self.query_one("#digits-score", Words).say(line(*spans))

    def _in_a_line(self, score: Sequence[Span]) -> list[Span]:
        """The score and the last answer, and what can be sent."""
        spans = [*score]
        if self._last is not None:
            spans += [("  ", Tone.PLAIN), *format_answer(self._last, COMPACT)]
        if spans:
            spans.append(("  ", Tone.PLAIN))
        words = NO_IMAGES
        if self.payloads:
            spans.append((f"{self._folder}  ", Tone.PLAIN))
            words = WAYS_TO_SEND
        return [*spans, (keys_of(self).expand(words), Tone.MUTED)]


def _sending_words(work: BatchRun | Comparison, target: ModelKey | None) -> str:
    """How far sending is; it names the version if that is not the one looked at."""
    where = f" to {work.key}" if work.key != target else ""
    return f"sending {work.done}/{work.total}{where}"


def _short(folder: Path) -> str:
    """The folder's last two names: enough to know it by."""
    return "/".join(folder.parts[-2:])
