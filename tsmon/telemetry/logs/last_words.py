"""What a worker's process wrote before it ended without an exception that TorchServe announced.

A crash of native code, `sys.exit` with a text and a kill leave no traceback. What was written last
is then the only evidence; a few of such words show the cause, the others are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tsmon.telemetry.logs.known_exceptions import CauseKind, Verdict, classify, usual
from tsmon.telemetry.logs.tracebacks import BEGIN, Said

MOST_WORDS = 40
"""Lines that are kept, the last ones."""
LAG = timedelta(seconds=2)
"""How much later TorchServe may write what a worker said than that the worker ended."""

_CHATTER = re.compile(
    r"^\s*$|^(s_name_part0=|Listening on |Successfully loaded |\[PID\]\d+$|Torch worker started\.$"
    r"|Python runtime: |Connection accepted: |model_name: .+, batchSize: |\[METRICS\]|[\w.]+\|#"
    r"|Backend received inference at: |Frontend disconnected\.|Stopped Scanner - |Unregistering "
    r"|model: .+, number of batch response mismatched)"
)
"""What TorchServe's own code of a worker says, and empty lines."""
_NOT_DECODED = "Failed json decoding of input data. Forwarding encoded payload"
"""A traceback follows, which is no failure: the handler gets the bytes."""
_RECEIVED = "Backend received inference at: "
_METRIC = re.compile(r"^\S+\.[A-Za-z]+:[\d.eE+-]+\|#")
_FATAL = re.compile(r"^Fatal Python error: (.+?)\.?$")
_TERMINATE = re.compile(r"^terminate called (?:after throwing an instance of '(.+)'|.*)$")
_WHAT = re.compile(r"^\s*what\(\):\s*(.+)$")
_FRAME = re.compile(r'^\s*File "(.+)", line (\d+) in (\S+)$')


class LastWords(Struct, frozen=True):
    """The end of what one process wrote."""

    lines: tuple[str, ...]
    """Without those of TorchServe's own code; of standard error, where that has any."""

    @property
    def message(self) -> str:
        """They as one line."""
        last = self.lines[-1].strip()
        if self.breaks_off:
            return f"its output breaks off within a traceback, after: {last}"
        return f"its last words: {last}"

    @property
    def breaks_off(self) -> bool:
        """Whether they end in a traceback whose exception is lost."""
        return BEGIN in self.lines and self.lines[-1].startswith(" ")

    def crash(self) -> tuple[Verdict, str] | None:
        """The crash that they report, with a message; None where they report none."""
        for number, line in enumerate(self.lines):
            rest = self.lines[number:]
            if match := _FATAL.match(line):
                frame = next(filter(None, map(_FRAME.match, rest)), None)
                where = f" in {frame[3]} ({frame[1]}, line {frame[2]})" if frame else ""
                return usual(CauseKind.CRASHED), f"{match[1]}{where}"
            if match := _TERMINATE.match(line):
                what = next(filter(None, map(_WHAT.match, rest)), None)
                said = {match[1] or "terminate called": 0, what[1] if what else "": 0}
                message = ": ".join(filter(None, said))
                return classify(message) or usual(CauseKind.CRASHED), message
        return None

    def recognised(self) -> tuple[Verdict, str] | None:
        """What is known of the last of them that means something."""
        for line in reversed(self.lines):
            if verdict := classify(line.strip()):
                return verdict, line.strip()
        return None


def last_words(said: Sequence[Said], since: datetime, until: datetime) -> LastWords | None:
    """What one worker wrote from `since` until shortly after `until`; None if nothing.

    `said` are the lines of that worker.
    """
    words = [
        line
        for line in _without_decoding(said)
        if since <= line.time <= until + LAG
        and not _CHATTER.match(line.text)
        and not _METRIC.match(line.text)
    ]
    errors, printed = ([w.text for w in words if w.stderr is e] for e in (True, False))
    chosen = printed if BEGIN in printed and BEGIN not in errors else errors or printed
    return LastWords(tuple(chosen[-MOST_WORDS:])) if chosen else None


def _without_decoding(said: Iterable[Said]) -> Iterator[Said]:
    """Without what TorchServe says of payloads that are not the JSON that they claim to be.

    It may be written after the answer that the process then gave.
    """
    decoding = False
    for line in said:
        if line.text == _NOT_DECODED:
            decoding = True
        elif line.text.startswith(_RECEIVED):
            decoding = False
        if not decoding:
            yield line
