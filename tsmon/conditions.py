"""One small language for a number and what it must not be.

    p95 > 50 ms for 1 min        errors > 1 %        restarts > 2 in 10 min

A condition is a quantity, `>` `>=` `<` `<=` (or over, under), a number with its unit, and for a
limit on a model `in` (what it is counted over) and `for` (how long it must hold).

A limit on a model is read with the quantities of a model and held against every tick; a run is
judged once, by `parse_condition(text, OF_RUN)` and the figures of its report in base units:

    limit = parse_condition("p95>50ms", OF_RUN)
    limit.holds(report.p95_ms)          # True: it fails; False: it does not; None: not known
    limit.quantity, str(limit)          # "p95", "p95 > 50 ms"

Base units are milliseconds, shares of 1, requests per second, bytes and plain counts;
`limit.dimension` says which of them a quantity with several, such as `errors`, is compared in.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from tsmon.units import (
    GIB,
    KIB,
    MIB,
    Quantity,
    byte_size,
    count,
    is_known,
    milliseconds,
    number,
    per_second,
    period,
)

MINUTE_S = 60.0
FIVE_MINUTES_S = 300.0
LONGEST_S = 86400.0
"""The longest `in` and `for`."""
_LONGEST_TEXT = 200
_LONGEST_WORD = 24


class Dimension(StrEnum):
    """What kind of number a value is."""

    TIME = "time"
    SHARE = "share"
    RATE = "rate"
    SIZE = "size"
    COUNT = "count"


class Window(StrEnum):
    """Which `in` a quantity takes."""

    NONE = "none"
    """It is what it is now."""
    RECENT = "1 min or 5 min"
    ANY = "any"
    """It is counted, over a time that must be said."""


class Measure(Struct, frozen=True):
    """What is known of a quantity."""

    help: str
    dimensions: tuple[Dimension, ...]
    window: Window = Window.NONE


_TIME = (Dimension.TIME,)
_COUNT = (Dimension.COUNT,)
_FAILURES = (Dimension.SHARE, Dimension.RATE, Dimension.COUNT)
_RECENT = Window.RECENT

OF_MODEL: Mapping[str, Measure] = MappingProxyType(
    {
        "p50": Measure("half of the requests were answered within", _TIME, _RECENT),
        "p90": Measure("90 % of the requests were answered within", _TIME, _RECENT),
        "p95": Measure("95 % of the requests were answered within", _TIME, _RECENT),
        "p99": Measure("99 % of the requests were answered within", _TIME, _RECENT),
        "mean": Measure("mean inference time", _TIME, _RECENT),
        "queue-time": Measure("mean time in the queue", _TIME, _RECENT),
        "errors": Measure("requests that ended with 400 or above", _FAILURES, _RECENT),
        "5xx": Measure("requests that ended with 500 or above", _FAILURES, _RECENT),
        "queue": Measure("requests in the queue", _COUNT),
        "rate": Measure("requests per second", (Dimension.RATE,), _RECENT),
        "restarts": Measure("times that its workers were restarted", _COUNT, Window.ANY),
        "ready": Measure("workers that are ready", _COUNT),
        "memory": Measure("memory of its workers together", (Dimension.SIZE,)),
        "busy": Measure("share of the time that its workers were busy", (Dimension.SHARE,)),
    }
)
"""What a limit on a model can be about."""
OF_SERIES: Mapping[str, Measure] = MappingProxyType(
    {
        "value": Measure("the value of a series, in its own unit", _COUNT),
        "rate": Measure("what a series grows by in a second", (Dimension.RATE,)),
    }
)
"""What a limit on a series of `/metrics` can be about."""
OF_RUN: Mapping[str, Measure] = MappingProxyType(
    {
        "p50": Measure("half of the requests were answered within", _TIME),
        "p90": Measure("90 % of the requests were answered within", _TIME),
        "p95": Measure("95 % of the requests were answered within", _TIME),
        "p99": Measure("99 % of the requests were answered within", _TIME),
        "mean": Measure("mean response time", _TIME),
        "max": Measure("longest response time", _TIME),
        "errors": Measure("requests that failed", _FAILURES),
        "rate": Measure("requests answered per second", (Dimension.RATE,)),
    }
)
"""What a run can be judged by."""


class _Unit(Struct, frozen=True):
    dimension: Dimension
    scale: float
    text: str
    """As it stands after a number."""


_UNITS = {
    "": _Unit(Dimension.COUNT, 1.0, ""),
    "us": _Unit(Dimension.TIME, 0.001, " us"),
    "µs": _Unit(Dimension.TIME, 0.001, " us"),
    "ms": _Unit(Dimension.TIME, 1.0, " ms"),
    "s": _Unit(Dimension.TIME, 1000.0, " s"),
    "%": _Unit(Dimension.SHARE, 0.01, " %"),
    "/s": _Unit(Dimension.RATE, 1.0, "/s"),
    "/min": _Unit(Dimension.RATE, 1 / 60, "/min"),
    "b": _Unit(Dimension.SIZE, 1.0, " B"),
    "kib": _Unit(Dimension.SIZE, KIB, " KiB"),
    "mib": _Unit(Dimension.SIZE, MIB, " MiB"),
    "gib": _Unit(Dimension.SIZE, GIB, " GiB"),
    "kb": _Unit(Dimension.SIZE, 1e3, " kB"),
    "mb": _Unit(Dimension.SIZE, 1e6, " MB"),
    "gb": _Unit(Dimension.SIZE, 1e9, " GB"),
}
_SAMPLE = {
    Dimension.TIME: "50 ms",
    Dimension.SHARE: "1 %",
    Dimension.RATE: "2/s",
    Dimension.SIZE: "2 GiB",
    Dimension.COUNT: "20",
}
"""A value of each dimension for a hint."""
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_WORDS = {"over": ">", "above": ">", "under": "<", "below": "<"}
_SECONDS = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"
_FORM = re.compile(
    rf"(?P<quantity>[a-z0-9][a-z0-9 _-]*?)\s*(?P<operator>[<>]=?|\b(?:over|above|under|below)\b)"
    rf"\s*(?P<amount>{_NUMBER})\s*(?P<unit>%|(?:requests)?/[a-z]+|(?!(?:in|for)\b)[a-zµ]*)(?P<rest>(?:\s.*)?)",
    re.DOTALL,
)
_CLAUSE = re.compile(rf"\s+(?P<word>in|for)\s+(?P<amount>{_NUMBER})\s*(?P<unit>[a-z]+)")
_DURATION = re.compile(rf"(?P<amount>{_NUMBER})\s*(?P<unit>[a-z]+)")


class BadCondition(Exception):
    """A text that is not a condition; `hint` says what would be."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint


class Condition(Struct, frozen=True):
    """A quantity, what it is compared with, and for how long."""

    quantity: str
    operator: str
    amount: float
    """In the unit that it was written in."""
    unit: str = ""
    window_s: float | None = None
    """What it is counted over; None where nothing was said."""
    for_s: float = 0.0
    """How long it must hold."""

    @property
    def dimension(self) -> Dimension:
        """What kind of number it is compared with."""
        return _UNITS[self.unit].dimension

    @property
    def value(self) -> float:
        """The number that it is compared with, in the base unit of its dimension."""
        return self.amount * _UNITS[self.unit].scale

    def holds(self, value: Quantity) -> bool | None:
        """Whether it does for a number in the base unit; None where there is no number."""
        return _OPERATORS[self.operator](value, self.value) if is_known(value) else None

    def shown(self, value: Quantity) -> str:
        """A number of the quantity in words: `61.2 ms`, `1.4 %`."""
        return number(value) if self.quantity == "value" else _SHOWN[self.dimension](value)

    @property
    def comparison(self) -> str:
        """Without its durations: `p95 > 50 ms`."""
        amount = f"{self.amount:.6f}".rstrip("0").rstrip(".")
        return f"{self.quantity} {self.operator} {amount}{_UNITS[self.unit].text}"

    def __str__(self) -> str:
        window = "" if self.window_s is None else f" in {period(self.window_s)}"
        held = f" for {period(self.for_s)}" if self.for_s else ""
        return f"{self.comparison}{window}{held}"


def _share(value: Quantity) -> str:
    return f"{number(value * 100)} %" if is_known(value) else number(value)


_SHOWN: Mapping[Dimension, Callable[[Quantity], str]] = {
    Dimension.TIME: milliseconds,
    Dimension.SHARE: _share,
    Dimension.RATE: per_second,
    Dimension.SIZE: byte_size,
    Dimension.COUNT: count,
}


def parse_condition(text: str, known: Mapping[str, Measure] = OF_MODEL) -> Condition:
    """Read a condition on one of the quantities that are known.

    Raises:
        BadCondition: it is not one.
    """
    words = text.strip().lower()
    found = _FORM.fullmatch(words) if len(words) <= _LONGEST_TEXT else None
    if found is None:
        raise BadCondition(f"{_quoted(text)} is not a condition", f"such as {_sample(known)}")
    name = re.sub(r"[ _]", "-", found["quantity"])
    if name not in known:
        raise _unknown_quantity(name, known)
    comparator = _WORDS.get(found["operator"], found["operator"])
    unit = _unit(found["unit"].removeprefix("requests"), name, comparator, known[name])
    durations = _durations(found["rest"], text)
    condition = Condition(
        name, comparator, float(found["amount"]), unit, durations.get("in"), durations.get("for", 0)
    )
    _check_window(condition, known[name])
    if condition.for_s and known is OF_RUN:
        raise BadCondition("a run is judged once, without `for`", f"use {condition.comparison}")
    return condition


def parse_limit(text: str) -> Condition:
    """Read a condition on a model, or one on a series.

    Raises:
        BadCondition: it is neither.
    """
    try:
        return parse_condition(text)
    except BadCondition:
        if text.strip().lower().startswith(tuple(OF_SERIES)):
            return parse_condition(text, OF_SERIES)
        raise


def parse_duration(text: str) -> float:
    """The seconds that `90 s`, `1 min` or `2h` mean, up to a day.

    Raises:
        BadCondition: it is not a length of time.
    """
    found = _DURATION.fullmatch(text.strip().lower()) if len(text) <= _LONGEST_TEXT else None
    if found is None:
        raise BadCondition(f"{_quoted(text)} is not a length of time", "such as 90 s or 5 min")
    return _seconds(found)


def _durations(rest: str, text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    at = 0
    while clause := _CLAUSE.match(rest, at):
        if clause["word"] in found:
            raise BadCondition(f"{_quoted(text)} has `{clause['word']}` twice")
        found[clause["word"]] = _seconds(clause)
        at = clause.end()
    if rest[at:].strip():
        problem = f"{_quoted(rest[at:].strip())} at the end of the condition is not understood"
        raise BadCondition(problem, "after the value come `in 10 min` and `for 1 min`")
    return found


def _seconds(found: re.Match[str]) -> float:
    scale = _SECONDS.get(found["unit"])
    if scale is None:
        raise BadCondition(f"{_quoted(found['unit'])} is not a unit of time", "use s, min or h")
    seconds = float(found["amount"]) * scale
    if not 0 < seconds <= LONGEST_S:
        raise BadCondition(f"{_quoted(found[0].strip())} is too short or too long", "up to 24 h")
    return seconds


def _unit(unit: str, name: str, comparator: str, measure: Measure) -> str:
    unit = "us" if unit == "µs" else unit
    known = _UNITS.get(unit)
    if known is not None and known.dimension in measure.dimensions:
        return unit
    amounts = " or ".join(f"{name} {comparator} {_SAMPLE[each]}" for each in measure.dimensions)
    problem = f"{_quoted(unit)} is not a unit of {name}" if unit else f"{name} needs a unit"
    raise BadCondition(problem, f"such as {amounts}")


def _check_window(condition: Condition, measure: Measure) -> None:
    """See that what is counted says over which time, and what is not does not."""
    window = condition.window_s
    if window is None:
        counts = condition.dimension is Dimension.COUNT
        if measure.window is Window.ANY or (counts and measure.window is Window.RECENT):
            hint = f"such as {condition.comparison} in 5 min"
            raise BadCondition(f"{condition.quantity} is counted over a time, with `in`", hint)
    elif measure.window is Window.NONE:
        hint = f"use {condition.comparison} without `in`"
        raise BadCondition(f"{condition.quantity} is not counted over a time", hint)
    elif measure.window is Window.RECENT and window not in (MINUTE_S, FIVE_MINUTES_S):
        raise BadCondition(
            f"{condition.quantity} is known over {measure.window}", "use one of them"
        )


def _unknown_quantity(name: str, known: Mapping[str, Measure]) -> BadCondition:
    near = get_close_matches(name[:_LONGEST_WORD], list(known), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
    return BadCondition(f"{_quoted(name)} is not a quantity", hint)


def _sample(known: Mapping[str, Measure]) -> str:
    return "p95 > 50 ms" if known is OF_RUN else "p95 > 50 ms for 1 min"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_TEXT // 3 else f"{text[: _LONGEST_TEXT // 3]}…")
