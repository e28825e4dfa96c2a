"""One glyph, one word and one grade for everything that can be found, as all views show it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from msgspec import Struct

from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.snapshot import ModelStatus, ServerState


class Grade(IntEnum):
    """How much it matters, from fine to worst; what is neither good nor bad is in between."""

    GOOD = 0
    NEUTRAL = 1
    WARNING = 2
    BAD = 3


class StatusSign(Struct, frozen=True):
    """How it is shown; the word says the same as the glyph and the colour of its grade."""

    glyph: str
    word: str
    grade: Grade

    @property
    def needs_attention(self) -> bool:
        """Whether someone should look at it."""
        return self.grade >= Grade.WARNING

    def __str__(self) -> str:
        return f"{self.glyph} {self.word}"


MODEL_SIGNS: Mapping[ModelHealth, StatusSign] = {
    ModelHealth.READY: StatusSign("●", "ready", Grade.GOOD),
    ModelHealth.UNKNOWN: StatusSign("?", "unknown", Grade.NEUTRAL),
    ModelHealth.UNREAD: StatusSign("?", "unread", Grade.WARNING),
    ModelHealth.STARTING: StatusSign("◌", "starting", Grade.WARNING),
    ModelHealth.NO_WORKERS: StatusSign("○", "no workers", Grade.NEUTRAL),
    ModelHealth.DEGRADED: StatusSign("!", "degraded", Grade.WARNING),
    ModelHealth.FAILING: StatusSign("!", "failing", Grade.WARNING),
    ModelHealth.OVERLOADED: StatusSign("!", "overloaded", Grade.BAD),
    ModelHealth.RETRYING: StatusSign("✗", "retrying", Grade.BAD),
    ModelHealth.STUCK: StatusSign("✗", "stuck", Grade.BAD),
    ModelHealth.GIVEN_UP: StatusSign("✗", "given up", Grade.BAD),
    ModelHealth.UNREGISTERING: StatusSign("◌", "removing", Grade.NEUTRAL),
}
GONE = StatusSign("✗", "gone", Grade.NEUTRAL)
"""A version that the server does not list any more."""
OVER_LIMIT = StatusSign("!", "over limit", Grade.WARNING)
"""A version that is well but for a limit that is exceeded."""
SERVER_SIGNS: Mapping[ServerState, StatusSign] = {
    ServerState.CONNECTING: StatusSign("◌", "connecting", Grade.NEUTRAL),
    ServerState.UP: StatusSign("●", "up", Grade.GOOD),
    ServerState.TOKEN_REFUSED: StatusSign("✗", "token refused", Grade.BAD),
    ServerState.SLOW: StatusSign("◐", "not answering", Grade.WARNING),
    ServerState.STALE: StatusSign("◐", "stale", Grade.WARNING),
    ServerState.AWAY: StatusSign("✗", "away", Grade.BAD),
    ServerState.FAILING: StatusSign("✗", "answering with errors", Grade.BAD),
    ServerState.STRANGE: StatusSign("?", "no TorchServe", Grade.BAD),
}
_WELL = (ModelHealth.READY, ModelHealth.UNKNOWN)


def model_sign(model: ModelStatus) -> StatusSign:
    """What can be said of a version as a whole: its verdict, or else a limit."""
    if model.gone:
        return GONE
    sign = MODEL_SIGNS[model.verdict.health]
    return OVER_LIMIT if model.exceeded and model.verdict.health in _WELL else sign
