"""One answer as a whole: text, JSON set out in lines, a picture, or what its bytes are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.highlight import highlight
from textual.widgets import Static

from tsmon.digits.images import DigitImage, PixelGrid, preview
from tsmon.payloads.content import ContentKind, look_at
from tsmon.payloads.payload import PayloadError
from tsmon.threads import in_thread
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import AboveInPart
from tsmon.tui.screens.ask import AskPath
from tsmon.tui.text.answers import answer_status
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.motion import ScrollableText
from tsmon.tui.widgets.pixel_view import PixelView
from tsmon.units import milliseconds
from tsmon.untrusted.text import visible

if TYPE_CHECKING:
    from tsmon.load.answers import Answer
    from tsmon.torchserve.inference import Prediction
    from tsmon.tui.text.symbols import Symbols

SIDE = 56
"""Pixels of a picture, each way."""
MOST_COLOURED = 20_000
"""Characters; finding the colours of more would be noticed."""


class _ImageBytes(DigitImage, frozen=True):
    """A picture that is in no file."""

    data: bytes = b""

    def read(self) -> bytes:
        """The picture itself."""
        return self.data


class _Shown(NamedTuple):
    words: str
    kind: ContentKind
    text: str
    grid: PixelGrid | None


class AnswerView(AboveInPart[None]):
    """What a model answered to one payload; its bytes can be saved."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(
        (*keymap.DIALOG_KEYS, *keymap.TEXT_KEYS, *keymap.ANSWER_KEYS)
    )

    def __init__(self, answer: Answer, symbols: Symbols) -> None:
        super().__init__()
        self._answer = answer
        self._symbols = symbols
        self._text = ""

    def compose(self) -> ComposeResult:
        """What is known of the answer, then the answer."""
        with ScrollableText(id="page") as box:
            box.border_title = Content(visible(f"Answer to {self._answer.payload.name}"))
            words = "{text.copy} copies, {answer.save} saves to a file, {dialog.cancel} closes"
            box.border_subtitle = keys_of(self).expand(words)
            yield Static(id="answer-facts")
            picture = PixelView(id="answer-picture")
            picture.display = False
            yield picture
            yield Static(id="answer-text")

    def on_mount(self) -> None:
        """Show why there is none, or what came."""
        answer = self._answer
        if answer.error:
            words = line((f"! {answer_status(answer)}: {answer.error}", Tone.BAD))
            self.query_one("#answer-facts", Static).update(words)
        elif answer.prediction is None:
            gone = "Only the newest answers are kept whole; of this one there is its beginning."
            self.query_one("#answer-facts", Static).update(line((gone, Tone.MUTED)))
            self._text = visible(answer.text)
            self.query_one("#answer-text", Static).update(Content(self._text))
        else:
            self._show(answer.prediction)

    @work(group="answer", exclusive=True)
    async def _show(self, prediction: Prediction) -> None:
        shown = await in_thread(_shown, prediction)
        if not self.is_mounted:
            return
        facts = [
            shown.words,
            f"content type {prediction.content_type or 'not given'}",
            milliseconds(prediction.milliseconds),
            answer_status(self._answer),
            f"request {prediction.request_id}" if prediction.request_id else "",
        ]
        words = line((" · ".join(filter(None, facts)), Tone.MUTED))
        self.query_one("#answer-facts", Static).update(words)
        self._text = shown.text
        coloured = shown.kind is ContentKind.JSON and len(shown.text) <= MOST_COLOURED
        text = highlight(shown.text, language="json") if coloured else Content(shown.text)
        self.query_one("#answer-text", Static).update(text)
        picture = self.query_one(PixelView)
        picture.symbols, picture.grid = self._symbols, shown.grid
        picture.display = shown.grid is not None
        if shown.grid is not None:
            picture.styles.width, picture.styles.height = shown.grid.width, SIDE // 2

    def action_copy(self) -> None:
        """Hand the text to the terminal's clipboard."""
        if self._text:
            self.app.copy_to_clipboard(self._text)
            self.notify("copied, if your terminal allows it (OSC 52)", timeout=3)

    def action_save(self) -> None:
        """Ask for a file and write the answer into it, byte for byte."""
        prediction = self._answer.prediction
        if prediction is None:
            self.notify("there is no whole answer to save", severity="error", timeout=5)
            return

        async def save(path: Path) -> None:
            await in_thread(_write, path, prediction.body)
            self.notify(visible(f"saved to {path}"), timeout=5, markup=False)

        words = "The bytes as they came; a file that exists is not overwritten."
        self.app.push_screen(AskPath("Save the answer", words, Path.cwd() / "answer", save))

    def action_cancel(self) -> None:
        """Close the answer."""
        self.dismiss(None)


def _shown(prediction: Prediction) -> _Shown:
    content = look_at(prediction.body, prediction.content_type)
    grid = None
    words = content.words
    if content.kind is ContentKind.IMAGE:
        try:
            grid = preview(_ImageBytes(Path("answer"), data=prediction.body), SIDE)
        except PayloadError as error:
            words = f"{words}, which cannot be drawn: {error}"
    return _Shown(words, content.kind, visible(content.text, keep_lines=True), grid)


def _write(path: Path, body: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(body)
    except OSError as error:
        raise PayloadError(f"cannot write {path}: {error.strerror or error}") from None
