"""What a scrape is answered: every metric of the page, and nothing that is not known."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from tests.fake import FakeTorchServe
from tests.unit.telemetry.limits.ticks import at, model, tick
from tsmon.exporter.collector import Look, ServerCollector
from tsmon.exporter.exporter import Exporter
from tsmon.exporter.metrics import METRICS
from tsmon.logs.files import TS_LOG
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.logs.request_tally import RequestTally
from tsmon.telemetry.snapshot import ProcessUsage, ServerState, Snapshot
from tsmon.torchserve.records import JobQueue, ModelVersion

PAGE = (Path(__file__).parents[3] / "docs" / "exporter.md").read_text("utf-8")
LINES = (
    b"2026-11-22T13:45:34,211 [INFO ] W-9000-mnist_1.0 ACCESS_LOG - "
    b'/127.0.0.1:49344 "POST /predictions/mnist HTTP/1.1" 200 4\n'
    b"2026-11-22T13:45:34,211 [INFO ] W-9000-mnist_1.0 ACCESS_LOG - "
    b'/127.0.0.1:49344 "POST /predictions/mnist HTTP/1.1" 503 4\n'
    b"2026-11-22T13:45:34,211 [DEBUG] W-9000-mnist_1.0 org.pytorch.serve.job.RestJob - "
    b"Waiting time ns: 131101, Backend time ns: 3663585\n"
)


def families(exposition: bytes) -> dict[str, Family]:
    """By the names that the page has for them."""
    found = text_string_to_metric_families(exposition.decode())
    return {f"{each.name}_total" if each.type == "counter" else each.name: each for each in found}


def exposed(snapshot: Snapshot, patience_s: float = 15.0) -> dict[str, Family]:
    registry = CollectorRegistry()
    registry.register(ServerCollector(lambda: Look(snapshot, patience_s)))
    return families(generate_latest(registry))


def value(family: Family, **labels: str) -> float:
    (found,) = [each.value for each in family.samples if labels.items() <= {**each.labels}.items()]
    return found


def now_tick(**changes: object) -> Snapshot:
    """A tick of this moment, with everything a worker can show."""
    status = model(3)
    worker = replace(status.workers[0], process=ProcessUsage(7_000, 5.0, 1.0, 2.5))
    described = ModelVersion(
        "mnist", "1.0", min_workers=1, max_workers=2, queue=JobQueue(3, 97), batch_size=1
    )
    status = replace(status, described=described, workers=(worker,))
    snapshot = tick(0, status)
    moment = Instant.now()
    server = replace(snapshot.server, last_answer=moment, version="0.12.0")
    return replace(snapshot, at=moment, server=server, **changes)


@pytest.fixture
async def exporter(tmp_path: Path) -> AsyncIterator[Exporter]:
    """After two looks at a fake server, between which requests were logged."""
    server = FakeTorchServe(key_file=tmp_path / "key_file.json")
    server.load("mnist", "1.0")
    log = tmp_path / TS_LOG
    log.touch()
    tally = RequestTally()
    async with server.client() as client:
        exporter = Exporter(LiveSource(client, tmp_path, tally=tally), tally, 0.2)
        looks = exporter.looks()
        await anext(looks)
        with log.open("ab") as more:
            more.write(LINES)
        await anext(looks)
        yield exporter


async def test_requests_of_the_log_are_counted_by_version(exporter: Exporter) -> None:
    found = families(exporter.exposition)
    mnist = {"model_name": "mnist", "model_version": "1.0"}

    assert value(found["tsmon_requests_total"], **mnist, code="200") == 1
    assert value(found["tsmon_requests_total"], **mnist, code="503") == 1
    queue = {each.name: each.value for each in found["tsmon_request_queue_seconds"].samples}
    assert queue["tsmon_request_queue_seconds_count"] == 1
    assert queue["tsmon_request_queue_seconds_sum"] == pytest.approx(131101e-9)
    assert value(found["tsmon_request_queue_seconds"], **mnist, le="0.0001") == 0
    assert value(found["tsmon_request_queue_seconds"], **mnist, le="0.00025") == 1
    backend = found["tsmon_request_backend_seconds"]
    assert value(backend, **mnist, le="0.0035") == 0
    assert value(backend, **mnist, le="0.005") == 1


async def test_all_that_is_on_the_page_is_exported_and_the_other_way_round(
    exporter: Exporter,
) -> None:
    rows = re.findall(r"^\| `(tsmon_\w+)` \| (\w+) \|([^|]*)\|", PAGE, re.MULTILINE)
    page = {name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    exported = families(exporter.exposition)

    assert page == {each.name: (each.kind.value, each.labels) for each in METRICS}
    ours = {name: each for name, each in exported.items() if name.startswith("tsmon_")}
    assert ours.keys() == page.keys()
    for name, family in ours.items():
        assert family.type == page[name][0], name
        for sample in family.samples:
            assert sample.labels.keys() - {"le"} == set(page[name][1]), name


async def test_prometheus_own_check_has_nothing_to_say(exporter: Exporter) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no `promtool` on PATH; Debian and Ubuntu: apt-get install prometheus")
    checked = await asyncio.to_thread(
        subprocess.run,
        [promtool, "check", "metrics"],
        input=exporter.exposition,
        capture_output=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_every_value_that_is_known_has_a_sample() -> None:
    empty = {name for name, family in exposed(now_tick()).items() if not family.samples}

    not_there = {"token", "request", "worker_restarts", "worker_deaths", "look_duration"}
    assert all(any(part in name for part in not_there) for name in empty), empty


def test_states_are_a_set_of_which_one_is_1() -> None:
    found = exposed(now_tick())

    for name in ("tsmon_server_state", "tsmon_model_verdict"):
        values = sorted(each.value for each in found[name].samples)
        assert values[-2:] == [0, 1]
    assert value(found["tsmon_server_state"], state="up") == 1
    assert value(found["tsmon_model_workers"], state="ready") == 1
    assert value(found["tsmon_model_workers"], state="given_up") == 0


@pytest.mark.parametrize("state", [state for state in ServerState if state is not ServerState.UP])
def test_a_server_that_does_not_answer_has_no_figures_that_are_0(state: ServerState) -> None:
    away = now_tick()
    away = replace(away, server=replace(away.server, state=state))
    found = exposed(away)

    of_models = [name for name in found if "model_" in name or "queue" in name]
    assert of_models
    assert not [name for name in of_models if found[name].samples]
    assert not found["tsmon_worker_resident_memory_bytes"].samples
    up = [each.value for each in found["tsmon_server_up"].samples]
    assert up == ([] if state is ServerState.CONNECTING else [0])


def test_an_old_look_is_not_the_present() -> None:
    found = exposed(replace(now_tick(), server=replace(now_tick().server, last_answer=at(-5000))))

    assert value(found["tsmon_server_up"]) == 0
    assert value(found["tsmon_server_state"], state="stale") == 1
    assert value(found["tsmon_look_age_seconds"], part="models") > 15
    assert not found["tsmon_queue_length"].samples


def test_what_describe_did_not_say_is_absent() -> None:
    snapshot = now_tick()
    (status,) = snapshot.models
    bare = replace(status, described=ModelVersion("mnist", "1.0", unread=("minWorkers",)))
    found = exposed(replace(snapshot, models=(bare,)))

    for name in ("min_workers", "max_workers"):
        assert not found[f"tsmon_model_{name}"].samples
    assert not found["tsmon_queue_length"].samples


def test_a_name_that_is_no_text_spoils_no_scrape() -> None:
    snapshot = now_tick()
    (status,) = snapshot.models
    odd = replace(status, described=ModelVersion('a"\n\\\ud800', "1.0"))
    found = exposed(replace(snapshot, models=(odd,)))

    assert {each.labels["model_name"] for each in found["tsmon_model_verdict"].samples} == {
        'a"\n\\\\ud800'
    }
