"""Pods in the fleet: a row each, as they come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tests.fake.loopback import Loopback
from tests.kubectl_stand_in import Cluster
from tests.unit.kube.conftest import eventually, runs
from tsmon.config.schema import Config, FleetSettings, ServerSettings
from tsmon.fleet import fleet as fleet_module
from tsmon.fleet import kube
from tsmon.fleet.fleet import Fleet
from tsmon.fleet.pods import end_forwards
from tsmon.fleet.snapshot import NOT_FORWARDED, FleetSnapshot, ServerRow

ALL = "serving/app=torchserve"
Make = Callable[[Config], Fleet]


@pytest.fixture
async def make(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    monkeypatch.setattr(fleet_module, "PUBLISH_S", 0.02)
    monkeypatch.setattr(kube, "LOOK_S", 0.1)
    made: list[Fleet] = []

    def fleet(config: Config) -> Fleet:
        made.append(Fleet(config, lambda: None))
        return made[-1]

    yield fleet
    for each in made:
        await each.close()
    end_forwards()


@pytest.fixture
def fleet(make: Make) -> Fleet:
    return make(Config(fleet=FleetSettings(period=0.05, kube=(ALL,))))


async def until(fleet: Fleet, condition: Callable[[FleetSnapshot], object]) -> FleetSnapshot:
    async with asyncio.timeout(20):
        await fleet.run(lambda snapshot: not condition(snapshot))
    return fleet.snapshot


def names(snapshot: FleetSnapshot) -> list[str]:
    return [row.target.name for row in snapshot.servers]


def row(snapshot: FleetSnapshot, name: str) -> ServerRow:
    return next(row for row in snapshot.servers if row.target.name == name)


async def test_a_pod_is_a_row(fleet: Fleet, cluster: Cluster, answering: Loopback) -> None:
    answering.fake.load("mnist", workers=2)
    for name in ("ts-a", "ts-b"):
        cluster.run(name, answering.fake.addresses)

    seen = await fleet.settled()

    assert names(seen) == ["serving/ts-a", "serving/ts-b"]
    first = seen.servers[0]
    assert first.is_up
    assert first.target.labels == {"namespace": "serving", "pod": "ts-a"}
    assert (first.figures.ready, [str(each.key) for each in first.models]) == (2, ["mnist 1.0"])


async def test_a_pod_that_does_not_run_says_why_until_it_does(
    fleet: Fleet, cluster: Cluster, answering: Loopback
) -> None:
    cluster.run("ts-a", answering.fake.addresses, status={"phase": "Pending"})

    seen = await fleet.settled()
    cluster.run("ts-a", answering.fake.addresses)
    later = await until(fleet, lambda snapshot: snapshot.up)

    assert seen.servers[0].figures.sign is NOT_FORWARDED
    assert "serving/ts-a is not running: Pending" in seen.servers[0].figures.evidence
    assert names(later) == ["serving/ts-a"]


async def test_a_pod_that_is_replaced_is_another_row_and_its_forward_ends(
    fleet: Fleet, cluster: Cluster, answering: Loopback
) -> None:
    cluster.run("ts-a", answering.fake.addresses)
    await fleet.settled()
    (pid,) = cluster.pids()

    cluster.remove("ts-a")
    cluster.run("ts-b", answering.fake.addresses)
    seen = await until(fleet, lambda snapshot: names(snapshot) == ["serving/ts-b"] and snapshot.up)

    assert seen.up == 1
    eventually(lambda: not runs(pid))


async def test_forwards_end_with_the_fleet(
    fleet: Fleet, cluster: Cluster, answering: Loopback
) -> None:
    cluster.run("ts-a", answering.fake.addresses)
    await fleet.settled()
    (pid,) = cluster.pids()

    await fleet.close()

    eventually(lambda: not runs(pid))


async def test_a_cluster_that_refuses_is_a_problem_and_no_row(
    fleet: Fleet, cluster: Cluster
) -> None:
    cluster.refuse("get", 'Error from server (Forbidden): User "jane" cannot list resource "pods"')

    seen = await fleet.settled()

    assert seen.servers == ()
    (problem,) = seen.problems
    assert problem.startswith(f'{ALL}: the cluster forbids it: User "jane" cannot list')


async def test_pods_are_kept_while_the_cluster_does_not_answer(
    fleet: Fleet, cluster: Cluster, answering: Loopback
) -> None:
    cluster.run("ts-a", answering.fake.addresses)
    await fleet.settled()

    cluster.refuse("get", "Unable to connect to the server: no route to host")
    seen = await until(fleet, lambda snapshot: snapshot.problems)

    assert names(seen) == ["serving/ts-a"]
    assert seen.up == 1


async def test_a_server_of_the_configuration_may_be_a_pod(
    make: Make, cluster: Cluster, answering: Loopback
) -> None:
    cluster.run("ts-a", answering.fake.addresses)
    servers = {
        "prod": ServerSettings(kube=ALL, read_only=True),
        "gone": ServerSettings(kube="serving/app=other"),
    }

    seen = await make(Config(servers=servers, fleet=FleetSettings(period=0.05))).settled()

    assert row(seen, "prod").is_up
    assert row(seen, "prod").target.settings.read_only
    assert "no pod matches app=other" in row(seen, "gone").figures.evidence


async def test_a_selector_that_is_not_valid(make: Make, cluster: Cluster) -> None:
    seen = await make(Config(fleet=FleetSettings(kube=("nothing",)))).settled()

    assert "not a valid NAMESPACE/SELECTOR" in seen.problems[0]
