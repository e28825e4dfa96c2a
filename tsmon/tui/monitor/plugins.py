"""A person's own commands, on keys of the monitor."""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from tsmon.config.plugins import BadPlugin, environment, fill_in
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.keymap.plugins import PREFIX
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from tsmon.tui.state.plugin_run import PluginRun

NO_WORKER = Note("no worker is selected", "{view.workers} goes to the workers")
IN_TERMINAL = 'add output = "page" to it'


class Plugins(Capability):
    """Runs them with what is selected."""

    def actions(self) -> Handlers:
        """Those of the configuration."""
        ids = [key.id for key in self.host.options.keys.plugins]
        return {id_: partial(self._start, id_.removeprefix(PREFIX)) for id_ in ids}

    def mounted(self) -> None:
        """Have their keys; those of the tables are bound with the class of the screen."""
        for key in self.host.options.keys.plugins:
            self.host.app.bind(key.keys, f"screen.{key.action}", description=key.label)

    def _start(self, name: str) -> None:
        plugin = self.host.options.config.plugins[name]
        values = self._values(plugin.scope)
        if values is None:
            return
        try:
            command = fill_in(plugin, values)
        except BadPlugin as error:
            self.talk.note(Note(f"{name}: {error}", error.hint))
            return
        from tsmon.tui.state.plugin_run import PluginRun

        run = PluginRun(name, command, environment(values))
        if plugin.confirm or plugin.dangerous:
            self.talk.ask(self._ask(run, dangerous=plugin.dangerous))
        else:
            self._run(run)

    def _values(self, scope: str) -> dict[str, str] | None:
        """What is filled in; None where what it is about is not selected, which is then said."""
        client = self.host.session.client
        addresses = client.addresses
        values = {
            "server": addresses.management,
            "management-url": addresses.management,
            "inference-url": addresses.inference,
            "metrics-url": addresses.metrics,
            "key-file": str(client.keys.path or ""),
        }
        if scope == "server":
            return values
        model = self.host.chosen()
        if model is None:
            return None
        values |= {"model": model.key.name, "version": model.key.version}
        if scope == "model":
            return values
        pane = self.host.workers_pane
        worker, pid = pane.table.cursor_key, pane.pid
        if worker is None or pid is None:
            self.talk.note(NO_WORKER)
            return None
        return values | {"worker": worker, "pid": str(pid)}

    async def _ask(self, run: PluginRun, *, dangerous: bool) -> None:
        from tsmon.tui.screens.confirm import Confirm
        from tsmon.tui.screens.questions import about_plugin

        if await self.talk.push_wait(Confirm(about_plugin(run, dangerous=dangerous))):
            self._run(run)

    def _run(self, run: PluginRun) -> None:
        if self.host.options.config.plugins[run.name].output == "page":
            self.talk.do(self._run_beside(run), group="plugins")
        else:
            self._run_in_terminal(run)

    def _run_in_terminal(self, run: PluginRun) -> None:
        from tsmon.notify.commands import how_ended
        from tsmon.tui.state.plugin_run import run_in_terminal

        try:
            code = run_in_terminal(self.host.app, run)
        except SuspendNotSupported:
            self.talk.note(Note(f"{run.name}: this terminal cannot be given away", IN_TERMINAL))
        except InvalidArgument as error:
            self.talk.note(Note.of(error))
        else:
            self.talk.note(Note(f"{run.name} {how_ended(code)}"), bad=code != 0)
        self.host.session.monitor.poke()

    async def _run_beside(self, run: PluginRun) -> None:
        from tsmon.notify.commands import how_ended
        from tsmon.tui.screens.whole_text import WholeText
        from tsmon.tui.state.plugin_run import run_beside

        self.talk.note(Note(f"{run.name} is running"), bad=False)
        end = await run_beside(run)
        self.host.session.monitor.poke()
        cut = "\n… and more, which was not kept" if end.is_cut else ""
        output = f"$ {shlex.join(run.command)}\n\n{end.output}{cut}"
        self.talk.push(WholeText(f"{run.name} {how_ended(end.code)}", output, end.output))
