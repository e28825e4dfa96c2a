"""The part of the monitor that sends images."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence

from tsmon.digits.images import DigitImage, pick_random
from tsmon.load.refusals import Failure, capacity_cause, count_kinds
from tsmon.load.sender import send
from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.tui.notes import EXPECTED, Note
from tsmon.tui.screens.ask import Amount, AskAmount, AskPath
from tsmon.tui.screens.looking_back import LookingBack
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.models_pane import ModelsPane

NO_MODEL = Note("no model is selected", "r registers one")


class SendingScreen(LookingBack):
    """The frame that can look back, and what is done with the images of pane 4."""

    _amount = Amount()

    def on_mount(self) -> None:
        """Open the folder of images."""
        if self.options.samples is not None:
            self._do(self.query_one(DigitsPane).open(self.options.samples))

    def _do(self, work: Coroutine[None, None, None], group: str = "actions") -> None:
        """Carry an action out beside the screen; what goes wrong is told."""
        self.run_worker(self._guard(work), group=group)

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
            self.note(Note(gone, "r registers it again, u takes it off the list"))
        else:
            return model
        return None

    def on_digits_pane_send(self) -> None:
        """Enter in the list of images."""
        self.action_send_one()

    def action_send_one(self) -> None:
        """Send the chosen image."""
        image = self.query_one(DigitsPane).chosen
        self._send([image] if image else [], 1)

    def action_send_many(self) -> None:
        """Send as many random images as last time."""
        images = self.query_one(DigitsPane).images
        picked = pick_random(images, self._amount.images) if images else []
        self._send(picked, self._amount.concurrency)

    def action_send_number(self) -> None:
        """Ask how many to send."""
        self._do(self._send_number())

    async def _send_number(self) -> None:
        amount = await self.app.push_screen_wait(AskAmount(self._amount))
        if amount:
            self._amount = amount
            self.action_send_many()

    def _send(self, images: Sequence[DigitImage], concurrency: int) -> None:
        pane = self.query_one(DigitsPane)
        model = self._chosen()
        if not model:
            return
        if not images:
            self.note(Note("there are no images to send", "f opens a folder of them"))
        elif pane.sending:
            self.note(Note("a batch is still being sent", "esc stops it"))
        else:
            self._do(self._send_all(model.key, images, concurrency), group="send")

    async def _send_all(
        self, key: ModelKey, images: Sequence[DigitImage], concurrency: int
    ) -> None:
        pane = self.query_one(DigitsPane)
        pane.begin(len(images))
        answers = send(
            self.session.client.inference,
            key.name,
            images,
            version=key.version,
            concurrency=concurrency,
        )
        failures: list[Failure] = []
        try:
            async for answer in answers:
                pane.add(answer)
                if answer.failure is not None:
                    failures.append(answer.failure)
        finally:
            pane.end()
        if failures:
            self.note(Note(count_kinds(failures), await self._capacity(key, failures)))

    async def _capacity(self, key: ModelKey, failures: Sequence[Failure]) -> str:
        """Which of its causes a 503 without capacity had; empty when there was none."""
        if Failure.NO_CAPACITY not in failures:
            return ""
        management = self.session.client.management
        return capacity_cause(await management.describe(key.name, key.version))

    def action_stop(self) -> None:
        """Stop what goes on: a batch, the filter, a finished rollout's words, the zoom."""
        if self.query_one(DigitsPane).sending:
            self.workers.cancel_group(self, "send")
        elif self.query_one(ModelsPane).close_filter():
            return
        elif self.zoomed:
            self.zoomed = False
        elif self.selected:
            self.rollouts.forget(self.selected)
            self.show_selected()

    def action_clear_answers(self) -> None:
        """Forget the answers."""
        self.query_one(DigitsPane).clear()

    def action_folder(self) -> None:
        """Ask for another folder of images."""
        pane = self.query_one(DigitsPane)
        words = "A folder with PNG or JPEG images; a digit before the suffix is the label."
        start = pane.folder or self.options.samples
        self.app.push_screen(AskPath("Folder of images", words, start, pane.open))
