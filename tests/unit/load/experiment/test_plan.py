"""What a plan leads to, and which are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.digits.images import DigitImage
from tsmon.load.experiment.plan import ExperimentPlan, Load, Variation
from tsmon.payloads.payload import PayloadError
from tsmon.payloads.request_form import RequestForm, Template
from tsmon.torchserve.errors import InvalidArgument

IMAGES = tuple(DigitImage(Path(f"{n}.png"), str(n)) for n in range(10))


def _plan(**values: object) -> ExperimentPlan:
    given: dict[str, object] = {"model": "mnist", "payloads": IMAGES}
    return ExperimentPlan(**(given | values))  # type: ignore[arg-type]


def test_without_more_it_is_the_walkthroughs() -> None:
    plan = _plan()

    assert plan.settings == (Variation(1), Variation(2), Variation(4))
    assert [run.count for run in plan.runs()] == [10, 10, 10, 50]
    assert {run.connections for run in plan.runs()} == {1}
    assert plan.requests == 80
    assert not plan.registers


def test_what_needs_a_registration_changes_least_often() -> None:
    plan = _plan(worker_counts=(1, 2), batch_sizes=(1, 8), batch_delays_ms=(5,))

    assert plan.registers
    assert plan.settings == (
        Variation(1, 1, 5),
        Variation(2, 1, 5),
        Variation(1, 8, 5),
        Variation(2, 8, 5),
    )


def test_a_seed_picks_the_same_images_and_another_one_others() -> None:
    picked = [[run.payloads for run in _plan(seed=seed).runs()] for seed in (1, 1, 2)]

    assert picked[0] == picked[1] != picked[2]


def test_a_rate_is_one_run_for_a_time() -> None:
    plan = _plan(load=Load(rate=20, duration_s=5, poisson=True, concurrency=7), seed=3)
    (run,) = plan.runs()

    assert (run.rate, run.duration_s, run.poisson, run.connections) == (20, 5, True, 7)
    assert run.seed == 3
    assert plan.requests == 100
    assert _plan(load=Load(duration_s=5)).requests is None


def test_each_worker_is_warmed_up() -> None:
    warm_up = _plan(warm_up=5).warm_up_run(4)

    assert warm_up is not None
    assert (warm_up.count, warm_up.connections) == (20, 4)
    assert _plan(warm_up=0).warm_up_run(4) is None


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (Load(), "batches of 10, 10, 10, 50"),
        (Load((5,), 2), "batches of 5, 2 at a time"),
        (Load(rate=20, duration_s=5), "20 requests/s for 5 s"),
        (Load(rate=20, duration_s=5, poisson=True), "20 requests/s at random times for 5 s"),
        (Load(duration_s=5, concurrency=3), "5 s, 3 at a time"),
        (Load(duration_s=5), "5 s, 1 at a time"),
    ],
)
def test_a_load_in_words(load: Load, words: str) -> None:
    assert str(load) == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"worker_counts": ()}, "no worker counts"),
        ({"worker_counts": (1, 0)}, "a worker count of 0"),
        ({"worker_counts": (65,)}, "a worker count of 65"),
        ({"load": Load(())}, "no batches"),
        ({"load": Load((0,))}, "a batch of 0"),
        ({"load": Load(rate=5)}, "a rate needs a duration"),
        ({"load": Load(rate=-5, duration_s=1)}, "a rate of -5"),
        ({"load": Load(poisson=True, duration_s=1)}, "has no arrival times"),
        ({"load": Load(duration_s=-1)}, "a duration of -1"),
        ({"load": Load(concurrency=0)}, "a concurrency of 0"),
        ({"batch_sizes": (0,)}, "a batch size of 0"),
        ({"batch_delays_ms": (-1,)}, "a batch delay of -1"),
        ({"warm_up": -1}, "a warm-up of -1"),
        ({"payloads": ()}, "nothing to send"),
    ],
)
def test_what_is_no_plan(values: dict[str, object], words: str) -> None:
    with pytest.raises((InvalidArgument, PayloadError), match=words):
        _plan(**values)


def test_every_run_sends_in_the_form_and_reads_the_answers_alike() -> None:
    form = RequestForm(template=Template.KSERVE_V1)
    for load in (Load(), Load(duration_s=1.0)):
        plan = _plan(form=form, answer_path="a.b", load=load)
        runs = [*plan.runs(), plan.warm_up_run(2)]
        assert all(run and (run.form, run.answer_path) == (form, "a.b") for run in runs)


def test_a_version_that_the_form_cannot_name_is_refused_before_anything_changes() -> None:
    plan = _plan(form=RequestForm(template=Template.KSERVE_V1))

    with pytest.raises(InvalidArgument, match="have no version"):
        plan.naming("1.0")
