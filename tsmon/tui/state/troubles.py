"""What needs attention, the worst first, and which actions may fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.activity import Doing, activity_of
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.logs.request_times import FAILED
from tsmon.telemetry.snapshot import Gone, ServerState
from tsmon.telemetry.status_signs import model_sign
from tsmon.torchserve.errors import MODEL_API_HINT
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tsmon.telemetry.events import Event
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot

RESTART = "workers.restart"
MORE = "workers.more"
REPLACE = "model.replace"
UNREGISTER = "model.unregister"

_HELD_UP = (Doing.WAITS, Doing.UNANSWERED, Doing.FAILS)
_OF_SERVER = {
    ServerState.AWAY: ("server.start",),
    ServerState.TOKEN_REFUSED: ("server.renew-tokens", "server.key-file"),
}
_OF_THE_MOMENT = frozenset(
    {
        CauseKind.OUT_OF_MEMORY,
        CauseKind.CUDA_OUT_OF_MEMORY,
        CauseKind.CUDA_ERROR,
        CauseKind.DOWNLOAD_FAILED,
        CauseKind.NO_SPACE,
        CauseKind.LIMIT_REACHED,
        CauseKind.ADDRESS_IN_USE,
        CauseKind.CRASHED,
        CauseKind.DIED_SILENTLY,
    }
)
"""What may be otherwise at the next attempt, with the same archive."""


class Trouble(Struct, frozen=True):
    """What a person asks about."""

    key: ModelKey | None
    """The version; None for the server."""
    worker: str = ""
    """One of its workers; empty for all."""
    event: Event | None = None
    """What happened, where that is asked about."""


def find_troubles(snapshot: Snapshot) -> list[Trouble]:
    """All that needs attention; the server alone, where it does not answer as it should."""
    if snapshot.server.state not in (ServerState.UP, ServerState.CONNECTING):
        return [Trouble(None)]
    ill = [model for model in snapshot.models if needs_attention(snapshot, model)]
    ill.sort(key=_gravity, reverse=True)
    of_server = [Trouble(None)] if server_notices(snapshot) else []
    return [*(Trouble(model.key) for model in ill), *of_server]


def server_notices(snapshot: Snapshot) -> list[Note]:
    """What is missing of a server that answers, each with the way out."""
    metrics = snapshot.metrics
    found: list[Note] = []
    if snapshot.server.model_api is False:
        found.append(Note("models cannot be registered: the model API is disabled", MODEL_API_HINT))
    if metrics.problem is not None:
        found.append(Note.of(metrics.problem))
    if metrics.log_problem:
        found.append(Note(metrics.log_problem, "pass their folder with --logs DIR"))
    if snapshot.not_recorded:
        found.append(Note(f"not recorded: {snapshot.not_recorded}"))
    return found


def needs_attention(snapshot: Snapshot, model: ModelStatus) -> bool:
    """Whether it is red or amber anywhere on the screen."""
    if model.gone:
        return model.gone is Gone.FORGOTTEN
    held_up = activity_of(model).doing in _HELD_UP
    return model_sign(model).needs_attention or held_up or bool(snapshot.errors_per_second(model))


def failed_lately(model: ModelStatus) -> bool:
    """Whether any of its requests failed in the last five minutes, as the charts may show."""
    statuses = model.requests.statuses if model.requests else {}
    return not model.gone and any(status >= FAILED for status in statuses)


def fixes(snapshot: Snapshot, trouble: Trouble) -> Sequence[str]:
    """The ids of the actions that may fix it, the likeliest first."""
    if trouble.key is None:
        return (*_OF_SERVER.get(snapshot.server.state, ()), "server.doctor")
    model = snapshot.model(trouble.key)
    if model is None or model.gone:
        return ("model.register",)
    health, cause = model.verdict.health, model.cause
    if health in (ModelHealth.GIVEN_UP, ModelHealth.RETRYING, ModelHealth.DEGRADED):
        if cause is None or cause.kind in _OF_THE_MOMENT or not cause.certain:
            return (RESTART, REPLACE, UNREGISTER)
        return (REPLACE, UNREGISTER, RESTART)
    if health is ModelHealth.STUCK:
        return (RESTART, MORE)
    if health is ModelHealth.FAILING:
        return (REPLACE,)
    if health is ModelHealth.OVERLOADED or activity_of(model).doing is Doing.WAITS:
        return (MORE,)
    return (MORE,) if health is ModelHealth.NO_WORKERS else ()


def _gravity(model: ModelStatus) -> tuple[int, int]:
    return model_sign(model).grade, model.verdict.health.severity
