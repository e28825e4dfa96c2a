"""Opening the page that compares two versions of the selected model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.ordering import arrange
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.monitor.sending import Sending


class Canaries(Capability):
    """The default version first; beside it the selected one, or else the newest of the others."""

    def __init__(self, host: MonitorScreen, sending: Sending) -> None:
        super().__init__(host)
        self._sending = sending

    def actions(self) -> Handlers:
        """Its one key."""
        return {"model.canary": self._open}

    def _open(self) -> None:
        from tsmon.tui.screens.canary import Canary

        selected, snapshot = self.host.model, self.host.snapshot
        if selected is None or snapshot is None:
            self.talk.note(Note("no model is selected"))
            return
        name = selected.key.name
        versions = [each for each in snapshot.models if each.key.name == name and not each.gone]
        if len(versions) < 2:
            self.talk.note(
                Note(f"{name} has no other version", "{model.register} registers one"), bad=False
            )
            return
        first = next((each for each in versions if each.is_default), versions[0])
        keys = [each.key for each in versions if each is not first]
        newest = arrange(keys, lambda key: key.version, descending=True)
        others = sorted(newest, key=lambda key: key != selected.key)
        page = Canary(
            self._sending.desk,
            first.key,
            others,
            offers=self.host.offers,
            promote=self._promote,
            stop=self._sending.stop,
        )
        self.talk.push(page)

    def _promote(self, key: ModelKey) -> None:
        self.host.do_for(key, "model.set-default")
