"""All models together in a few words: whether one needs attention, what is asked, what is slow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tsmon.telemetry.activity import Doing, activity_of
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.snapshot import Gone, ModelKey, ModelStatus, Snapshot
from tsmon.telemetry.status_signs import GONE
from tsmon.tui.text.activity import format_model
from tsmon.tui.text.model_state import sign_of, state_of
from tsmon.tui.text.tones import Span, Tone
from tsmon.units import known, milliseconds, per_second, plural

_HELD_UP = (Doing.WAITS, Doing.UNANSWERED, Doing.FAILS)


def format_overall(snapshot: Snapshot) -> list[Span]:
    """The parts, the most important first; none while the server is not up."""
    if snapshot.stale:
        return []
    forgotten = sum(model.gone is Gone.FORGOTTEN for model in snapshot.models)
    models = [model for model in snapshot.models if not model.gone]
    ill = [model for model in models if sign_of(model).needs_attention]
    held_up = [model for model in models if activity_of(model).doing in _HELD_UP]
    parts: list[Span] = []
    if forgotten:
        parts.append((f"{GONE.glyph} {plural(forgotten, 'model')} gone", Tone.WARNING))
    if ill:
        parts.append(_worst(ill))
    if held_up and (slowest := max(held_up, key=_urgency)) not in ill:
        parts.append(_held_up(slowest, len(held_up)))
    if models and not parts:
        parts.append(_ready(models))
    erring = {model.key: rate for model in models if (rate := snapshot.errors_per_second(model))}
    if erring:
        parts.append(_failed(erring, _most_ill(ill).key if ill else None))
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


def _failed(erring: Mapping[ModelKey, float], message: ModelKey | None) -> Span:
    """How many requests failed, and whose; a model that was named just before needs no name."""
    worst = max(erring, key=lambda key: erring[key])
    name = "" if len(erring) == 1 and worst == message else f"{worst} "
    more = f" +{len(erring) - 1}" if len(erring) > 1 else ""
    return f"! {name}{per_second(erring[worst])} failed{more}", Tone.BAD


def _most_ill(ill: Sequence[ModelStatus]) -> ModelStatus:
    return max(ill, key=lambda model: (sign_of(model).grade, model.verdict.health.severity))


def _worst(ill: Sequence[ModelStatus]) -> Span:
    """The one that is worst off, and how many more there are."""
    worst = _most_ill(ill)
    glyph, word, tone = state_of(worst)
    more = f" +{len(ill) - 1}" if len(ill) > 1 else ""
    return f"{glyph} {worst.key} {word}{more}", tone


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
