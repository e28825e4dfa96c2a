"""Which events are given on, and how often."""

from __future__ import annotations

from tests.unit.notify.records import event
from tests.unit.telemetry.limits.ticks import at
from tsmon.config.schema import NotifySettings
from tsmon.notify.notifier import MOST, SPAN_S, Notifier, notifier_of
from tsmon.telemetry.events import Event, EventKind, EventLog

KINDS = ("limit exceeded", "limit cleared")


def test_only_the_kinds_that_were_asked_for_are_given_on_once_each() -> None:
    shown: list[str] = []
    notifier, log = Notifier(KINDS, shown.append, shown.append), EventLog()
    log.add(Event(at(0), EventKind.WORKER_DIED, "mnist 1.0 worker 9000", "killed"))
    log.add(event())
    for _ in range(2):
        notifier.follow(log, "host")
    log.add(event("again"))
    notifier.follow(log, "host")

    assert shown == [
        "limit exceeded: mnist 1.0, a: queue 30 (queue > 20)",
        "limit exceeded: mnist 1.0, again",
    ]


def test_of_another_server_all_is_new() -> None:
    shown: list[str] = []
    notifier = Notifier(KINDS, shown.append, shown.append)
    for text in ("a", "b"):
        log = EventLog()
        log.add(event(text))
        notifier.follow(log, "host")

    assert [each[-1] for each in shown] == ["a", "b"]


async def test_more_than_so_many_a_minute_are_counted_and_said() -> None:
    now, said, shown = 0.0, list[str](), list[str]()
    notifier = Notifier(KINDS, said.append, shown.append, clock=lambda: now)
    log = EventLog()
    for number in range(MOST + 5):
        log.add(event(str(number)))
    notifier.follow(log, "host")
    assert len(shown) == MOST
    assert said == [f"more than {MOST} events in a minute; the rest of them is not reported"]

    now += SPAN_S
    log.add(event("later"))
    notifier.follow(log, "host")
    assert shown[-1].endswith("later")

    await notifier.close(0.0)
    assert said[1:] == [f"5 events were not reported: more than {MOST} a minute"]


def test_the_same_problem_is_said_once_a_minute() -> None:
    now, said = 0.0, list[str]()
    notifier = Notifier(KINDS, said.append, clock=lambda: now)
    for seconds in (0, 30, 61):
        now = float(seconds)
        notifier.report("hook: answered 500")

    assert len(said) == 2


def test_without_a_word_in_the_settings_there_is_none() -> None:
    assert notifier_of(NotifySettings(), print) is None
