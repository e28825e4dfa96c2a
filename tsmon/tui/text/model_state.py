"""How a model or a worker is, in a glyph, a word and a tone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.telemetry.health.verdicts import ModelHealth, WorkerHealth
from tsmon.telemetry.status_signs import model_sign
from tsmon.tui.text.tones import Tone, tone_of

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot

WELL = frozenset(
    {ModelHealth.READY, ModelHealth.UNKNOWN, ModelHealth.STARTING, ModelHealth.UNREGISTERING}
)
"""No one has to look."""
WORKER_STATES = {
    WorkerHealth.READY: ("● ready", Tone.GOOD),
    WorkerHealth.UNKNOWN: ("? unknown", Tone.MUTED),
    WorkerHealth.STOPPING: ("◌ stopping", Tone.MUTED),
    WorkerHealth.STARTING: ("◌ starting", Tone.WARNING),
    WorkerHealth.ENDED: ("✗ gone", Tone.BAD),
    WorkerHealth.RETRYING: ("✗ retrying", Tone.BAD),
    WorkerHealth.STUCK: ("✗ stuck", Tone.BAD),
    WorkerHealth.GIVEN_UP: ("✗ given up", Tone.BAD),
}


def failing_words(model: ModelStatus) -> str:
    """Such as `15% fail`, of the requests of the last minute."""
    share = model.requests.failing_share if model.requests else 0.0
    return f"{share:.0%} fail" if share >= 0.01 else "<1% fail"


def state_of(model: ModelStatus) -> tuple[str, str, Tone]:
    """A glyph, a word or two and a tone for a version as a whole."""
    sign = model_sign(model)
    failing = not model.gone and model.verdict.health is ModelHealth.FAILING
    return sign.glyph, failing_words(model) if failing else sign.word, tone_of(sign.grade)


def old_words(snapshot: Snapshot) -> str:
    """Of when the models are that are shown; empty where they are of this tick."""
    answer = snapshot.server.last_answer
    if not snapshot.stale or answer is None:
        return ""
    return f"as of {answer.wall.astimezone():%H:%M:%S}"
