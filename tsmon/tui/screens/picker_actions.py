"""What the picker does: mark, label, open, send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.digits.images import DigitImage
from tsmon.load.batches import WALKTHROUGH, Batch, random_batches, split_batches
from tsmon.payloads.payload import pick_random
from tsmon.tui.screens.ask import AskAmount, AskCount, AskPath
from tsmon.tui.screens.digit_screen import NO_VERSION, DigitScreen
from tsmon.tui.screens.draw_pad import DrawPad
from tsmon.tui.screens.picker_text import FOLDER_WORDS
from tsmon.tui.text.notes import Note
from tsmon.tui.widgets.results_view import ResultsView, ResultView
from tsmon.tui.widgets.thumb_grid import ThumbGrid

if TYPE_CHECKING:
    from tsmon.load.answers import Answer
    from tsmon.payloads.payload import Payload
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.tui.state.digits import Desk
    from tsmon.tui.text.symbols import Symbols

NO_IMAGES = Note("there is nothing to send here", "{picker.folder} opens another folder")
NO_IMAGE = Note("nothing is selected", "select one first")
NO_ANSWER = Note("no answer to this yet", "{picker.send} sends it")
NOTHING_MARKED = Note(
    "nothing is marked",
    "{picker.mark} marks the image, {picker.all} all of them, {picker.mark-random} some",
)
BUSY = Note("a batch is being sent already", "{picker.back} stops it")


class PickerActions(DigitScreen):
    """The keys of the picker, apart from what they show."""

    def __init__(
        self,
        desk: Desk,
        symbols: Symbols,
        *,
        aim: Callable[[ModelKey], None],
        stop: Callable[[], None],
    ) -> None:
        """`stop` ends what is being sent."""
        super().__init__(desk, symbols, aim=aim)
        self._stop = stop
        self._second: ModelKey | None = None

    @property
    def payload(self) -> Payload | None:
        """The payload under the cursor."""
        raise NotImplementedError

    def show_folder(self) -> None:
        """Show the desk's folder."""
        raise NotImplementedError

    def refresh_marks(self) -> None:
        """Show the marks and labels as they are now."""
        raise NotImplementedError

    # Folders

    def on_thumb_grid_opened(self) -> None:
        """Enter: a folder is opened, an image sent."""
        entry = self.query_one(ThumbGrid).chosen
        if entry and entry.payload:
            self.action_send_one()
        elif entry:
            self.talk.do(self._open(entry.path))

    async def _open(self, path: Path, chosen: Path | None = None) -> None:
        before = self.desk.folder
        # Coming from below, the cursor is on the folder one came from.
        back = before.path if before and before.path.parent == path else None
        await self.desk.open(path, chosen or back)
        self.show_folder()

    def action_parent(self) -> None:
        """Open the parent folder."""
        folder = self.desk.folder
        if folder and folder.parent:
            self.talk.do(self._open(folder.parent))

    def action_folder(self) -> None:
        """Ask for a folder."""
        start = self.desk.folder.path if self.desk.folder else self.desk.samples
        self.app.push_screen(AskPath("Folder or file", FOLDER_WORDS, start, self._open))

    def action_label_file(self) -> None:
        """Ask for a file of labels."""
        if self.desk.folder is None:
            self.talk.note(NO_IMAGES)
            return
        words = (
            "Lines of a name and its class, CSV, or a JSON object of them. They count for this "
            "session, for the answers that came already too."
        )
        start = self.desk.folder.path
        self.app.push_screen(AskPath("File of labels", words, start, self._label_by))

    async def _label_by(self, path: Path) -> None:
        await self.desk.label_by(path)
        self.show_folder()

    def action_answer_path(self) -> None:
        """Ask where the class is in the answers."""
        self.talk.do(self._set_answer_path())

    async def _set_answer_path(self) -> None:
        from tsmon.tui.screens.asking import AnswerDialog

        target = self.desk.target
        if target is None:
            self.talk.note(NO_VERSION)
            return
        asking, answers = self.desk.asking(target), self.desk.book.of(target).answers
        dialog = AnswerDialog(target.name, asking.answer_path, answers[-1] if answers else None)
        path = await self.app.push_screen_wait(dialog)
        if path is not None:
            await self.desk.ask_by(target, replace(asking, answer_path=path))
            self.refresh_marks()

    def action_form(self) -> None:
        """Ask how payloads are sent."""
        self.talk.do(self._set_form())

    async def _set_form(self) -> None:
        from tsmon.tui.screens.asking import FormDialog

        target, chosen = self.desk.target, self.payload
        if target is None:
            self.talk.note(NO_VERSION)
            return
        asking = self.desk.asking(target)
        dialog = FormDialog(target.name, asking, chosen.content_type if chosen else "")
        answer = await self.app.push_screen_wait(dialog)
        if answer is not None:
            await self.desk.ask_by(target, answer)
            self.refresh_marks()

    def action_drawings(self) -> None:
        """Open the drawn digits, or from there the samples."""
        folder, drawings = self.desk.folder, self.desk.drawings.absolute()
        if folder and folder.path == drawings and self.desk.samples:
            self.talk.do(self._open(self.desk.samples))
        elif drawings.is_dir():
            self.talk.do(self._open(drawings))
        else:
            way_on = "{picker.draw} opens the draw pad, where {draw.save} saves a digit"
            self.talk.note(Note("nothing drawn yet", way_on))

    def action_reload(self) -> None:
        """Reload the folder."""
        if self.desk.folder:
            self.talk.do(self._open(self.desk.folder.path, self.desk.chosen))

    # Marks and labels

    def action_mark(self) -> None:
        """Mark the image, or not, and go on."""
        if self.payload is None:
            self.talk.note(NO_IMAGE)
            return
        self.desk.marked ^= {self.payload.path}
        self.query_one(ThumbGrid).action_move(1)
        self.refresh_marks()

    def action_mark_all(self) -> None:
        """Mark all images of the folder."""
        self._mark(self.desk.payloads)

    def action_mark_none(self) -> None:
        """Unmark all images of the folder."""
        self._mark(())

    def action_invert(self) -> None:
        """Mark the others."""
        marked = self.desk.marked
        self._mark([image for image in self.desk.payloads if image.path not in marked])

    def action_mark_random(self) -> None:
        """Mark some by chance."""
        self.talk.do(self._mark_random())

    async def _mark_random(self) -> None:
        images = self.desk.alike
        if not images:
            self.talk.note(NO_IMAGES)
            return
        most, things = len(images), f"{self.desk.noun}s"
        ask = AskCount(f"Mark random {things}", things, min(self.desk.amount.images, most), most)
        count = await self.app.push_screen_wait(ask)
        if count:
            self._mark(pick_random(images, count))

    def _mark(self, images: Sequence[Payload]) -> None:
        self.desk.marked = {image.path for image in images}
        self.refresh_marks()

    def action_label(self, digit: str) -> None:
        """Say which digit the image shows."""
        self._label(digit)

    def action_no_label(self) -> None:
        """Leave the digit unknown."""
        self._label(None)

    def _label(self, label: str | None) -> None:
        if self.payload is None:
            self.talk.note(NO_IMAGE)
            return
        self.desk.set_label(self.payload, label)
        self.refresh_marks()

    # Sending

    def action_send_one(self) -> None:
        """Send the image under the cursor."""
        if self.payload is None:
            self.talk.note(NO_IMAGE)
        else:
            self._send([[self.payload]])

    def action_send_marked(self) -> None:
        """Send the marked images in batches."""
        marked = self.desk.marked_payloads
        if marked:
            self._send(split_batches(marked, self.desk.amount.images), self.desk.amount.concurrency)
        else:
            self.talk.note(NOTHING_MARKED)

    def action_send_many(self) -> None:
        """Send as many random images as last time."""
        self._send_random((self.desk.amount.images,), self.desk.amount.concurrency)

    def action_send_number(self) -> None:
        """Ask how many."""
        self.talk.do(self._send_number())

    async def _send_number(self) -> None:
        amount = await self.app.push_screen_wait(AskAmount(self.desk.amount, self.desk.noun))
        if amount:
            self.desk.amount = amount
            self.action_send_many()

    def action_walkthrough(self) -> None:
        """Send 10, 10, 10 and 50 random images."""
        if self._send_random(WALKTHROUGH, 1):
            self.query_one(ResultsView).view = ResultView.BATCHES

    def _send_random(self, sizes: Sequence[int], concurrency: int) -> bool:
        if not self.desk.alike:
            self.talk.note(NO_IMAGES)
            return False
        return self._send(random_batches(self.desk.alike, sizes), concurrency)

    def _send(self, batches: Sequence[Batch], concurrency: int = 1) -> bool:
        """Send, if there is a version and nothing else is being sent."""
        target = self._ready_target()
        if target:
            self.desk.send(target, batches, concurrency)
        return target is not None

    def _ready_target(self) -> ModelKey | None:
        if self.desk.under_way:
            self.talk.note(BUSY)
            return None
        if self.desk.target not in [model.key for model in self.models]:
            self.talk.note(NO_VERSION if self.desk.target is None else _gone(self.desk.target))
            return None
        return self.desk.target

    def action_compare(self) -> None:
        """Send to two versions, the second one as before."""
        self.talk.do(self._compare(ask=self._second is None))

    def action_second_version(self) -> None:
        """Choose the second version, and send to both."""
        self.talk.do(self._compare(ask=True))

    async def _compare(self, *, ask: bool) -> None:
        images = self.desk.marked_payloads or ([self.payload] if self.payload else [])
        target = self._ready_target()
        if target is None:
            return
        if not images:
            self.talk.note(NO_IMAGE)
            return
        others = [model for model in self.models if model.key != target]
        if ask or self._second not in [model.key for model in others]:
            words = f"Each image is sent to {target} and to this version."
            self._second = await self.choose("Second version", words, others, self._second)
        if self._second and not self.desk.under_way:
            self.query_one(ResultsView).view = ResultView.VERSIONS
            self.desk.compare(images, target, self._second)

    def action_back(self) -> None:
        """Stop what is being sent, or leave."""
        if self.desk.under_way:
            self._stop()
        else:
            self.dismiss(None)

    def action_clear_answers(self) -> None:
        """Forget the answers of the version."""
        if self.desk.target:
            self.desk.book.clear(self.desk.target)
        self.refresh_marks()

    def on_results_view_wanted(self, message: ResultsView.Wanted) -> None:
        """Go from an answer to its image, in whatever folder it is; or show the answer."""
        if isinstance(message.answer.payload, DigitImage):
            self.talk.do(self._jump(message.answer.payload.path))
        else:
            self._show_whole(message.answer)

    def action_whole_answer(self) -> None:
        """Show the answer under the cursor, or the last one to the payload."""
        results, payload = self.query_one(ResultsView), self.payload
        answer = results.chosen if results.has_focus_within else None
        if answer is None and payload is not None:
            answer = self.desk.book.of(self.desk.target).latest(payload.path)
        if answer is None:
            self.talk.note(NO_ANSWER)
        else:
            self._show_whole(answer)

    def _show_whole(self, answer: Answer) -> None:
        from tsmon.tui.screens.answer_view import AnswerView

        self.app.push_screen(AnswerView(answer, self.symbols))

    async def _jump(self, path: Path) -> None:
        if self.desk.folder is None or self.desk.folder.path != path.parent:
            await self.desk.open(path.parent)
        self.desk.chosen = path
        self.show_folder()

    def action_draw(self) -> None:
        """Open the draw pad; what was saved there is shown afterwards."""
        self.app.push_screen(
            DrawPad(self.desk, self.symbols, aim=self._aim), lambda _: self._back_from_pad()
        )

    def _back_from_pad(self) -> None:
        self.show_folder()
        self.target_changed()


def _gone(key: ModelKey) -> Note:
    return Note(f"{key} is no longer on the server", "{picker.version} chooses another version")
