"""Each key goes to where the one before it has put the focus."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from tsmon.tui.keymap import MOTION_KEYS
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.widgets.live_table import LiveTable
from tsmon.tui.widgets.motion import Choices, ScrollableText

HandOn = Callable[[events.Event], Awaitable[None]]
ROUNDS = 3
"""Ways up to the app: the key's own, and those of the messages that it made widgets post."""
KEY_PATIENCE_S = 1.0
"""No key waits longer than this for the one before, whatever became of that."""


class KeyDone(Message):
    """Follows a key from the widget in focus up to the app, and so comes when it is done."""

    def __init__(self, rounds: int = ROUNDS) -> None:
        super().__init__()
        self.rounds = rounds


class KeyQueue:
    """Hands a key on when the one before has done its work.

    Textual hands keys on as they come. Of keys that come at once, those behind one that opens a
    field or a dialog would be keys of the screen: `/users` would ask to unregister a model. Keys
    that leave the focus where it is wait for no others of their kind. A paste is as a key.
    """

    def __init__(self, app: App[Any], hand_on: HandOn) -> None:
        """`hand_on` gives an event to Textual's own dispatch."""
        self._app = app
        self._dispatch = hand_on
        self.waiting: deque[events.Key | events.Paste] = deque()
        self._first: events.Event | None = None
        """What was last seen to wait before all others."""
        self._trail: KeyDone | None = None
        self._staying = False
        """Whether what was handed on last leaves the focus where it is."""
        self._since = 0.0
        self._opening = False

    def start(self) -> None:
        """Notice from now on when a dialog is there."""
        self._app.screen_change_signal.subscribe(self._app, self._screen_changed)

    async def take(self, event: events.Event) -> None:
        """Keep keys in their order, and hand on everything else at once."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            if not self._app.screen_stack:  # it is being left, and nothing is there to take a key
                return
            self.waiting.append(event)
            if event.time - self._since > KEY_PATIENCE_S:
                self._trail, self._opening = None, False
            await self._hand_on()
        else:
            await self._dispatch(event)

    @property
    def at_rest(self) -> bool:
        """Whether every key was handed on and has done its work."""
        return not self.waiting and self._trail is None

    def expect_dialog(self) -> None:
        """Keys that are pressed from now on are for the dialog that is about to open."""
        self._opening = True

    def expect_none(self) -> None:
        """The dialog is there, or will not come."""
        self._opening = False
        self._app.call_later(self._hand_on)

    def done(self, message: KeyDone) -> None:
        """Go on with the next key, behind what the last one has begun."""
        message.stop()
        if message is self._trail:
            self._app.call_later(self._follow, message)

    async def _hand_on(self) -> None:
        if not self._app.screen_stack:  # it was left while keys waited
            self.waiting.clear()
        while self.waiting and not self._opening:
            staying = self._stays(self.waiting[0])
            if self._trail and not (staying and self._staying):
                break
            event = self.waiting.popleft()
            target = self._app.focused or self._app.screen
            self._trail, self._since, self._staying = KeyDone(), event.time, staying
            await self._dispatch(event)
            self._post(target)
        if self.waiting and self.waiting[0] is not self._first:
            self._first = self.waiting[0]
            self._app.set_timer(KEY_PATIENCE_S, partial(self._give_up, self._first))

    def _stays(self, event: events.Key | events.Paste) -> bool:
        """Whether it only moves a cursor, or is text for a field."""
        if isinstance(event, events.Paste):
            return True
        focused = self._app.focused
        if focused is not None and focused.check_consume_key(event.key, event.character):
            return True
        if not isinstance(focused, LiveTable | Choices | ScrollableText):
            return False
        return keys_of(self._app).pressed(event.key, MOTION_KEYS) is not None

    async def _follow(self, message: KeyDone) -> None:
        if message is not self._trail:  # another key was handed on meanwhile
            return
        if not self._app.screen_stack:
            self.waiting.clear()
            return
        rounds = message.rounds - 1
        self._trail = KeyDone(rounds) if rounds else None
        if rounds:
            self._post(self._app.focused or self._app.screen)
        await self._hand_on()

    def _post(self, target: Widget) -> None:
        if self._trail and not target.post_message(self._trail):  # it is gone, with its key
            self._lose(self._trail)

    async def _give_up(self, event: events.Event) -> None:
        """Go on without the key, or the dialog, that this event has waited for all the time."""
        if self.waiting and self.waiting[0] is event:
            self._trail, self._opening = None, False
            await self._hand_on()

    def _lose(self, trail: KeyDone) -> None:
        """Go on without a message that will not come up any more."""
        if trail is self._trail:
            self._trail = None
            self._app.call_later(self._hand_on)

    def _screen_changed(self, screen: Screen[Any]) -> None:
        if self._opening or not screen.is_mounted:  # its keys look for widgets that are to come
            self._opening = True
            screen.call_later(self.expect_none)
        self._post(self._app.focused or screen)  # what was on its way may be gone with its dialog
