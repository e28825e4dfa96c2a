"""One glyph, one word and one grade for everything that can be found, as all views show it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from msgspec import Struct

from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.snapshot import ServerState


class Grade(IntEnum):
    """How much it matters, from fine to worst; what is neither good nor bad is in between."""

    GOOD = 0
    NEUTRAL = 1
    WARNING = 2
    BAD = 3


class Sign(Struct, frozen=True):
    """How it is shown; the word says the same as the glyph and the colour of its grade."""

    glyph: str
    word: str
    grade: Grade

    @property
    def needs_somebody(self) -> bool:
        """Whether somebody should look at it."""
        return self.grade >= Grade.WARNING

    def __str__(self) -> str:
        return f"{self.glyph} {self.word}"


MODEL_SIGNS: Mapping[ModelHealth, Sign] = {
    ModelHealth.READY: Sign("●", "ready", Grade.GOOD),
    ModelHealth.UNKNOWN: Sign("?", "unknown", Grade.NEUTRAL),
    ModelHealth.UNREAD: Sign("?", "unread", Grade.WARNING),
    ModelHealth.STARTING: Sign("◌", "starting", Grade.WARNING),
    ModelHealth.NO_WORKERS: Sign("○", "no workers", Grade.NEUTRAL),
    ModelHealth.DEGRADED: Sign("!", "degraded", Grade.WARNING),
    ModelHealth.FAILING: Sign("!", "failing", Grade.WARNING),
    ModelHealth.OVERLOADED: Sign("!", "overloaded", Grade.BAD),
    ModelHealth.RETRYING: Sign("✗", "retrying", Grade.BAD),
    ModelHealth.STUCK: Sign("✗", "stuck", Grade.BAD),
    ModelHealth.GIVEN_UP: Sign("✗", "given up", Grade.BAD),
    ModelHealth.UNREGISTERING: Sign("◌", "removing", Grade.NEUTRAL),
}
GONE = Sign("✗", "gone", Grade.NEUTRAL)
"""A version that the server does not list any more."""
SERVER_SIGNS: Mapping[ServerState, Sign] = {
    ServerState.CONNECTING: Sign("◌", "connecting", Grade.NEUTRAL),
    ServerState.UP: Sign("●", "up", Grade.GOOD),
    ServerState.TOKEN_REFUSED: Sign("✗", "token refused", Grade.BAD),
    ServerState.SLOW: Sign("◐", "not answering", Grade.WARNING),
    ServerState.STALE: Sign("◐", "stale", Grade.WARNING),
    ServerState.AWAY: Sign("✗", "away", Grade.BAD),
    ServerState.FAILING: Sign("✗", "answering with errors", Grade.BAD),
    ServerState.STRANGE: Sign("?", "no TorchServe", Grade.BAD),
}
