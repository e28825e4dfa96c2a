"""What an experiment measures, and that the model is afterwards what it was before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from tests.fake.archives import Loading
from tests.fake.faults import Hold
from tests.fake.grpc_front import grpc_front
from tests.fake.loopback import Loopback
from tsmon.digits.images import DigitImage
from tsmon.load.experiment import restoring
from tsmon.load.experiment.experiment import Experiment
from tsmon.load.experiment.plan import ExperimentPlan, Load, Protocol
from tsmon.load.experiment.result import measured_points
from tsmon.load.experiment.steps import ExperimentStep, Stage
from tsmon.load.experiment.subject import NotReached, NotSettled
from tsmon.load.experiment.table import GRPC_WORDS, footnotes, result_columns
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import ApiError, InvalidArgument, NotFound, ReadOnly
from tsmon.torchserve.grpc.client import GrpcTorchServe

Images = tuple[DigitImage, ...]
BEFORE = 3
REGISTERING = {"batch_sizes": (2,), "batch_delays_ms": (7,)}


def _plan(images: Images, **values: object) -> ExperimentPlan:
    given: dict[str, object] = {
        "model": "mnist",
        "payloads": images,
        "worker_counts": (1, 2),
        "load": Load((3, 2)),
        "warm_up": 2,
        "seed": 1,
    }
    return ExperimentPlan(**(given | values))  # type: ignore[arg-type]


def _ignore(step: ExperimentStep) -> None:
    """Nobody listens."""


def _on(stage: Stage, do: Callable[[], object]) -> Callable[[ExperimentStep], None]:
    """Does something once, at the first step of a stage."""
    todo = [do]

    def show(step: ExperimentStep) -> None:
        if step.stage is stage and todo:
            todo.pop()()

    return show


def _assert_as_before(server: Loopback, version: str = "1.0") -> None:
    described = server.fake.version("mnist", version)
    assert len(described.workers) == BEFORE
    assert (described.min_workers, described.max_workers) == (BEFORE, BEFORE)
    entry = described.describe(at_startup=False)
    assert (entry["batchSize"], entry["maxBatchDelay"]) == (1, 100)
    assert server.fake.registry.models["mnist"].default == "1.0"


async def test_each_setting_is_measured_by_the_difference_of_the_counters(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    server.fake.serve("mnist", n=1000, inference_ms=900, queue_ms=800)  # long before
    steps: list[ExperimentStep] = []

    result = await Experiment(client, _plan(images)).run(steps.append)

    assert [each.workers for each in result.measurements] == [1, 2]
    for each in result.measurements:
        assert (each.sent, each.answered, each.errors, each.foreign) == (5, 5, 0, 0)
        assert (each.inference_ms, each.queue_ms) == pytest.approx((5.0, 0.5))
        assert each.service_ms == pytest.approx(4.5)
        assert each.p50_ms is not None
        assert each.p95_ms is not None
        assert each.p50_ms <= each.p95_ms
        assert each.throughput is not None
        assert each.throughput == pytest.approx(5 / each.seconds)
    assert result.complete
    assert not result.notes
    _assert_as_before(server)
    assert {step.stage for step in steps} == set(Stage)


async def test_the_same_images_are_sent_at_every_setting_after_the_warm_up(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    await Experiment(client, _plan(images, load=Load((4,)), warm_up=0)).run(_ignore)

    bodies = [
        request.content
        for request in server.fake.requests
        if request.url.path.startswith("/predictions")
    ]
    assert len(bodies) == 8
    assert bodies[:4] == bodies[4:]


@pytest.mark.parametrize("registering", [{}, REGISTERING], ids=["scaling", "re-registering"])
@pytest.mark.parametrize("stage", list(Stage))
async def test_a_cancellation_at_any_stage_restores_the_model(
    server: Loopback,
    client: TorchServe,
    images: Images,
    stage: Stage,
    registering: dict[str, object],
) -> None:
    experiment = Experiment(client, _plan(images, **registering))
    show = _on(stage, lambda: work.cancel())
    work = asyncio.ensure_future(experiment.run(show))

    with pytest.raises(asyncio.CancelledError):
        await work

    _assert_as_before(server)
    assert experiment.restoration is not None
    assert experiment.restoration.done
    assert experiment.result.complete == (stage is Stage.RESTORING)


@pytest.mark.parametrize("registering", [{}, REGISTERING], ids=["scaling", "re-registering"])
@pytest.mark.parametrize("stage", [each for each in Stage if each is not Stage.RESTORING])
async def test_an_error_of_the_server_at_any_stage_restores_the_model(
    server: Loopback,
    client: TorchServe,
    images: Images,
    stage: Stage,
    registering: dict[str, object],
) -> None:
    def break_down() -> None:
        server.fake.fail("/models", httpx.Response(500, json={"code": 500}), times=1)

    experiment = Experiment(client, _plan(images, **registering))
    with pytest.raises(ApiError):
        await experiment.run(_on(stage, break_down))

    _assert_as_before(server)
    assert experiment.restoration is not None
    assert experiment.restoration.done


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_listener_that_fails_at_any_stage_keeps_nobody_from_restoring(
    server: Loopback, client: TorchServe, images: Images, stage: Stage
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Experiment(client, _plan(images)).run(_on(stage, fail))

    _assert_as_before(server)


async def test_a_second_cancellation_does_not_shorten_the_restoring(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    holds: list[Hold] = []
    restoring = asyncio.Event()

    def show(step: ExperimentStep) -> None:
        if step.stage is Stage.SENDING:
            work.cancel()
        if step.stage is Stage.RESTORING:
            holds.append(server.fake.hold("/models"))
            restoring.set()

    work = asyncio.ensure_future(Experiment(client, _plan(images)).run(show))
    await restoring.wait()
    (slow,) = holds
    await slow.arrival()
    work.cancel()
    await asyncio.sleep(0)
    assert not work.done()
    slow.release()

    with pytest.raises(asyncio.CancelledError):
        await work

    _assert_as_before(server)


async def test_an_error_that_passes_while_restoring_is_tried_again(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    def break_down() -> None:
        server.fake.fail("/models", httpx.Response(500, json={"code": 500}), times=2)

    experiment = Experiment(client, _plan(images))
    await experiment.run(_on(Stage.RESTORING, break_down))

    _assert_as_before(server)


async def test_what_cannot_be_restored_is_said_with_what_to_do(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    experiment = Experiment(client, _plan(images))
    result = await experiment.run(_on(Stage.RESTORING, server.fake.kill))

    assert result.complete
    left = experiment.restoration
    assert left is not None
    assert not left.done
    assert "could not be restored to 3 workers" in left.message
    assert left.remedy == "`tsmon scale mnist 3 --model-version 1.0`"


async def test_restoring_ends_after_a_bounded_time(
    server: Loopback, client: TorchServe, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "RESTORE_S", 0.1)
    experiment = Experiment(client, _plan(images))
    await experiment.run(_on(Stage.RESTORING, lambda: server.fake.hold("/models")))
    server.fake.heal()

    assert experiment.restoration is not None
    assert "it took more than 0.1 s" in experiment.restoration.message


async def test_a_model_that_somebody_else_removed_is_not_registered_again(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    experiment = Experiment(client, _plan(images))
    removed = server.fake.version("mnist")
    with pytest.raises(NotFound):
        await experiment.run(_on(Stage.READING, lambda: server.fake.registry.remove(removed)))

    assert experiment.restoration is not None
    assert "no longer registered" in experiment.restoration.message
    assert not server.fake.registry.models


@pytest.mark.parametrize("stage", [Stage.STARTING, Stage.SENDING])
async def test_what_somebody_else_scales_meanwhile_ends_it_and_stays(
    server: Loopback, client: TorchServe, images: Images, stage: Stage
) -> None:
    experiment = Experiment(client, _plan(images))

    def scale() -> None:
        server.fake.registry.scale(server.fake.version("mnist"), 7, 7)

    with pytest.raises(NotReached, match="someone else scaled it to 7"):
        await experiment.run(_on(stage, scale))

    assert server.fake.version("mnist").min_workers == 7
    assert experiment.restoration is not None
    assert not experiment.restoration.done
    assert "is left unchanged: someone else scaled it to 7" in experiment.restoration.message
    assert experiment.restoration.remedy == "`tsmon scale mnist 3 --model-version 1.0`"


async def test_workers_that_do_not_come_up_end_it(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    server.fake.version("mnist").archive.loading = Loading.DIES
    with pytest.raises(NotReached, match="keeps dying"):
        await Experiment(client, _plan(images, worker_counts=(4,))).run(_ignore)

    _assert_as_before(server)


async def test_limits_that_leave_room_are_restored(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    await client.management.scale("mnist", 1, max_workers=5)

    await Experiment(client, _plan(images)).run(_ignore)

    version = server.fake.version("mnist")
    limits = (version.min_workers, len(version.workers), version.max_workers)
    assert limits == (1, BEFORE, 5)


async def test_batch_sizes_and_delays_are_varied_and_put_back(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    plan = _plan(images, worker_counts=(2,), batch_sizes=(1, 8), batch_delays_ms=(5,))
    experiment = Experiment(client, plan)
    outlook = await experiment.look()

    result = await experiment.run(_ignore)

    assert "unregistered and registered again from mnist-1.0.mar each time" in outlook[1]
    assert [(each.batch_size, each.max_batch_delay_ms) for each in result.measurements] == [
        (1, 5),
        (8, 5),
    ]
    _assert_as_before(server)


async def test_the_default_version_is_the_default_one_again(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    server.fake.load("mnist", "2.0")
    experiment = Experiment(client, _plan(images, batch_sizes=(4,)))
    outlook = await experiment.look()

    result = await experiment.run(_ignore)

    assert "version 2.0 is the default during that time" in outlook[2]
    assert [each.inference_ms for each in result.measurements] == pytest.approx([5.0, 5.0])
    assert set(server.fake.sent("POST", "/predictions")) == {"POST /predictions/mnist/1.0"}
    _assert_as_before(server)


async def test_requests_of_others_are_noticed(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    disturb = _on(Stage.SENDING, lambda: server.fake.serve("mnist", "1.0", n=7))

    result = await Experiment(client, _plan(images)).run(disturb)

    assert [each.foreign for each in result.measurements] == [7, 0]
    assert "1 worker: 7 requests from other clients" in result.notes[0]


async def test_a_server_without_counters_leaves_those_figures_out(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    server.fake.metrics_mode = "log"

    result = await Experiment(client, _plan(images)).run(_ignore)

    first = result.measurements[0]
    assert (first.inference_ms, first.queue_ms, first.missing) == (None, None, "no counters")
    assert first.p95_ms is not None
    assert "no counters" in result.notes[0]


async def test_a_restart_of_the_server_in_between_is_no_measurement(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    def reset() -> None:
        server.fake.counters.__init__()  # type: ignore[misc]

    server.fake.serve("mnist", n=100)
    result = await Experiment(client, _plan(images)).run(_on(Stage.SENDING, reset))

    assert result.measurements[0].missing == "server restarted"
    assert result.measurements[1].inference_ms == pytest.approx(5.0)


async def test_failed_requests_are_counted_and_noted(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    def raises(body: bytes) -> int:
        raise ValueError

    server.fake.version("mnist").archive.digit = raises
    result = await Experiment(client, _plan(images, warm_up=0)).run(_ignore)

    assert [each.errors for each in result.measurements] == [5, 5]
    assert "5 requests failed: Prediction failed" in result.notes[0]


async def test_a_run_by_rate_sends_for_its_time(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    load = Load(rate=100, duration_s=0.2, poisson=True)
    plan = _plan(images, worker_counts=(1,), load=load)

    (measured,) = (await Experiment(client, plan).run(_ignore)).measurements

    assert 0 < measured.answered == measured.sent


async def test_it_does_not_begin_with_workers_that_are_not_ready(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    server.fake.crash("mnist")
    with pytest.raises(NotSettled, match="0 of 3 workers of mnist are ready"):
        await Experiment(client, _plan(images)).look()


async def test_it_changes_nothing_in_a_read_only_session(server: Loopback, images: Images) -> None:
    async with server.fake.client(read_only=True) as client:
        with pytest.raises(ReadOnly):
            await Experiment(client, _plan(images)).run(_ignore)
    assert not server.fake.sent("PUT")


async def test_batch_sizes_need_the_model_api(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    server.fake.model_api = False
    with pytest.raises(InvalidArgument, match="model API"):
        await Experiment(client, _plan(images, batch_sizes=(2,))).look()


async def test_protocols_are_compared_at_each_setting(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    plan = _plan(images, protocols=(Protocol.HTTP, Protocol.GRPC), warm_up=0)
    with pytest.raises(InvalidArgument):
        Experiment(client, plan)
    calls: list[str] = []

    async def look(call: str, _context: object) -> None:
        calls.append(call)

    async with grpc_front(server.fake) as (front, addresses), GrpcTorchServe(addresses) as grpc:
        front.before = look
        result = await Experiment(client, plan, over_grpc=grpc).run(_ignore)

    shown = [(each.workers, each.protocol, each.answered) for each in result.measurements]
    assert shown == [(1, "http", 5), (1, "grpc", 5), (2, "http", 5), (2, "grpc", 5)]
    assert calls.count("Predictions") == 10
    assert "OVER" in [column.title for column in result_columns(result)]
    assert footnotes(result) == [GRPC_WORDS]
    assert {point.workers for point in measured_points(result)} == {1, 2}
    assert len(measured_points(result)) == 2
