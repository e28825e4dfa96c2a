"""How a model is, in a glyph, a word and a tone."""

from __future__ import annotations

from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.snapshot import ModelStatus
from tsmon.tui.tones import Tone

_HEALTH = {
    ModelHealth.READY: ("●", "ready", Tone.GOOD),
    ModelHealth.UNKNOWN: ("?", "unknown", Tone.MUTED),
    ModelHealth.STARTING: ("◌", "starting", Tone.WARNING),
    ModelHealth.NO_WORKERS: ("○", "no workers", Tone.MUTED),
    ModelHealth.DEGRADED: ("!", "degraded", Tone.WARNING),
    ModelHealth.OVERLOADED: ("!", "overloaded", Tone.BAD),
    ModelHealth.RETRYING: ("✗", "retrying", Tone.BAD),
    ModelHealth.STUCK: ("✗", "stuck", Tone.BAD),
    ModelHealth.GIVEN_UP: ("✗", "given up", Tone.BAD),
    ModelHealth.UNREGISTERING: ("◌", "removing", Tone.MUTED),
}


WELL = frozenset(
    {ModelHealth.READY, ModelHealth.UNKNOWN, ModelHealth.STARTING, ModelHealth.UNREGISTERING}
)
"""Nobody has to look."""


def state_of(model: ModelStatus) -> tuple[str, str, Tone]:
    """A glyph, a word and a tone for the workers of a version."""
    if model.gone:
        return "✗", "gone", Tone.MUTED
    return _HEALTH[model.verdict.health]
