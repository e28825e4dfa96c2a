"""The draw pad: a digit drawn by hand, and what a version makes of it meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from tsmon.digits.drawings import Drawing, save_drawing
from tsmon.load.live import NewestOnly
from tsmon.load.refusals import Failure, capacity_cause
from tsmon.load.sender import send_one
from tsmon.payloads.payload import PayloadError
from tsmon.threads import in_thread
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.digit_screen import DigitScreen
from tsmon.tui.text import pad as pad_words
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.canvas_view import CanvasView
from tsmon.tui.widgets.key_bar import KeyBar
from tsmon.tui.widgets.pixel_view import PixelView
from tsmon.tui.widgets.probabilities import format_bars
from tsmon.tui.widgets.words import Words

if TYPE_CHECKING:
    from tsmon.digits.images import PixelGrid
    from tsmon.load.answers import Answer
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.tui.state.digits import Desk
    from tsmon.tui.text.symbols import Symbols

DRAW_RETRY_S = 2.0
"""How long after a failure the same drawing is sent again."""
LARGE = (112, 36)
"""Columns and lines from which on each pixel takes two columns and a line."""
SEEN_FROM = 96
"""Columns from which on there is room for what the model sees."""


class DrawPad(DigitScreen):
    """A canvas, the prediction of the selected version beside it, and what that version sees."""

    KEYS = (*keymap.DRAW_KEYS, *keymap.SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#canvas"

    def __init__(self, desk: Desk, symbols: Symbols, *, aim: Callable[[ModelKey], None]) -> None:
        super().__init__(desk, symbols, aim=aim)
        self.answer: Answer | None = None
        """To the newest drawing that was answered; None while there is none."""
        self.asking_label = False
        self._live = NewestOnly(self._ask, self._show_answer)

    def compose(self) -> ComposeResult:
        """The line above, canvas and prediction, the keys."""
        yield Words(id="pad-bar")
        with Horizontal(id="pad"):
            with Vertical(id="pad-canvas"):
                yield CanvasView(self.desk.canvas)
            with Vertical(id="pad-prediction"):
                yield Words(id="pad-answer")
                yield Words(id="pad-bars")
                yield Words(id="pad-pen")
            with Vertical(id="pad-seen"):
                yield Words(id="pad-seen-title")
                yield PixelView(id="pad-seen-picture")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Ask about the drawing, now and whenever it changes."""
        self.query_one("#pad-canvas").border_title = "28 x 28"
        self.run_worker(self._live.run(), group="live")
        self.set_interval(DRAW_RETRY_S, self._ask_again_if_failed)
        self.watch_symbols(self.symbols)

    @property
    def view(self) -> CanvasView:
        """The canvas on the screen."""
        return self.query_one(CanvasView)

    # The prediction

    def on_canvas_view_drawn(self) -> None:
        """The drawing changed."""
        self._live.want(self.desk.canvas.pixels)
        self._show_pen()
        self.show_seen_title()

    def show_target(self) -> None:
        """Ask another version."""
        self.on_canvas_view_drawn()
        none = keys_of(self).expand("no version selected, {draw.version} chooses one")
        to = f"to {self.desk.target}" if self.desk.target else none
        self.query_one("#pad-bar", Words).say(line((" Draw pad  ", Tone.ACCENT), (to, Tone.PLAIN)))

    async def _ask(self, pixels: PixelGrid) -> tuple[Answer | None, PixelGrid | None]:
        """The prediction and what the model sees; nothing for a blank canvas."""
        target = self.desk.target
        if target is None or not any(pixels.pixels):
            return None, None
        drawing = await in_thread(Drawing.of, pixels)
        inference = self.desk.session.client.inference
        seen, answer = await asyncio.gather(
            in_thread(self._see, drawing),
            send_one(inference, target.name, drawing, version=target.version),
        )
        return answer, seen

    def show_seen_title(self) -> None:
        """Above the picture of the drawing, once there is one."""
        title = None if self.desk.canvas.is_blank else line((self.seen_title, Tone.MUTED))
        self.query_one("#pad-seen-title", Words).say(title)

    def _see(self, drawing: Drawing) -> PixelGrid | None:
        try:
            return self.desk.preprocessing.see(drawing) if self.desk.preprocessing else None
        except PayloadError:
            return None

    def _show_answer(
        self, pixels: PixelGrid, found: tuple[Answer | None, PixelGrid | None]
    ) -> None:
        self.answer, seen = found
        if not self.is_open:
            return
        self.query_one("#pad-seen-picture", PixelView).grid = seen
        self._show_prediction()

    def _show_prediction(self) -> None:
        answer = self.answer
        blank = self.desk.canvas.is_blank
        words = pad_words.answer(answer, self._cause(answer), blank=blank)
        self.query_one("#pad-answer", Words).say(line(*words))
        bars = self.query_one("#pad-bars", Words)
        probabilities = answer.probabilities if answer else None
        width = self.query_one("#pad-prediction").content_size.width
        spans = format_bars(probabilities, width, self.symbols) if probabilities else None
        bars.say(line(*spans) if spans else None)

    def _cause(self, answer: Answer | None) -> str:
        """Which of its causes a 503 without capacity had."""
        target = self.desk.target
        if answer is None or answer.failure is not Failure.NO_CAPACITY or target is None:
            return ""
        model = self.desk.session.monitor.latest.model(target)
        return capacity_cause(model.described) if model else ""

    def _ask_again_if_failed(self) -> None:
        if self.answer is not None and self.answer.error:
            self._live.want(self.desk.canvas.pixels)

    # Drawing

    def action_pen(self) -> None:
        """Put the pen down, or lift it."""
        self.view.toggle_pen()
        self._show_pen()

    def action_eraser(self) -> None:
        """Rub out, or draw again."""
        self.view.change_pen(replace(self.view.pen, erases=not self.view.pen.erases))
        self._show_pen()

    def action_broader(self) -> None:
        """Take a broader brush."""
        self.view.change_pen(replace(self.view.pen, brush=self.view.pen.brush.larger))
        self._show_pen()

    def action_finer(self) -> None:
        """Take a finer brush; while a label is asked for, the same key says that it is unknown."""
        if self.asking_label:
            self._save(None)
            return
        self.view.change_pen(replace(self.view.pen, brush=self.view.pen.brush.smaller))
        self._show_pen()

    def action_undo(self) -> None:
        """Undo the last stroke."""
        self.desk.canvas.undo()
        self._redrawn()

    def action_redo(self) -> None:
        """Have it again."""
        self.desk.canvas.redo()
        self._redrawn()

    def action_clear(self) -> None:
        """Clear the drawing; it can be undone."""
        self.desk.canvas.clear()
        self._redrawn()

    def _redrawn(self) -> None:
        self.view.lift()
        self.view.refresh()
        self.on_canvas_view_drawn()

    # Saving

    def action_save(self) -> None:
        """Ask which digit it is."""
        if self.desk.canvas.is_blank:
            self.talk.note(Note("there is nothing to save yet", "draw first"))
        else:
            self._ask_label(asking=True)

    def action_label(self, digit: str) -> None:
        """Keep the drawing as this digit."""
        if self.asking_label:
            self._save(digit)

    def _ask_label(self, *, asking: bool) -> None:
        self.asking_label = asking
        self._show_pen()

    def _save(self, label: str | None) -> None:
        self._ask_label(asking=False)
        self.talk.do(self._keep(self.desk.canvas.pixels, label))

    async def _keep(self, pixels: PixelGrid, label: str | None) -> None:
        kept = await in_thread(save_drawing, self.desk.drawings, pixels, label)
        folder, drawings = self.desk.folder, kept.path.parent
        where = "{digits.pick} opens the picker, {picker.drawings} there the drawings"
        if folder is None or folder.path.absolute() == drawings.absolute():
            await self.desk.open(drawings, kept.path.absolute())
            where = "the picker shows it"
        self.talk.note(Note(f"saved as {kept.path}", where), bad=False)

    def action_back(self) -> None:
        """Leave the question, or the pad."""
        if self.asking_label:
            self._ask_label(asking=False)
        else:
            self.view.lift()
            self.dismiss(None)

    # Layout

    def on_resize(self, event: events.Resize) -> None:
        """Draw large where there is room."""
        width, height = event.size
        self.view.large = width >= LARGE[0] and height >= LARGE[1]
        self.query_one("#pad-seen").display = width >= SEEN_FROM
        self.query_one(KeyBar).show(self.footer_keys)
        self.call_after_refresh(self._show_prediction)

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw with other characters."""
        self.view.symbols = symbols
        self.query_one("#pad-seen-picture", PixelView).symbols = symbols
        self._show_prediction()

    def _show_pen(self) -> None:
        words = pad_words.pen(
            self.view.pen, down=self.view.pen_down, asking_label=self.asking_label
        )
        self.query_one("#pad-pen", Words).say(line(*words))
