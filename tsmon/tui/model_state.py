"""How a model is, in a glyph, a word and a tone."""

from __future__ import annotations

from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.signs import GONE, MODEL_SIGNS, Sign
from tsmon.telemetry.snapshot import ModelStatus
from tsmon.tui.tones import Tone, tone_of

WELL = frozenset(
    {ModelHealth.READY, ModelHealth.UNKNOWN, ModelHealth.STARTING, ModelHealth.UNREGISTERING}
)
"""Nobody has to look."""


def sign_of(model: ModelStatus) -> Sign:
    """What there is to say of a version as a whole."""
    return GONE if model.gone else MODEL_SIGNS[model.verdict.health]


def state_of(model: ModelStatus) -> tuple[str, str, Tone]:
    """A glyph, a word and a tone for the workers of a version."""
    sign = sign_of(model)
    return sign.glyph, sign.word, tone_of(sign.grade)
