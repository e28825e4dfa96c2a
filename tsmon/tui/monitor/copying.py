"""Handing texts to the terminal's clipboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsmon.payloads.payload import Text
from tsmon.payloads.request_form import PLAIN
from tsmon.torchserve.curl import VARIABLES, Curl
from tsmon.tui.keymap import PaneName
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.text.commands import CommandWriter
from tsmon.tui.text.notes import Note
from tsmon.untrusted.secrets import masked
from tsmon.untrusted.text import visible

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus
    from tsmon.tui.screens.copy_choice import Copyable

CLIPBOARD = "copied, if your terminal allows it (OSC 52)"


class Copying(Capability):
    """Copies what is shown, and what would do the same elsewhere."""

    def actions(self) -> Handlers:
        """Its one key."""
        return {"table.copy": self._ask}

    def _ask(self) -> None:
        """Ask what to copy; a run in focus has one thing alone."""
        if self.host.current is PaneName.RUN:
            self._copy_report()
            return
        from tsmon.tui.screens.copy_choice import CopyChoice

        choices = [*self._shown_texts(), *self._requests()]
        if choices:
            self.talk.push(CopyChoice(choices), self._copy)
        else:
            self.talk.note(Note("nothing to copy here"), bad=False)

    def _copy_report(self) -> None:
        from tsmon.tui.screens.copy_choice import Copyable

        view = self.host.running.view
        if view is not None and view.text:
            self._copy(Copyable("y", "the report", masked(view.text)))
        else:
            self.talk.note(Note("nothing to copy here"), bad=False)

    def _copy(self, chosen: Copyable | None) -> None:
        from tsmon.tui.screens.copy_choice import first_line

        if chosen is None:
            return
        self.talk.copy(chosen.text)
        message = f"copied {chosen.what}: {first_line(chosen.text)}"
        self.talk.note(Note(message, _way_on(chosen.text)), bad=False)

    def _shown_texts(self) -> Iterator[Copyable]:
        """The value and the row where the cursor is, and the whole table."""
        from tsmon.tui.screens.copy_choice import Copyable

        for letter, what, text in [*self._value(), *self._table()]:
            yield Copyable(letter, what, masked(text))

    def _value(self) -> Iterator[tuple[str, str, str]]:
        pane, model, snapshot = self.host.current, self.host.model, self.host.snapshot
        image = self.host.digits_pane.chosen
        if pane is PaneName.MODELS and model is not None:
            yield "y", "the model's name", visible(model.key.name)
        elif pane is PaneName.WORKERS and (pid := self.host.workers_pane.pid) is not None:
            yield "y", "the process id", str(pid)
        elif pane is PaneName.METRICS and model is not None and snapshot is not None:
            metrics = self.host.metrics_pane
            yield "y", metrics.chosen.title, metrics.chosen_value(snapshot, model)
        elif pane is PaneName.DIGITS and image is not None:
            yield "y", "the image's path", visible(str(image.path))

    def _table(self) -> Iterator[tuple[str, str, str]]:
        """Rows as lines, their cells between tabs."""
        pane = self.host.table_pane
        if self.host.current not in {PaneName.MODELS, PaneName.WORKERS}:
            return
        marked = [str(model.key) for model in self.host.models_pane.marked]
        on_models = self.host.current is PaneName.MODELS
        keys = (marked if on_models else []) or [pane.table.cursor_key or ""]
        if rows := pane.table.as_text(keys):
            yield "r", "the marked rows" if on_models and marked else "the row", rows
        if table := pane.table.as_text():
            yield "t", "the table", table

    def _copied_models(self) -> list[ModelStatus]:
        """The marked versions, else the selected one; none that are gone."""
        models = self.host.models_pane.marked or ([self.host.model] if self.host.model else [])
        return [model for model in models if not model.gone]

    def _requests(self) -> Iterator[Copyable]:
        """The lines for a shell; none where there is no server to ask."""
        from tsmon.tui.screens.copy_choice import Copyable

        if not self.host.session.can_act:
            return
        client, models = self.host.session.client, self._copied_models()
        name = self.host.session.tag.name
        image = self.host.digits_pane.chosen
        for letters, tool in (
            ("dspm", Curl(client.addresses, client.keys, client.route)),
            ("DSPM", CommandWriter(client.addresses, client.keys, client.route, name)),
        ):
            word = "curl" if isinstance(tool, Curl) else "tsmon"
            if models:
                lines = [tool.describe(each.key.name, each.key.version) for each in models]
                yield Copyable(letters[0], f"{word}: describe", "\n".join(lines))
                lines = [
                    tool.scale(each.key.name, each.key.version, self.host.rollouts.planned(each))
                    for each in models
                ]
                yield Copyable(letters[1], f"{word}: workers", "\n".join(lines))
            # A line for one way of asking would not do what this session does in another.
            asked = [m for m in models if self.host.sending.desk.asking(m.key).form == PLAIN]
            if asked and image is not None and not isinstance(image, Text):
                path = image.path.absolute()
                lines = [
                    tool.predict(each.key.name, each.key.version, path, image.content_type)
                    if isinstance(tool, Curl)
                    else tool.predict(each.key.name, each.key.version, path)
                    for each in asked
                ]
                yield Copyable(letters[2], f"{word}: predict", "\n".join(lines))
            yield Copyable(letters[3], f"{word}: metrics", tool.metrics())


def _way_on(text: str) -> str:
    """What to know of a copied text."""
    needed = [name for name in VARIABLES.values() if f"${name}" in text]
    if not needed:
        return CLIPBOARD
    return f"set {' and '.join(needed)} from key_file.json first; the key itself is not copied"
