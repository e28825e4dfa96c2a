"""All models together in a few words: whether one needs attention, what is asked, what is slow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set

from tsmon.telemetry.activity import Doing, activity_of
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.snapshot import Gone, ModelKey, ModelStatus, Snapshot
from tsmon.telemetry.status_signs import GONE, model_sign
from tsmon.tui.text.activity import format_model
from tsmon.tui.text.model_state import state_of
from tsmon.tui.text.tones import Span, Tone
from tsmon.units import count, known, milliseconds, per_second, plural

CLIENT_ERROR = 400
_HELD_UP = (Doing.WAITS, Doing.UNANSWERED, Doing.FAILS)


NEW_S = 30.0
"""How long what is newly wrong is named before what is worst."""


class Overall:
    """Says it of one snapshot after the other, and remembers what is new among what is wrong."""

    def __init__(self) -> None:
        self._began: dict[ModelKey, tuple[ModelHealth, float]] = {}
        self._has_seen = False

    def words(self, snapshot: Snapshot) -> list[Span]:
        """As `format_overall` does."""
        if snapshot.stale:
            return []
        now, began = snapshot.at.monotonic, {}
        for model in snapshot.models:
            health = model.verdict.health
            if not model.gone and model_sign(model).needs_attention:
                before = self._began.get(model.key)
                same = before is not None and before[0] is health and before[1] <= now
                new = (health, now if self._has_seen else now - NEW_S)
                began[model.key] = before if same and before else new
        self._began, self._has_seen = began, True
        fresh = {key for key, (_, at) in began.items() if now - at < NEW_S}
        return format_overall(snapshot, fresh)


def format_overall(snapshot: Snapshot, fresh: Set[ModelKey] = frozenset()) -> list[Span]:
    """The parts, the most important first; none while the server is not up.

    `fresh` are the models that began to be unwell just now.
    """
    if snapshot.stale:
        return []
    forgotten = sum(model.gone is Gone.FORGOTTEN for model in snapshot.models)
    models = [model for model in snapshot.models if not model.gone]
    ill = [model for model in models if model_sign(model).needs_attention]
    held_up = [model for model in models if activity_of(model).doing in _HELD_UP]
    parts: list[Span] = []
    if forgotten:
        parts.append((f"{GONE.glyph} {plural(forgotten, 'model')} gone", Tone.WARNING))
    named = _named(ill, fresh) if ill else None
    if named:
        parts.append(_unwell(named, [model for model in ill if model is not named]))
    if held_up and (slowest := max(held_up, key=_urgency)) not in ill:
        parts.append(_held_up(slowest, len(held_up)))
    if models and not parts:
        parts.append(_ready(models))
    erring = {model.key: failed for model in models if (failed := _failed_lately(model))}
    if erring:
        parts.append(_failed(erring, named.key if named else None))
    if rate := snapshot.per_second:
        parts.append((per_second(rate), Tone.PLAIN))
    return parts


def _ready(models: Sequence[ModelStatus]) -> Span:
    """How many serve, where none of the others needs attention."""
    ready = sum(model.verdict.health is ModelHealth.READY for model in models)
    if ready == len(models):
        return f"{plural(ready, 'model')} ready", Tone.GOOD
    if not ready and all(model.verdict.health is ModelHealth.UNKNOWN for model in models):
        return plural(len(models), "model"), Tone.PLAIN
    return f"{ready} of {plural(len(models), 'model')} ready", Tone.PLAIN


def _failed_lately(model: ModelStatus) -> int:
    """Requests of the last minute that ended with a status of 400 or above."""
    statuses = model.requests.minute_statuses if model.requests else {}
    return sum(times for status, times in statuses.items() if status >= CLIENT_ERROR)


def _failed(erring: Mapping[ModelKey, int], named: ModelKey | None) -> Span:
    """How many requests failed, and whose; a model that was named just before needs no name.

    The last minute alone, since a rate of each tick would come and go.
    """
    worst = max(erring, key=lambda key: erring[key])
    name = "" if len(erring) == 1 and worst == named else f"{worst} "
    more = f" +{len(erring) - 1}" if len(erring) > 1 else ""
    return f"! {name}{count(erring[worst])} failed in 1 min{more}", Tone.BAD


def _named(ill: Sequence[ModelStatus], fresh: Set[ModelKey]) -> ModelStatus:
    """The one that is worst off, of those that are new if there are any."""
    candidates = [model for model in ill if model.key in fresh] or ill
    return max(candidates, key=_badness)


def _badness(model: ModelStatus) -> tuple[int, int]:
    return model_sign(model).grade, model.verdict.health.severity


def _unwell(named: ModelStatus, others: Sequence[ModelStatus]) -> Span:
    """One by its name, and how many others there are of each kind, the worst first."""
    glyph, word, tone = state_of(named)
    kinds = Counter(model_sign(model).word for model in sorted(others, key=_badness, reverse=True))
    more = ", ".join(f"{times} {kind}" for kind, times in kinds.items())
    return f"{glyph} {named.key} {word}{f' + {more}' if more else ''}", tone


def _held_up(model: ModelStatus, of: int) -> Span:
    """The one whose requests fare worst, and how long they wait."""
    doing, tone = format_model(activity_of(model))
    glyph, word = doing.split(" ", 1)
    waited = _queue_ms(model)
    more = f" +{of - 1}" if of > 1 else ""
    return f"{glyph} {model.key} {word}{f' {milliseconds(waited)}' if waited else ''}{more}", tone


def _urgency(model: ModelStatus) -> tuple[int, float]:
    return _HELD_UP.index(activity_of(model).doing), _queue_ms(model)


def _queue_ms(model: ModelStatus) -> float:
    return known(model.traffic.interval.queue_ms) or 0.0
