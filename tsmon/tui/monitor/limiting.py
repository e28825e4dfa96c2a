"""Limits on models: set without leaving the monitor, and listed with their present state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from glob import escape
from typing import TYPE_CHECKING, Protocol

from tsmon.conditions import BadCondition, Condition, parse_condition
from tsmon.config.schema import LimitSettings
from tsmon.threads import in_thread
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.monitor.capability import Capability
from tsmon.tui.text.notes import EXPECTED, Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.text.why import limit_spans

if TYPE_CHECKING:
    from tsmon.config.values import Dotted
    from tsmon.telemetry.snapshot import Snapshot
    from tsmon.tui.monitor.screen import MonitorScreen

OFF = "off"
"""In place of a condition it switches a limit off."""
NO_LIMITS = Note("no limits are set", ":limit p95 > 50 ms for 1 min sets one on the selected model")
_LONGEST_NAME = 40


class Limited(Protocol):
    """What limits change of the whole app."""

    def hold_to(self, limits: Mapping[str, LimitSettings]) -> None:
        """Hold the models of the server, and of those opened later, to these limits."""


class Limiting(Capability):
    """Its two commands are typed; they have no key."""

    def __init__(self, host: MonitorScreen, app: Limited) -> None:
        super().__init__(host)
        self._app = app
        self._tables = dict(host.options.config.limits)

    def add(self, text: str) -> None:
        """Set a limit on the model that is named first, else on the selected one, and save it.

        Raises:
            InvalidArgument: it is not a condition, or there is no model to be about.
        """
        if self.host.session.replays:
            hint = "set it in the configuration: tsmon config set limits.NAME.when CONDITION"
            raise InvalidArgument("a recording is held to the limits it was opened with", hint)
        if (found := re.fullmatch(rf"(\S+)\s+{OFF}", text.strip())) is not None:
            name, table = self._known(found[1]), LimitSettings()
        else:
            pattern, condition = self._meant(text.strip())
            name = self._name(pattern, condition)
            table = LimitSettings(when=str(condition), model=pattern)
        self._tables[name] = table
        self._app.hold_to(self._tables)
        self.host.run_worker(self._save(name, table), group="limits")

    def show(self) -> None:
        """List every limit on every model.

        Raises:
            InvalidArgument: there is none.
        """
        snapshot = self.host.snapshot
        spans = list(_listed(snapshot)) if snapshot else []
        if not spans:
            raise InvalidArgument(NO_LIMITS.message, NO_LIMITS.hint)
        from tsmon.tui.screens.whole_text import WholeText

        shown = line(*spans)
        self.talk.push(WholeText("Limits", shown, shown.plain))

    def _meant(self, text: str) -> tuple[str, Condition]:
        """The models and the condition."""
        first, _, rest = text.partition(" ")
        try:
            return self._selected(), parse_condition(text)
        except BadCondition as error:
            problem = error
        models = self.host.snapshot.models if self.host.snapshot else ()
        names = {name for model in models for name in (model.key.name, "/".join(model.key))}
        try:
            condition = parse_condition(rest)
        except BadCondition as error:
            problem = error if first in names else problem
            raise InvalidArgument(str(problem), problem.hint) from None
        if first not in names:
            raise InvalidArgument(f"no model is called {first}", "use NAME or NAME/VERSION")
        return escape(first), condition

    def _selected(self) -> str:
        key = self.host.selected
        if key is None:
            raise InvalidArgument("no model is selected", "such as :limit mnist p95 > 50 ms")
        return escape("/".join(key) if key.version else key.name)

    def _known(self, name: str) -> str:
        if name not in self._tables:
            known = ", ".join(self._tables)
            hint = f"use one of {known}" if known else ""
            raise InvalidArgument(f"there is no limit {name}", hint)
        return name

    def _name(self, pattern: str, condition: Condition) -> str:
        """What the limit is called; one on the same models and number is replaced."""
        for name, table in self._tables.items():
            same = table.when and parse_condition(table.when).quantity == condition.quantity
            if same and table.model == pattern:
                return name
        base = re.sub(r"[^A-Za-z0-9_]+", "-", f"{pattern}-{condition.quantity}").strip("-")
        base = base[-_LONGEST_NAME:].lstrip("-")
        names = (base, *(f"{base}-{number}" for number in range(2, len(self._tables) + 3)))
        return next(name for name in names if name not in self._tables)

    async def _save(self, name: str, table: LimitSettings) -> None:
        from tsmon.config.edit import keep

        own = self.host.options.origins.own
        values: dict[Dotted, str] = {("limits", name, "when"): table.when}
        if table.model:
            values["limits", name, "model"] = table.model
        try:
            await in_thread(keep, own, values)
        except EXPECTED as error:
            self.talk.note(Note.of(error))
            return
        words = f"limit {name}: {table.when}" if table.when else f"limit {name} is off"
        self.talk.note(Note(f"{words}, saved in {own}"), bad=False)


def _listed(snapshot: Snapshot) -> list[Span]:
    spans: list[Span] = []
    for model in snapshot.models:
        if model.limits:
            spans += [(f"{chr(10) if spans else ''}{model.key}\n", Tone.ACCENT)]
            spans += [*limit_spans(snapshot, model), ("\n", Tone.PLAIN)]
    return spans
