"""The picker: a folder's images, one of them as the model sees it, and what versions answered."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.reactive import var

from tsmon.digits.images import DigitImage, PixelGrid, picture_size, preview
from tsmon.payloads.payload import Payload, PayloadError
from tsmon.threads import in_thread
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens import picker_text as picker_words
from tsmon.tui.screens.picker_actions import PickerActions
from tsmon.tui.text.preview_text import preview_text
from tsmon.tui.text.tones import Span, line
from tsmon.tui.widgets.key_bar import KeyBar
from tsmon.tui.widgets.look import Look, Sight
from tsmon.tui.widgets.results_view import ResultsView, ResultView
from tsmon.tui.widgets.thumb_grid import ThumbGrid, Tile
from tsmon.tui.widgets.words import Words

if TYPE_CHECKING:
    from tsmon.tui.text.symbols import Symbols

PICKER_REFRESH_S = 0.25
"""Answers may come by the hundred a second; the screen follows at its own pace."""
ALL_PARTS_WIDTH = 110
"""Columns from which on all three parts fit beside each other."""
ALL_PARTS_HEIGHT = 36
"""Lines from which on the results have enough of them below the digit."""


class PickerPart(StrEnum):
    """The parts of the screen."""

    IMAGES = "images"
    DIGIT = "digit"
    RESULTS = "results"

    @property
    def following(self) -> PickerPart:
        """The next one, after the last the first."""
        parts = list(PickerPart)
        return parts[(parts.index(self) + 1) % len(parts)]


class Picker(PickerActions):
    """Three parts, beside each other where there is room, else one at a time."""

    KEYS = (*keymap.PICKER_KEYS, *keymap.SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#thumbs"

    part = var(PickerPart.IMAGES, init=False)
    zoomed = var(False, init=False)

    _drawn: tuple[object, ...] = ()
    """What was shown last of the answers."""
    _sized: tuple[Path | None, str] = None, ""
    """An image and its size in pixels."""

    def compose(self) -> ComposeResult:
        """The line above, the parts, the keys."""
        yield Words(id="picker-bar")
        yield Words(id="picker-parts")
        with Container(id="picker"):
            with Vertical(id="picker-images"):
                yield ThumbGrid(self._caption, id="thumbs")
            with Vertical(id="picker-right"):
                yield Look(id="look")
                with Vertical(id="picker-results"):
                    yield Words(id="picker-score")
                    yield ResultsView()
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show what the desk has."""
        self.show_folder()
        self.watch_symbols(self.symbols)
        self.set_interval(PICKER_REFRESH_S, self.refresh_answers)

    # What is shown

    def show_folder(self) -> None:
        """List the desk's folder, with the cursor on the image looked at."""
        folder = self.desk.folder
        entries: list[Tile] = []
        if folder and folder.parent:
            entries.append(Tile(folder.parent, name="↑ .."))
        if folder:
            entries += [Tile(path, name=f"{path.name}/") for path in folder.folders]
            entries += [Tile(each.path, each) for each in folder.payloads]
        paths = [entry.path for entry in entries]
        at = paths.index(self.desk.chosen) if self.desk.chosen in paths else 0
        self.query_one(ThumbGrid).show(entries, at)
        self.look()
        self._arrange()
        self.refresh_marks()

    def refresh_marks(self) -> None:
        """Marks and labels may be others."""
        self.refresh_answers(force=True)

    def refresh_answers(self, *, force: bool = False) -> None:
        """Show the answers that came since."""
        desk = self.desk
        work = desk.under_way
        now = (desk.book.revision, desk.target, work, work.done if work else 0, self._view)
        if now == self._drawn and not force:
            return
        self._drawn = now
        results = desk.book.of(desk.target)
        with self.app.batch_update():
            bar = picker_words.bar(desk, keys_of(self), self.size.width)
            self.query_one("#picker-bar", Words).say(line(*bar))
            score = picker_words.score(results, keys_of(self))
            self.query_one("#picker-score", Words).say(line(*score))
            self.query_one(ResultsView).show(results, desk.run, desk.comparison)
            self.query_one(ThumbGrid).refresh_captions()
            self._show_about_image()

    @property
    def _view(self) -> ResultView:
        return self.query_one(ResultsView).view

    def show_target(self) -> None:
        """Its score and its answers."""
        self.refresh_answers(force=True)

    def show_seen_title(self) -> None:
        """Above the picture of the chosen image."""
        self._show_about_image()

    def _caption(self, entry: Tile) -> list[Span]:
        """The line below a thumbnail: mark, label, the last answer."""
        if entry.payload is None:
            return []
        image = self.desk.labels.apply(entry.payload)
        answer = self.desk.book.of(self.desk.target).latest(image.path)
        return picker_words.caption(image, answer, marked=image.path in self.desk.marked)

    # The chosen image

    @property
    def payload(self) -> Payload | None:
        """The payload under the cursor."""
        entry = self.query_one(ThumbGrid).chosen
        return self.desk.labels.apply(entry.payload) if entry and entry.payload else None

    def on_thumb_grid_moved(self) -> None:
        """Look at another image; only the last of several quick moves counts."""
        self.look()

    def look(self) -> None:
        """Show the image under the cursor."""
        if image := self.payload:
            self.desk.chosen = image.path
        self._show_about_image()
        self._look()

    @work(group="look", exclusive=True)
    async def _look(self) -> None:
        image, look = self.payload, self.query_one(Look)
        if image is None:
            look.show_text(None)
            look.show(None, None)
            return
        if not isinstance(image, DigitImage):
            text = await in_thread(preview_text, image)
            if self.is_open:
                look.show_text(text)
            return
        look.show_text(None)
        file, seen, size = await in_thread(self._sights, image)
        if self.is_open:
            self._sized = image.path, size
            self.query_one(Look).show(file, seen)
            self._show_about_image()

    def _sights(self, image: DigitImage) -> tuple[Sight, Sight, str]:
        """The picture in the file, what the model sees, and the picture's size."""
        file = _sight(lambda: preview(image))
        if (preprocessing := self.desk.preprocessing) is None:
            return file, "the digit handler's code is not here", _size(image)
        return file, _sight(lambda: preprocessing.see(image)), _size(image)

    def _show_about_image(self) -> None:
        image = self.payload
        answer = self.desk.book.of(self.desk.target).latest(image.path) if image else None
        sized, size = self._sized
        size = size if image and image.path == sized else ""
        self.query_one(Look).show_titles(
            f"the file{size and ', '}{size}" if image else "",
            self.seen_title if image else "",
            picker_words.facts(
                image,
                answer,
                keys_of(self),
                by_hand=image is not None and self.desk.labels.has(image),
            ),
        )

    # Layout

    def on_resize(self, event: events.Resize) -> None:
        """Show as many parts as fit."""
        self._arrange()
        self.refresh_answers(force=True)

    def watch_part(self) -> None:
        """Another part is looked at."""
        self._arrange()

    def watch_zoomed(self) -> None:
        """One part gets the whole screen, or gives it back."""
        self._arrange()

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw with other characters."""
        self.query_one(ThumbGrid).symbols = symbols
        self.query_one(Look).draw_with(symbols)

    @property
    def _part_names(self) -> dict[str, str]:
        """What the parts are called, which is a matter of what is in the folder."""
        names = {part.value: part.value for part in PickerPart}
        if self.desk.folder and not self.desk.folder.is_images:
            names[PickerPart.IMAGES], names[PickerPart.DIGIT] = "payloads", "payload"
        return names

    def _arrange(self) -> None:
        single = self.zoomed or self.size.width < ALL_PARTS_WIDTH
        self.query_one("#picker").set_class(single, "-single")
        shown = {self.part} if single else set(PickerPart)
        self.query_one("#picker-images").display = PickerPart.IMAGES in shown
        self.query_one("#picker-right").display = shown != {PickerPart.IMAGES}
        # Where there are few lines, the results get those of the digit while they are looked at.
        low = self.size.height < ALL_PARTS_HEIGHT and self.part is PickerPart.RESULTS
        self.query_one(Look).display = PickerPart.DIGIT in shown and not low
        self.query_one("#picker-results").display = PickerPart.RESULTS in shown
        parts = self.query_one("#picker-parts", Words)
        parts.say(picker_words.part_tabs(self._part_names, self.part))
        parts.display = single
        self.query_one(KeyBar).show(self.footer_keys)

    def action_next_part(self) -> None:
        """Go to the next part."""
        self.action_part(self.part.following)

    def action_part(self, name: str) -> None:
        """Go to a part. The digit has nothing to focus; its keys are those of the images."""
        self.part = PickerPart(name)
        if self.part is PickerPart.RESULTS:
            self.query_one(ResultsView).take_focus()
        elif self.query_one("#picker-images").display:
            self.query_one(ThumbGrid).focus()
        else:
            self.set_focus(None)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click goes to a part, too."""
        if self.query_one(ResultsView).has_focus_within:
            self.part = PickerPart.RESULTS
        elif self.part is PickerPart.RESULTS:
            self.part = PickerPart.IMAGES

    async def on_key(self, event: events.Key) -> None:
        """Let the keys of the images work where the digit is all there is to see."""
        key = keys_of(self).pressed(event.key, keymap.GRID_KEYS)
        if key and self.part is PickerPart.DIGIT and not self.query_one(ThumbGrid).has_focus:
            event.stop()
            await self.app.run_action(key.action, self.query_one(ThumbGrid))

    def action_zoom(self) -> None:
        """Give one part the whole screen, or take it back."""
        self.zoomed = not self.zoomed

    def action_next_results(self) -> None:
        """Show the next view of the results."""
        self.action_results(self._view.following)

    def action_results(self, name: str) -> None:
        """Show a view of the results."""
        self.query_one(ResultsView).view = ResultView(name)
        self.refresh_answers()


def _sight(see: Callable[[], PixelGrid]) -> Sight:
    """A picture, or why there is none."""
    try:
        return see()
    except PayloadError as error:
        return str(error)


def _size(image: DigitImage) -> str:
    """`28x28`, or nothing for what is no image."""
    try:
        width, height = picture_size(image)
    except PayloadError:
        return ""
    return f"{width}x{height}"
