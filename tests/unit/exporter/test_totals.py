"""What is added up from look to look never falls, and every request is some version's."""

from __future__ import annotations

from array import array
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.telemetry.limits.ticks import model, tick
from tsmon.exporter.totals import GONE_KEPT_S, MOST_AT_ZERO, NO_MODEL, Adding
from tsmon.telemetry.logs.request_report import RequestPhase, Samples, TimesKey
from tsmon.telemetry.logs.request_tally import NOTHING, TALLIED, RequestTally, Tallied
from tsmon.telemetry.snapshot import MetricsStatus, ModelKey, ServerStatus, Snapshot
from tsmon.torchserve.records import ModelVersion

ONE, TWO = ModelKey("mnist", "1.0"), ModelKey("mnist", "2.0")
READABLE = MetricsStatus(log_folder=Path("logs"))
_NAMES = st.sampled_from(
    [TimesKey(*ONE), TimesKey(*TWO), TimesKey("mnist", ""), TimesKey("", ""), TimesKey("x", "")]
)
_STEPS = st.lists(
    st.tuples(
        st.sets(st.sampled_from([ONE, TWO])),
        st.sampled_from([ONE, TWO]),
        st.dictionaries(_NAMES, st.lists(st.integers(0, 10**10), max_size=5), max_size=4),
    ),
    max_size=12,
)


def look(seconds: float, *keys: ModelKey, default: ModelKey = ONE) -> Snapshot:
    """A server that has these versions, and logs that can be read."""
    models = [
        replace(model(), described=ModelVersion(*key), is_default=key == default) for key in keys
    ]
    return replace(tick(seconds, *models), metrics=READABLE)


def requests(*nanoseconds: int, status: int = 200) -> Samples:
    samples = Samples(queue=array("d", nanoseconds))
    samples.statuses[status] = len(nanoseconds)
    return samples


@given(_STEPS)
def test_no_bucket_sum_or_count_falls_and_no_request_is_lost(
    steps: list[tuple[set[ModelKey], ModelKey, dict[TimesKey, list[int]]]],
) -> None:
    tally, sent = RequestTally(), 0
    adding, before = Adding(tally), dict[ModelKey, Tallied]()
    for n, (keys, default, found) in enumerate(steps):
        tally.add({name: requests(*times) for name, times in found.items()})
        sent += sum(map(len, found.values()))
        after = dict(adding.take(look(5 * n, *keys, default=default)).requests)
        assert all(_grew(was, after[key]) for key, was in before.items())
        assert sum(each.statuses.total() for each in after.values()) == sent
        before = after


def _grew(before: Tallied, after: Tallied) -> bool:
    pairs = [(before.times[phase], after.times[phase]) for phase in TALLIED]
    return all(
        was.units <= now.units
        and all(a <= b for a, b in zip(was.cumulative, now.cumulative, strict=True))
        for was, now in pairs
    )


def test_a_version_is_at_zero_before_its_first_request() -> None:
    totals = Adding(RequestTally()).take(look(0, ONE))

    assert totals.requests == {ONE: NOTHING}
    assert totals.restarts == {ONE: 0}


def test_among_very_many_versions_only_those_with_requests_are_exported() -> None:
    tally = RequestTally()
    keys = [ModelKey(f"m{n}", "1.0") for n in range(MOST_AT_ZERO + 1)]
    tally.add({TimesKey("m7", "1.0"): requests(5)})

    assert set(Adding(tally).take(look(0, *keys)).requests) == {ModelKey("m7", "1.0")}


def test_without_logs_no_request_is_not_known_to_be_none() -> None:
    totals = Adding(RequestTally()).take(replace(look(0, ONE), metrics=MetricsStatus()))

    assert totals.requests == {}
    assert totals.deaths == {}


def test_requests_without_a_version_stay_with_the_default_of_their_time() -> None:
    tally = RequestTally()
    adding = Adding(tally)
    refused = {TimesKey("mnist", ""): requests(5, status=503)}
    tally.add(refused)
    adding.take(look(0, ONE, TWO, default=ONE))
    tally.add(refused)
    totals = adding.take(look(5, ONE, TWO, default=TWO))

    assert {key: each.statuses for key, each in totals.requests.items()} == {
        ONE: Counter({503: 1}),
        TWO: Counter({503: 1}),
    }


def test_names_out_of_requests_become_no_labels() -> None:
    tally = RequestTally()
    tally.add({TimesKey(f"guess{n}", ""): requests(5, status=404) for n in range(50)})
    totals = Adding(tally).take(look(0, ONE))

    assert set(totals.requests) == {ONE, NO_MODEL}
    assert totals.requests[NO_MODEL].statuses == {404: 50}


def test_requests_wait_until_it_is_known_what_is_registered() -> None:
    tally = RequestTally()
    adding = Adding(tally)
    tally.add({TimesKey(*ONE): requests(5)})

    unknown = Snapshot(look(0).at, ServerStatus("host"))
    assert adding.take(unknown).requests == {}
    assert adding.take(look(5, ONE)).requests[ONE].times[RequestPhase.QUEUE].units == 5


def test_a_version_is_exported_for_some_time_after_it_is_gone() -> None:
    tally = RequestTally()
    adding = Adding(tally)
    adding.take(look(0, ONE, TWO))
    tally.add({TimesKey(*ONE): requests(5)})

    late = adding.take(look(GONE_KEPT_S, TWO))
    assert late.requests[ONE].statuses == {200: 1}

    over = adding.take(look(GONE_KEPT_S + 1, TWO))
    assert set(over.requests) == set(over.restarts) == set(over.deaths) == {TWO}
