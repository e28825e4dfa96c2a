"""Sending payloads: from pane 4, the picker and the draw pad, and as a load."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.load.refusals import Failure, capacity_cause, count_kinds
from tsmon.payloads.payload import PayloadError, pick_random
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.monitor.running import GROUP as RUN_GROUP
from tsmon.tui.state.digits import Desk
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from tsmon.load.answers import Answer
    from tsmon.payloads.payload import Payload
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.tui.monitor.running import Running
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.screens.load import LoadSettings
    from tsmon.tui.state.asking import Asking

NOTHING_TO_SEND = Note("nothing to send", "{digits.folder} opens a folder")
BATCH_UNDER_WAY = Note("a batch is still being sent", "{digits.stop} stops it")
GROUP = "send"
"""The work that sends."""


class Sending(Capability):
    """The payloads, their answers, and what is being sent."""

    def __init__(self, host: MonitorScreen, running: Running) -> None:
        super().__init__(host)
        self._running = running
        self._load_settings: LoadSettings | None = None
        self.desk = Desk(
            host.session,
            host.options,
            start=lambda work: host.talk.do(work, GROUP),
            answered=self._answered,
            ended=self._sent,
        )

    def actions(self) -> Handlers:
        """The keys of the digits, but for the experiment."""
        return {
            "digits.send": self.send_one,
            "digits.send-many": self._send_many,
            "digits.send-number": lambda: self.talk.ask(self._send_number()),
            "digits.load": lambda: self.talk.ask(self._load()),
            "digits.pick": self._pick,
            "digits.draw": self._draw,
            "digits.folder": self._ask_folder,
            "digits.form": lambda: self.talk.ask(self._set_form()),
            "digits.answer": lambda: self.talk.ask(self._set_answer_path()),
            "digits.clear": self._clear_answers,
        }

    def mounted(self) -> None:
        """Open the folder of samples."""
        if self.host.options.samples is not None:
            self.talk.do(self._open(self.host.options.samples))

    def connected(self) -> None:
        """The answers of another server are not those of the one before."""
        self.stop()
        self.desk.watch(self.host.session)
        self.show_answers()

    # The folder and its answers

    def _ask_folder(self) -> None:
        from tsmon.tui.screens.ask import AskPath
        from tsmon.tui.screens.picker_text import FOLDER_WORDS

        start = self.desk.folder.path if self.desk.folder else self.host.options.samples
        self.talk.push(AskPath("Folder or file", FOLDER_WORDS, start, self._open))

    async def _open(self, path: Path) -> None:
        """Open a folder, or a file of many payloads.

        Raises:
            PayloadError: it cannot be read, or is empty; what was open stays.
        """
        before = self.desk.folder
        folder = await self.desk.open(path)
        if not folder.payloads:
            self.desk.folder = before
            raise PayloadError(f"there are no files to send in {path}")
        self.host.digits_pane.show_folder(folder, self.desk.chosen)

    def show_answers(self) -> None:
        """Show the answers of the version that is selected now, and no others."""
        self.desk.target = self.host.selected
        pane = self.host.digits_pane
        pane.show_results(self.desk.book.of(self.host.selected))
        pane.show_asking(str(self.desk.asking(self.host.selected)))

    def _clear_answers(self) -> None:
        if self.host.selected:
            self.desk.book.clear(self.host.selected)
        self.show_answers()

    # How a model is asked

    async def _set_form(self) -> None:
        from tsmon.tui.screens.asking import FormDialog

        model = self.host.chosen()
        if model is None:
            return
        chosen = self.host.digits_pane.chosen
        asking = self.desk.asking(model.key)
        dialog = FormDialog(model.key.name, asking, chosen.content_type if chosen else "")
        await self._ask_by(model.key, await self.talk.push_wait(dialog))

    async def _set_answer_path(self) -> None:
        from tsmon.tui.screens.asking import AnswerDialog

        model = self.host.chosen()
        if model is None:
            return
        asking, answers = self.desk.asking(model.key), self.desk.book.of(model.key).answers
        dialog = AnswerDialog(model.key.name, asking.answer_path, answers[-1] if answers else None)
        path = await self.talk.push_wait(dialog)
        await self._ask_by(model.key, None if path is None else replace(asking, answer_path=path))

    async def _ask_by(self, key: ModelKey, asking: Asking | None) -> None:
        if asking is not None:
            await self.desk.ask_by(key, asking)
            self.show_answers()

    # Sending

    def send_one(self) -> None:
        """Send the chosen payload."""
        chosen = self.host.digits_pane.chosen
        self._send([chosen] if chosen else [], 1)

    def _send_many(self) -> None:
        """Send as many random payloads as last time."""
        payloads, amount = self.alike(), self.desk.amount
        picked = pick_random(payloads, amount.images) if payloads else []
        self._send(picked, amount.concurrency)

    def alike(self) -> tuple[Payload, ...]:
        """What random ones are taken from: those of the kind of the chosen one."""
        chosen = self.host.digits_pane.chosen
        self.desk.chosen = chosen.path if chosen else self.desk.chosen
        return self.desk.alike

    async def _send_number(self) -> None:
        from tsmon.tui.screens.ask import AskAmount

        amount = await self.talk.push_wait(AskAmount(self.desk.amount, self.desk.noun))
        self.host.check("digits.send-number")
        if amount:
            self.desk.amount = amount
            self._send_many()

    def _send(self, payloads: Sequence[Payload], concurrency: int) -> None:
        model = self.host.chosen()
        if not model:
            return
        if not payloads:
            self.talk.note(NOTHING_TO_SEND)
        elif self.desk.under_way:
            self.talk.note(BATCH_UNDER_WAY)
        else:
            labelled = [self.desk.labels.apply(payload) for payload in payloads]
            self.desk.send(model.key, [labelled], concurrency)
            self.host.digits_open = True
            self.host.digits_pane.show_progress(self.desk.under_way)

    def stop(self) -> None:
        """Send no further payload."""
        self.talk.cancel(GROUP)

    async def _load(self) -> None:
        """Send many payloads and watch how the server bears it."""
        from tsmon.tui.screens.load import LoadDialog, LoadSettings, plan_of
        from tsmon.tui.widgets.load_view import LoadView

        model = self.host.chosen()
        payloads = self.alike()
        if not model or not self._running.is_free():
            return
        if not payloads:
            self.talk.note(NOTHING_TO_SEND)
            return
        before = self._load_settings or LoadSettings()
        settings = await self.talk.push_wait(LoadDialog(model.key, before, self.desk.noun))
        self.host.check("digits.load")
        if settings:
            self._load_settings = settings
            session = self.host.session
            logs = session.monitor.latest.metrics.log_folder
            plan = plan_of(model.key, payloads, settings, self.desk.asking(model.key))
            view = LoadView(session.client, plan, logs, self.host.options.server_home)
            self.talk.do(self._running.follow(view), RUN_GROUP)

    # How it goes

    def _answered(self, key: ModelKey, answer: Answer) -> None:
        """An answer is in the book; pane 4 shows it if it is about that version."""
        pane = self.host.digits_pane
        if key == self.host.selected:
            pane.add(answer, self.desk.book.of(key).score)
        pane.show_progress(self.desk.under_way)

    def _sent(self, key: ModelKey, failures: Sequence[Failure]) -> None:
        """Nothing is being sent any more."""
        if self.host.is_mounted:
            self.host.digits_pane.show_progress(None)
            if failures:
                self.talk.do(self._show_failures(key, failures))

    async def _show_failures(self, key: ModelKey, failures: Sequence[Failure]) -> None:
        self.talk.note(Note(count_kinds(failures), await self._capacity(key, failures)))

    async def _capacity(self, key: ModelKey, failures: Sequence[Failure]) -> str:
        """Which of its causes a 503 without capacity had; empty when there was none."""
        if Failure.NO_CAPACITY not in failures:
            return ""
        management = self.host.session.client.management
        return capacity_cause(await management.describe(key.name, key.version))

    # The screens for digits alone

    def _pick(self) -> None:
        """Open the picker at the image chosen here."""
        from tsmon.tui.screens.picker import Picker

        self.host.digits_open = True
        chosen = self.host.digits_pane.chosen
        self.desk.chosen = chosen.path if chosen else self.desk.chosen
        picker = Picker(self.desk, self.host.symbols, aim=self._aim, stop=self.stop)
        self.talk.push(picker, self._back_from_digits)

    def _draw(self) -> None:
        from tsmon.tui.screens.draw_pad import DrawPad

        self.host.digits_open = True
        pad = DrawPad(self.desk, self.host.symbols, aim=self._aim)
        self.talk.push(pad, self._back_from_digits)

    def _aim(self, key: ModelKey) -> None:
        """Select the version that was chosen on another screen."""
        self.host.models_pane.select(key)

    def _back_from_digits(self, _result: None) -> None:
        """Show what was opened, answered and labelled meanwhile."""
        if self.desk.folder:
            self.host.digits_pane.show_folder(self.desk.folder, self.desk.chosen)
        self.show_answers()
