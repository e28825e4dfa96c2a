"""The part of the monitor that sends images."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from pathlib import Path

from tsmon.digits.images import DigitImage, ImageError, pick_random
from tsmon.load.answers import Answer
from tsmon.load.refusals import Failure, capacity_cause, count_kinds
from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.tui.desk import Desk
from tsmon.tui.key_order import expect_dialog, expect_none
from tsmon.tui.notes import EXPECTED, Note
from tsmon.tui.options import MonitorOptions
from tsmon.tui.screens.ask import AskAmount, AskPath
from tsmon.tui.screens.draw_pad import DrawPad
from tsmon.tui.screens.load import LoadDialog, LoadScreen, LoadSettings, plan_of
from tsmon.tui.screens.opening_pages import OpeningPages
from tsmon.tui.screens.picker import Picker
from tsmon.tui.session import Session
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.models_pane import ModelsPane

NO_MODEL = Note("no model is selected", "{model.register} registers one")
NO_IMAGES = Note("there are no images to send", "{digits.folder} opens a folder of them")
BUSY = Note("a batch is still being sent", "{digits.stop} stops it")


class SendingScreen(OpeningPages):
    """The frame that can look back, and what is done with the images of pane 4."""

    def __init__(self, session: Session, options: MonitorOptions) -> None:
        super().__init__(session, options)
        self._load_settings = LoadSettings()
        self.desk = Desk(
            session,
            options,
            start=lambda work: self.run_worker(work, group="send"),
            answered=self._answered,
            ended=self._sent,
        )

    def on_mount(self) -> None:
        """Open the folder of images."""
        if self.options.samples is not None:
            self._do(self._open(self.options.samples))

    def connect(self, session: Session) -> None:
        """Watch another server; its answers are not those of the one before."""
        self.workers.cancel_group(self, "send")
        self.desk.watch(session)
        super().connect(session)
        self.on_digits_pane_targeted()

    def _do(self, work: Coroutine[None, None, None], group: str = "actions") -> None:
        """Carry an action out beside the screen; what goes wrong is told."""
        self.run_worker(self._guard(work), group=group)

    def _ask(self, work: Coroutine[None, None, None]) -> None:
        """Carry out what begins with a dialog; keys pressed from now on are for that."""
        expect_dialog(self)
        self._do(self._asking(work))

    async def _asking(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        finally:
            expect_none(self)

    async def _guard(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except EXPECTED as error:
            self.note(Note.of(error))

    def _chosen(self) -> ModelStatus | None:
        """The selected version as it is now, if the server has it; otherwise that is told."""
        model = self.model
        if model is not None and self.session.can_act:
            model = self.session.monitor.latest.model(model.key) or model
        if model is None:
            self.note(NO_MODEL)
        elif model.gone:
            gone = f"{model.key} is gone: {model.gone}"
            way_on = "{model.register} registers it again, {model.unregister} takes it off the list"
            self.note(Note(gone, way_on))
        else:
            return model
        return None

    async def _open(self, path: Path) -> None:
        """Open a folder of images.

        Raises:
            ImageError: it cannot be read, or has no images; what was open stays.
        """
        before = self.desk.folder
        folder = await self.desk.open(path)
        if not folder.images:
            self.desk.folder = before
            raise ImageError(f"there are no PNG or JPEG images in {path}")
        self.query_one(DigitsPane).show_folder(folder, self.desk.chosen)

    def on_digits_pane_send(self) -> None:
        """Enter in the list of images."""
        self.action_send_one()

    def on_digits_pane_targeted(self) -> None:
        """Show the answers of the version that is selected now, and no others."""
        self.desk.target = self.selected
        self.query_one(DigitsPane).show_results(self.desk.book.of(self.selected))

    def action_send_one(self) -> None:
        """Send the chosen image."""
        image = self.query_one(DigitsPane).chosen
        self._send([image] if image else [], 1)

    def action_send_many(self) -> None:
        """Send as many random images as last time."""
        images, amount = self.query_one(DigitsPane).images, self.desk.amount
        picked = pick_random(images, amount.images) if images else []
        self._send(picked, amount.concurrency)

    def action_send_number(self) -> None:
        """Ask how many to send."""
        self._ask(self._send_number())

    async def _send_number(self) -> None:
        amount = await self.app.push_screen_wait(AskAmount(self.desk.amount))
        if amount:
            self.desk.amount = amount
            self.action_send_many()

    def action_load(self) -> None:
        """Send many images and watch how the server bears it."""
        self._ask(self._load())

    async def _load(self) -> None:
        model = self._chosen()
        images = self.desk.images
        if not model:
            return
        if not images:
            self.note(NO_IMAGES)
            return
        settings = await self.app.push_screen_wait(LoadDialog(model.key, self._load_settings))
        if settings:
            self._load_settings = settings
            plan = plan_of(model.key, images, settings)
            self.app.push_screen(LoadScreen(self.session.client, plan))

    def _send(self, images: Sequence[DigitImage], concurrency: int) -> None:
        model = self._chosen()
        if not model:
            return
        if not images:
            self.note(NO_IMAGES)
        elif self.desk.under_way:
            self.note(BUSY)
        else:
            labelled = [self.desk.labels.apply(image) for image in images]
            self.desk.send(model.key, [labelled], concurrency)
            self.query_one(DigitsPane).show_progress(self.desk.under_way)

    def _answered(self, key: ModelKey, answer: Answer) -> None:
        """An answer is in the book; pane 4 shows it if it is about that version."""
        pane = self.query_one(DigitsPane)
        if key == self.selected:
            pane.add(answer, self.desk.book.of(key).score)
        pane.show_progress(self.desk.under_way)

    def _sent(self, key: ModelKey, failures: Sequence[Failure]) -> None:
        """Nothing is being sent any more."""
        if self.is_mounted:
            self.query_one(DigitsPane).show_progress(None)
            if failures:
                self._do(self._tell_failures(key, failures))

    async def _tell_failures(self, key: ModelKey, failures: Sequence[Failure]) -> None:
        self.note(Note(count_kinds(failures), await self._capacity(key, failures)))

    async def _capacity(self, key: ModelKey, failures: Sequence[Failure]) -> str:
        """Which of its causes a 503 without capacity had; empty when there was none."""
        if Failure.NO_CAPACITY not in failures:
            return ""
        management = self.session.client.management
        return capacity_cause(await management.describe(key.name, key.version))

    def stop_sending(self) -> None:
        """Send no further image."""
        self.workers.cancel_group(self, "send")

    def action_stop(self) -> None:
        """Stop what goes on: a batch, marks, the filter, a finished rollout's words, the zoom."""
        if self.desk.under_way:
            self.stop_sending()
        elif self.step_back():
            return
        elif self.zoomed:
            self.zoomed = False
        elif self.selected:
            self.rollouts.forget(self.selected)
            self.show_selected()

    def step_back(self) -> bool:
        """Take back a mark or a filter, whichever is nearer; whether there was one."""
        pane, models = self.table_pane, self.query_one(ModelsPane)
        if pane.filter_bar.display:
            return pane.clear_filter()
        return models.clear_marks() or pane.clear_filter() or models.clear_filter()

    def action_clear_answers(self) -> None:
        """Forget the answers of the selected version."""
        if self.selected:
            self.desk.book.clear(self.selected)
        self.on_digits_pane_targeted()

    def action_folder(self) -> None:
        """Ask for another folder of images."""
        words = "A folder with PNG or JPEG images; a digit before the suffix is the label."
        start = self.desk.folder.path if self.desk.folder else self.options.samples
        self.app.push_screen(AskPath("Folder of images", words, start, self._open))

    # The screens for digits alone

    def action_pick(self) -> None:
        """Open the picker at the image chosen here."""
        image = self.query_one(DigitsPane).chosen
        self.desk.chosen = image.path if image else self.desk.chosen
        picker = Picker(self.desk, self.symbols, aim=self.aim, stop=self.stop_sending)
        self.app.push_screen(picker, self._back_from_digits)

    def action_draw(self) -> None:
        """Open the draw pad."""
        self.app.push_screen(DrawPad(self.desk, self.symbols, aim=self.aim), self._back_from_digits)

    def aim(self, key: ModelKey) -> None:
        """Select the version that was chosen on another screen."""
        self.query_one(ModelsPane).select(key)

    def _back_from_digits(self, _result: None) -> None:
        """Show what was opened, answered and labelled meanwhile."""
        if self.desk.folder:
            self.query_one(DigitsPane).show_folder(self.desk.folder, self.desk.chosen)
        self.on_digits_pane_targeted()
