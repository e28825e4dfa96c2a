"""Moments as a person writes them: a time of the day, a date and a time, or how long ago."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from tsmon.torchserve.errors import InvalidArgument

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGO = re.compile(r"-\s*(?P<amount>\d{1,9}(?:\.\d{1,9})?)\s*(?P<unit>[smhd])")
FORMS = "14:03, 14:03:20, 2026-11-22 14:03 or -5m"


def parse_time(text: str, reference: datetime) -> datetime:
    """The moment that a text means.

    `reference` is aware: a time without a date is of its day, in its time zone, and `-5m` is five
    minutes before it.

    Raises:
        InvalidArgument: the text is in none of the forms.
    """
    words = " ".join(text.split())
    try:
        if ago := _AGO.fullmatch(words):
            return reference - timedelta(seconds=float(ago["amount"]) * _UNITS[ago["unit"]])
        if "-" not in words:
            moment = time.fromisoformat(words)
            return datetime.combine(reference.date(), moment, moment.tzinfo or reference.tzinfo)
        full = datetime.fromisoformat(words)
        return full if full.tzinfo else full.replace(tzinfo=reference.tzinfo)
    except (ValueError, OverflowError):
        raise InvalidArgument(f"{text!r} is not a valid time; use {FORMS}") from None
