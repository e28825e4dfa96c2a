"""How the targets of a Prometheus server differ: a target is its whole label set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

FIRST = ("instance", "job")
"""The labels that a target is known by wherever they are enough."""


def distinguishing(targets: Collection[Mapping[str, str]]) -> tuple[str, ...]:
    """The fewest labels found in which no two targets agree, `instance` always the first.

    Sums that are grouped by them are sums of one target each, and have no label more than that.
    """
    chosen: tuple[str, ...] = FIRST[:1]
    names = sorted({name for labels in targets for name in labels} - set(chosen))
    names.sort(key=lambda name: name not in FIRST)
    there = _different(targets, (*chosen, *names))
    while (found := _different(targets, chosen)) < there:
        best = max(names, key=lambda name: _different(targets, (*chosen, name)))
        if _different(targets, (*chosen, best)) == found:
            return (*chosen, *names)
        chosen = (*chosen, best)
        names.remove(best)
    return chosen


def values_of(labels: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    """The values of these labels; that of one that is not there is empty, as in PromQL."""
    return tuple([labels.get(name, "") for name in names])


def names_of(targets: Sequence[Mapping[str, str]]) -> list[str]:
    """What a person calls each: its pod, else its instance, and more only where that is needed."""
    names = [_name(labels) for labels in targets]
    if len(set(names)) == len(names):
        return names
    more = distinguishing(targets)[1:]
    return [
        "/".join(filter(None, (*values_of(labels, more), name)))
        for labels, name in zip(targets, names, strict=True)
    ]


def _name(labels: Mapping[str, str]) -> str:
    if pod := labels.get("pod"):
        return "/".join(filter(None, (labels.get("namespace"), pod)))
    return labels.get("instance", "")


def _different(targets: Collection[Mapping[str, str]], names: tuple[str, ...]) -> int:
    return len({values_of(labels, names) for labels in targets})
