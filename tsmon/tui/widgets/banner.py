"""The lines below the first one, there only when something is wrong: what, and the way out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.telemetry.events import TOKEN_SOON, Event
from tsmon.telemetry.snapshot import ServerState, Snapshot
from tsmon.torchserve.errors import MODEL_API_HINT, NothingListens
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.keymap.effective import Keymap
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.event_line import format_event
from tsmon.tui.widgets.words import Words
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant


class Banner(Words):
    """Says why the server is not as it should be."""

    def show(
        self,
        snapshot: Snapshot,
        now: Instant | None,
        *,
        event: Event | None = None,
        can_start: bool,
        read_only: bool,
        can_renew: bool,
        renews: bool,
    ) -> None:
        """Render a tick, or the passing of time since the last one."""
        keys = keys_of(self)
        problem = banner_words(
            snapshot,
            now,
            can_start=can_start,
            read_only=read_only,
            can_renew=can_renew,
            keys=keys,
        )
        if problem is None and now is not None and not renews:
            problem = warn(snapshot, now, can_renew=can_renew, keys=keys)
        lines = [format_event(event)] if event else []
        self.say(Content("\n").join([*lines, *([problem] if problem else [])]) or None)


def banner_words(
    snapshot: Snapshot,
    now: Instant | None,
    *,
    can_start: bool,
    read_only: bool,
    can_renew: bool = False,
    keys: Keymap = Keymap(),  # noqa: B008 (frozen)
) -> Content | None:
    """What is wrong with the server and what can be done, None when nothing is.

    `now` is None where the past is looked at.
    """
    server = snapshot.server
    if server.state is ServerState.CONNECTING:
        return None
    if server.state is ServerState.UP:
        if server.model_api is False and not read_only:
            return line(("! model API disabled  ", Tone.WARNING), (MODEL_API_HINT, Tone.MUTED))
        return None
    problem = server.problem
    ways_out = [problem.hint] if problem and problem.hint else []
    if now is not None and server.state is not ServerState.STALE:
        ways_out.insert(0, _next_try(snapshot, now))
    if can_start and isinstance(problem, NothingListens):
        ways_out.insert(0, "{server.start} starts one here")
    if server.state is ServerState.TOKEN_REFUSED:
        ways_out.insert(0, "{server.key-file} reads another key file")
        if can_renew and _soonest(snapshot, snapshot.at.wall) is not None:
            ways_out.insert(0, "{server.renew-tokens} makes the server issue new ones")
    glyph, tone = ("◐", Tone.WARNING) if server.state is ServerState.STALE else ("✗", Tone.BAD)
    spans: list[Span] = [(f"{glyph} {problem or server.state}", tone)]
    if ways_out:
        spans.append(("\n  " + keys.expand(" · ".join(ways_out)), Tone.PLAIN))
    return line(*spans)


def warn(
    snapshot: Snapshot,
    now: Instant,
    *,
    can_renew: bool,
    keys: Keymap = Keymap(),  # noqa: B008 (frozen)
) -> Content | None:
    """That tokens will end soon, which are not renewed automatically here; None while none will."""
    left = _soonest(snapshot, now.wall)
    if left is None:
        return None
    words = "the tokens have expired" if left <= 0 else f"the tokens expire in {duration(left)}"
    renew = "{server.renew-tokens} makes the server issue new ones"
    elsewhere = "`tsmon token refresh` next to the server's key_file.json issues new ones"
    way_out = keys.expand(renew if can_renew else elsewhere)
    return line((f"! {words}  ", Tone.WARNING), (way_out, Tone.MUTED))


def _soonest(snapshot: Snapshot, now: datetime) -> float | None:
    """Seconds until the first token ends, or below 0 since then; None while that is not soon."""
    ends = min(snapshot.token_ends.values(), default=None)
    if ends is None or ends - now > TOKEN_SOON:
        return None
    return (ends - now).total_seconds()


def _next_try(snapshot: Snapshot, now: Instant) -> str:
    left = snapshot.next_poll_s - now.since(snapshot.at)
    return f"next attempt in {duration(left)}" if left >= 0.5 else "retrying now"
