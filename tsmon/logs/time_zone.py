"""The time zone of a log's stamps, which TorchServe writes in its own local time without a zone."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import NamedTuple

from tsmon.logs.files import ACCESS_LOG, TS_LOG
from tsmon.logs.lines import parse_stamp
from tsmon.torchserve.errors import InvalidArgument
from tsmon.untrusted.files import open_regular
from tsmon.untrusted.text import one_line

QUARTER = timedelta(minutes=15)
"""All zones in use are so many of these from UTC."""
FARTHEST_OFFSET = timedelta(hours=14)
LATE = timedelta(seconds=5)
"""How much later than its stamp a line may have been written; a copy's time shows nothing."""
EARLY = timedelta(seconds=1)
LOOK_EVERY_S = 1.0
SETTLED_EVERY_S = 60.0
"""It may change still: with daylight saving time, or with another server that logs there."""
END_BYTES = 1 << 14
LONGEST_NAME = 64
"""The longest name of a zone that there is has 32 characters."""
_OFFSET = re.compile(r"(?:UTC)?([+-])(\d{1,2})(?::?(\d\d))?")
_STAMPED = re.compile(rb"^(\d{4}-\d\d-\d\d[T ]\d\d:\S+) ")


class LogZone:
    """Turns stamps of one log folder into moments and back.

    The zone is the one someone said. Else it is worked out: the last line of a file was written
    when the file was last changed, so the difference of the two is the zone's from UTC. Where that
    is this machine's, or nothing is known, it is this machine's zone.
    """

    def __init__(self, said: tzinfo | None = None) -> None:
        self.tz = said
        """None for this machine's zone."""
        self._said = said is not None
        self._next_look = float("-inf")

    @property
    def name(self) -> str:
        """What to call the zone; empty where it is this machine's."""
        return str(self.tz) if self.tz is not None else ""

    def look(self, folder: Path) -> None:
        """Work the zone out from the log files there, now and then. It blocks for a moment."""
        now = time.monotonic()
        if self._said or now < self._next_look:
            return
        last = _last_line_in(folder)
        offset = offset_of(*last) if last is not None else None
        self._next_look = now + (LOOK_EVERY_S if offset is None else SETTLED_EVERY_S)
        if last is not None and offset is not None:
            is_here = offset == last.written.astimezone().utcoffset()
            self.tz = None if is_here else timezone(offset) if offset else UTC

    def moment(self, stamp: datetime) -> datetime:
        """When a line was written, in this machine's zone."""
        return stamp.replace(tzinfo=self.tz).astimezone()

    def stamp(self, moment: datetime) -> datetime:
        """What a line written at that moment has; one without a zone is this machine's time."""
        return moment.astimezone(self.tz).replace(tzinfo=None)

    def here(self, stamp: datetime) -> datetime:
        """A line's time as this machine's local time, without a zone."""
        return stamp if self.tz is None else self.moment(stamp).replace(tzinfo=None)


def parse_zone(text: str) -> tzinfo:
    """Read `UTC`, an offset such as `+02:00`, or a name such as `Europe/Berlin`.

    Raises:
        InvalidArgument: there is no such zone.
    """
    if text.upper() in {"UTC", "Z"}:
        return UTC
    match = _OFFSET.fullmatch(text)
    if match is not None:
        size = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if size <= FARTHEST_OFFSET:
            return timezone(-size if match[1] == "-" else size)
    elif len(text) <= LONGEST_NAME:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise InvalidArgument(
        f"{one_line(text, LONGEST_NAME)!r} is not a time zone known to this machine",
        "use UTC, +02:00 or a name such as Europe/Berlin",
    )


def offset_of(stamp: datetime, written: datetime) -> timedelta | None:
    """A zone's offset by the stamp of a line that was written then; None where they do not fit."""
    ahead = stamp - written.astimezone(UTC).replace(tzinfo=None)
    offset = round(ahead / QUARTER) * QUARTER
    fits = -EARLY <= offset - ahead <= LATE and abs(offset) <= FARTHEST_OFFSET
    return offset if fits else None


class _LastLine(NamedTuple):
    """The stamp of a file's last line, and when the file was last written to."""

    stamp: datetime
    written: datetime


def _last_line_in(folder: Path) -> _LastLine | None:
    for name in (TS_LOG, ACCESS_LOG):
        try:
            with open_regular(folder / name) as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - END_BYTES))
                lines = file.read(END_BYTES).split(b"\n")
                written = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
        except OSError:
            continue
        stamp = _last_stamp(lines)
        if stamp is not None:
            return _LastLine(stamp, written)
    return None


def _last_stamp(lines: Iterable[bytes]) -> datetime | None:
    for line in reversed(list(lines)):
        match = _STAMPED.match(line)
        stamp = parse_stamp(match[1].decode(errors="replace")) if match else None
        if stamp is not None:
            return stamp
    return None
