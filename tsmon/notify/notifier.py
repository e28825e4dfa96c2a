"""Gives the events of some kinds to everything that reports them, and not too often."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from tsmon.notify.records import Record, event_record, sentence

if TYPE_CHECKING:
    from tsmon.notify.outlet import Outlet, Report
    from tsmon.telemetry.events import Event, EventLog

MOST = 30
"""Events that are given on in `SPAN_S` seconds; what is beyond is counted."""
SPAN_S = 60.0
_REPEATED_S = 60.0
"""The same problem is said again after so long."""


class NotifySettings(Protocol):
    """What the configuration, or the options of a command, say."""

    @property
    def events(self) -> Sequence[str]:
        """The kinds that are reported."""

    @property
    def exec(self) -> Sequence[str]:
        """The command to run; empty for none."""

    @property
    def webhook(self) -> str:
        """The URL to post to; empty for none."""


class Notifier:
    """Follows the events of a monitor."""

    def __init__(
        self,
        kinds: Sequence[str],
        report: Report,
        show: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`show` takes the sentence for the terminal; `report` what was not delivered."""
        self._kinds = frozenset(kinds)
        self._say = report
        self._show = show
        self._clock = clock
        self._outlets: list[Outlet] = []
        self._given: deque[float] = deque()
        self._held_back = 0
        self._said: dict[str, float] = {}
        self._log: EventLog | None = None
        self._last: Event | None = None

    def add(self, outlet: Outlet) -> None:
        """Give events to it as well."""
        self._outlets.append(outlet)

    def start(self) -> None:
        """Begin to deliver."""
        for outlet in self._outlets:
            outlet.start()

    def follow(self, log: EventLog, server: str) -> None:
        """Give on what is new in a log; those of another one from its beginning."""
        if log is not self._log:
            self._log, self._last = log, None
        for event in log.after(self._last):
            self._last = event
            if event.kind.value in self._kinds:
                self._give(event_record(event, server))

    def report(self, problem: str) -> None:
        """Say what was not delivered; the same once a minute."""
        now = self._clock()
        if now - self._said.get(problem, -_REPEATED_S) >= _REPEATED_S:
            self._said = {each: at for each, at in self._said.items() if now - at < _REPEATED_S}
            self._said[problem] = now
            self._say(problem)

    async def close(self, grace_s: float) -> None:
        """Give what waits so many seconds, then stop."""
        for outlet in self._outlets:
            await outlet.close(grace_s)
        if self._held_back:
            self._say(f"{self._held_back} events were not reported: more than {MOST} a minute")

    def _give(self, record: Record) -> None:
        now = self._clock()
        while self._given and now - self._given[0] >= SPAN_S:
            self._given.popleft()
        if len(self._given) >= MOST:
            self._held_back += 1
            if self._held_back == 1:
                self._say(f"more than {MOST} events in a minute; the rest of them is not reported")
            return
        self._given.append(now)
        if self._show is not None:
            self._show(sentence(record))
        for outlet in self._outlets:
            outlet.put(record)


def notifier_of(
    settings: NotifySettings, report: Report, show: Callable[[str], None] | None = None
) -> Notifier | None:
    """The notifier that the settings ask for; None where they ask for none."""
    if not (settings.exec or settings.webhook or show):
        return None
    notifier = Notifier(settings.events, report, show)
    if settings.exec:
        from tsmon.notify.commands import CommandOutlet

        notifier.add(CommandOutlet(settings.exec, notifier.report))
    if settings.webhook:
        from tsmon.notify.webhook import WebhookOutlet

        notifier.add(WebhookOutlet(settings.webhook, notifier.report))
    return notifier
