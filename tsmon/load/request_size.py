"""The largest body a server takes, and the words for an image that is larger."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.load.refusals import Failure
from tsmon.logs.files import TS_LOG
from tsmon.logs.follower import BLOCK, FileFollower

if TYPE_CHECKING:
    from tsmon.load.answers import Answer

DEFAULT_LIMIT = 6_553_500
"""TorchServe's own max_request_size, in bytes."""
_SETTING = re.compile(rb"Maximum Request Size: (\d{1,18})\b")


class RequestLimit(Struct, frozen=True):
    """The server's `max_request_size`, as far as it is known."""

    size: int = DEFAULT_LIMIT
    """In bytes."""
    read: bool = False
    """Whether the server's log shows it; otherwise it is TorchServe's default."""

    def explain(self, answer: Answer) -> Answer:
        """The answer, in clearer words if its image is larger than the limit.

        TorchServe answers 413 without a word, or breaks the connection while the body still comes.
        """
        if answer.failure not in (Failure.TOO_LARGE, Failure.UNREACHABLE):
            return answer
        try:
            size = answer.payload.path.stat().st_size
        except OSError:
            return answer
        if size <= self.size and answer.failure is Failure.UNREACHABLE:
            return answer
        error = f"{size:,} bytes, {self._words}"
        return replace(answer, error=error, failure=Failure.TOO_LARGE)

    @property
    def _words(self) -> str:
        if self.read:
            return f"max_request_size is {self.size:,}"
        return f"max_request_size is by default {self.size:,}"


def read_limit(logs: Path | None) -> RequestLimit:
    """What the log in a server's folder says of its last start; else TorchServe's default."""
    if logs is None:
        return RequestLimit()
    file = FileFollower(logs / TS_LOG, start=0)
    try:
        limit = RequestLimit()
        while lines := file.read(BLOCK):
            # A server started again appends to the file; its last start is the one that counts.
            for match in filter(None, map(_SETTING.match, lines)):
                limit = RequestLimit(int(match[1]), read=True)
        return limit
    finally:
        file.close()
