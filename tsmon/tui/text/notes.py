"""How an expected error is put to a person: one line that says what, one that says what to do."""

from __future__ import annotations

from msgspec import Struct

from tsmon.config.errors import ConfigError
from tsmon.payloads.payload import PayloadError
from tsmon.serving.errors import ServingError
from tsmon.torchserve.errors import TorchServeError
from tsmon.untrusted.text import few_lines, one_line

EXPECTED = (TorchServeError, ServingError, PayloadError, ConfigError)
"""Errors that are news for the person at the screen; anything else is a fault of tsmon."""


class Note(Struct, frozen=True):
    """A message and, where there is one, the way out."""

    message: str
    hint: str = ""

    @classmethod
    def of(cls, error: Exception) -> Note:
        """What an expected error says."""
        return cls(str(error), str(getattr(error, "hint", "")))

    def __str__(self) -> str:
        message = one_line(self.message)
        return f"{message}\n{few_lines(self.hint)}" if self.hint else message
