"""Notifications that neither pile up nor cover a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import Any

from textual.app import App
from textual.notifications import Notification, Notify
from textual.screen import Screen
from textual.widgets import OptionList
from textual.widgets._toast import ToastRack

from tsmon.tui.commands.command_line import CommandLine
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.widgets.long_table import HEADER, LongTable

UNCOVERED = (Dialog, CommandLine)
"""What a person answers at once; what goes wrong there is shown inside."""
MOST = 2
"""Notifications that are shown at once."""
IN_USE = "#digits, #run, KeyBar"
"""What a notification covers no part of."""
FOLLOW_S = 0.5
"""How soon they make room for what has moved."""
LINE = 56
"""Characters of a line of a notification."""

Rows = tuple[int, int]
"""The first row, and the one behind the last."""


class Notifications:
    """Shows each notification once, two at a time, and none over what was asked for.

    Over a question they wait until it is answered. `log` is handed each: it stays in the events.
    """

    def __init__(self, app: App[Any], log: Callable[[Notification], None]) -> None:
        self._app = app
        self._log = log
        self._shown: list[Notification] = []
        self._held: list[Notification] = []

    def start(self) -> None:
        """Notice from now on when a dialog opens or closes."""
        self._app.screen_change_signal.subscribe(self._app, self._change_screen)
        self._app.set_interval(FOLLOW_S, self._place)

    def add(self, notification: Notification) -> None:
        """Show a notification; a repeated one replaces all before it."""
        self._log(notification)
        self._add(notification)

    def _add(self, notification: Notification) -> None:
        if isinstance(self._app.screen, UNCOVERED):
            self._hold(notification)
            return
        shown = [each for each in self._shown if not each.has_expired]
        if any(_alike(notification, each) for each in shown):
            self._app.call_later(self._app.clear_notifications)  # behind those on their way
            shown.clear()
        if len(shown) == MOST:
            # What went wrong stays longer than what was done.
            harmless = [each for each in shown if each.severity == "information"]
            gone = (harmless or shown)[0]
            shown.remove(gone)
            self._app.call_later(self._app._unnotify, gone)
        self._shown = [*shown, notification]
        self._app.post_message(Notify(notification))
        self._app.call_after_refresh(self._place)

    def _place(self) -> None:
        """Put them where they cover nothing that is in use."""
        if not self._app.screen_stack:  # it is being left
            return
        shown = [each for each in self._shown if not each.has_expired]
        racks = self._app.screen.query(ToastRack)
        if not shown or not racks:
            return
        needed = sum(1 + _lines(each.message) for each in shown)
        height = self._app.size.height
        first, behind = free_rows(height, rows_in_use(self._app.screen), needed)
        is_tight = behind - first < needed
        rack = racks.first()
        rack.set_class(is_tight, "-tight")
        rack.styles.margin = (0, 0, height - behind, 0)
        rack.styles.max_height = behind - first
        names = [rack._toast_id(each) for each in shown]
        for holder in rack.children:
            if holder.id not in names:
                holder.remove()  # Textual leaves one whose end came before its toast
            holder.display = holder.id == names[-1] or not is_tight

    def _hold(self, notification: Notification) -> None:
        if not any(_alike(notification, each) for each in self._held):
            self._held.append(notification)

    def _change_screen(self, screen: Screen[Any]) -> None:
        if isinstance(screen, UNCOVERED):
            for each in self._shown:
                if not each.has_expired:
                    self._hold(each)
            self._shown.clear()
            self._app.call_later(self._app.clear_notifications)
            return
        held, self._held = self._held, []
        for each in held[-MOST:]:
            self._add(_from_now(each))


def _lines(message: str) -> int:
    return sum(max(len(wrap(line, LINE)), 1) for line in message.split("\n"))


def _from_now(held: Notification) -> Notification:
    """The same notification with all its time before it."""
    return Notification(held.message, held.title, held.severity, held.timeout, held.markup)


def _alike(one: Notification, other: Notification) -> bool:
    return (one.message, one.severity) == (other.message, other.severity)


def rows_in_use(screen: Screen[Any]) -> list[Rows]:
    """The rows of what a notification must not cover: the chosen row, images, a run, the keys."""
    used = [widget.region for widget in screen.query(IN_USE) if widget.is_on_screen]
    rows = [(region.y, region.bottom) for region in used if region.height]
    focused = screen.focused
    if isinstance(focused, LongTable):
        row = focused.content_region.y + HEADER + focused.cursor - focused.scroll_offset.y
        rows.append((row, row + 1))
    elif isinstance(focused, OptionList) and focused.highlighted is not None:
        row = focused.content_region.y + focused.highlighted - focused.scroll_offset.y
        rows.append((row, row + 1))
    return rows


def free_rows(height: int, used: Sequence[Rows], needed: int) -> Rows:
    """The lowest rows with room for so many lines that nothing uses; else the most there are."""
    edges = sorted((max(first, 0), min(behind, height)) for first, behind in used)
    gaps, at = [], 0
    for first, behind in [*(edge for edge in edges if edge[0] < edge[1]), (height, height)]:
        if first > at:
            gaps.append((at, first))
        at = max(at, behind)
    roomy = [gap for gap in gaps if gap[1] - gap[0] >= needed]
    if roomy:
        return roomy[-1]
    return max(gaps, key=lambda gap: gap[1] - gap[0], default=(0, height))
