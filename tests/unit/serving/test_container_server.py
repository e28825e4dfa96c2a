"""A container's life as its home tells it; the real one is in tests/integration/serving."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from tests.docker_stand_in import DIED, StandIn, install
from tests.fake.loopback import Loopback, beside
from tsmon.serving import container_launch, container_server
from tsmon.serving.container import ContainerPlan
from tsmon.serving.container_server import ContainerServer
from tsmon.serving.errors import (
    AlreadyRunning,
    BadConfiguration,
    ContainerError,
    NameTaken,
    NotRunning,
    PortTaken,
    StartFailed,
)
from tsmon.serving.launch import StartProgress
from tsmon.serving.local_server import LocalServer, State
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports
from tsmon.serving.record import ServerRecord
from tsmon.serving.running import find_running

MINE = ContainerPlan(name="mine")
SECONDS = 30.0
PUBLISHED = {f"{port}/tcp": [{"HostPort": str(port)}] for port in (8080, 8081, 8082)}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    monkeypatch.setattr(container_launch, "_POLL_SECONDS", 0.01)
    return install(tmp_path / "engine", monkeypatch)


@pytest.fixture
def answering() -> Iterator[Loopback]:
    """What answers where the container is published."""
    with beside() as loopback:
        yield loopback


@pytest.fixture
def plan(answering: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServerPlan:
    """With the ports of what answers, which are therefore not free."""
    monkeypatch.setattr(container_server, "check_free", lambda ports: None)
    at = answering.fake.addresses
    inference, management, metrics = (
        urlsplit(url).port or 0 for url in (at.inference, at.management, at.metrics)
    )
    store = tmp_path / "store"
    store.mkdir()
    ports = Ports(inference=inference, management=management, metrics=metrics)
    return ServerPlan(model_store=store, ports=ports)


@pytest.fixture
def local(tmp_path: Path) -> LocalServer:
    return LocalServer(tmp_path / "home")


@pytest.fixture
def server(local: LocalServer, engine: StandIn) -> ContainerServer:
    return ContainerServer(local.home.path)


def test_a_whole_life(
    server: ContainerServer, local: LocalServer, plan: ServerPlan, engine: StandIn
) -> None:
    phases: list[str] = []

    def tell(progress: StartProgress) -> None:
        phases.append(progress.phase)

    record = server.start(plan, MINE, tell)

    assert phases[0] == "starting container mine"
    assert (record.container, record.version, record.key_file) == ("mine", "0.12.0", None)
    assert record.management == f"http://127.0.0.1:{plan.ports.management}"
    assert find_running(local.home) == record
    status = local.status()
    assert (status.state, status.server) == (State.RUNNING, record)
    assert (status.memory, len(status.worker_memory)) == (163_840_000, 1)
    assert status.uptime is not None

    assert local.stop() == record
    assert engine.status("mine") == "exited"
    assert local.status().state is State.STOPPED
    with pytest.raises(NotRunning):
        local.stop()

    again = server.resume("mine", SECONDS)

    assert replace(again, started_at=0) == replace(record, started_at=0)
    assert engine.status("mine") == "running"


def test_one_that_runs_already_is_taken_as_it_is(
    server: ContainerServer, local: LocalServer, plan: ServerPlan, engine: StandIn
) -> None:
    server.start(plan, MINE)
    local.home.record.unlink()

    record = server.resume("mine", SECONDS)

    assert find_running(local.home) == record
    assert len(engine.commands("start")) == 1


def test_a_name_that_is_taken(server: ContainerServer, plan: ServerPlan, engine: StandIn) -> None:
    engine.have("mine", State={"Status": "exited"})

    with pytest.raises(NameTaken, match=r"A container mine already exists \(exited\)") as caught:
        server.start(plan, MINE)

    assert "make serve-start" in caught.value.hint
    assert "--name" in caught.value.hint


def test_there_is_one_server_to_a_home(
    server: ContainerServer, local: LocalServer, plan: ServerPlan
) -> None:
    record = server.start(plan, MINE)

    with pytest.raises(AlreadyRunning, match=r"\(container mine\)") as caught:
        server.start(plan, replace(MINE, name="other"))
    assert caught.value.management == record.management
    with pytest.raises(AlreadyRunning), local.cleared():
        pass


def test_one_that_cannot_start_is_removed(
    server: ContainerServer, local: LocalServer, plan: ServerPlan, engine: StandIn
) -> None:
    engine.refuse("start", "Error response from daemon: Bind for 127.0.0.1:8081 failed: taken")

    with pytest.raises(PortTaken):
        server.start(plan, MINE)

    assert engine.status("mine") is None
    assert local.status().state is State.STOPPED


@pytest.mark.parametrize("shut", ["", "/mnist.mar"])
def test_archives_that_the_user_in_it_cannot_read(
    server: ContainerServer, plan: ServerPlan, engine: StandIn, shut: str
) -> None:
    engine.write("shut", f"{shut}\n")

    with pytest.raises(ContainerError) as caught:
        server.start(plan, MINE)

    assert caught.value.message.endswith(f" cannot read {plan.model_store}{shut}")
    assert caught.value.hint == f"Make it readable: chmod -R o+rX {plan.model_store}"
    assert engine.status("mine") is None


def test_a_server_that_dies_at_its_start_leaves_its_last_words(
    server: ContainerServer,
    local: LocalServer,
    plan: ServerPlan,
    answering: Loopback,
    engine: StandIn,
) -> None:
    answering.fake.kill()
    engine.write("processes", DIED)
    engine.write("console", 'WARNING: noise\nInvalid configuration: For input string: "x"\n')

    with pytest.raises(StartFailed, match="ended during its start: Invalid config") as caught:
        server.start(plan, MINE)

    assert caught.value.log_lines == ('Invalid configuration: For input string: "x"',)
    assert "--set" in caught.value.hint
    assert engine.status("mine") is None
    assert local.status().state is State.STOPPED


def test_one_that_does_not_answer_in_time(
    server: ContainerServer, plan: ServerPlan, answering: Loopback, engine: StandIn
) -> None:
    answering.fake.kill()

    with pytest.raises(StartFailed, match=r"did not answer at .* within 0 s"):
        server.start(replace(plan, start_seconds=0), MINE)

    assert engine.status("mine") is None


def test_who_interrupts_leaves_nothing(
    server: ContainerServer,
    local: LocalServer,
    plan: ServerPlan,
    answering: Loopback,
    engine: StandIn,
) -> None:
    answering.fake.kill()

    def interrupt(progress: StartProgress) -> None:
        if progress.phase.startswith("waiting"):
            assert local.status().state is State.STARTING
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        server.start(plan, MINE, interrupt)

    assert engine.status("mine") is None
    assert local.status().state is State.STOPPED


def test_one_that_was_there_stays_when_it_does_not_start_again(
    server: ContainerServer,
    local: LocalServer,
    plan: ServerPlan,
    answering: Loopback,
    engine: StandIn,
) -> None:
    server.start(plan, MINE)
    local.stop()
    answering.fake.kill()

    with pytest.raises(StartFailed):
        server.resume("mine", 0)

    assert engine.status("mine") == "exited"
    assert local.status().state is State.STOPPED


def test_what_happens_to_it_behind_our_back(
    server: ContainerServer, local: LocalServer, plan: ServerPlan, engine: StandIn
) -> None:
    record = server.start(plan, MINE)

    engine.write("processes", DIED)
    assert local.status().state is State.DIED

    engine.have("mine", State={"Status": "exited", "ExitCode": 137})
    assert local.status().state is State.STOPPED
    assert find_running(local.home) is None

    engine.have("mine", State={"Status": "exited", "ExitCode": 1})
    assert local.status().state is State.DIED

    engine.have("mine", Id="another", State={"Status": "running"})
    assert local.status().state is State.STOPPED
    assert local.stop() == record
    assert engine.status("mine") == "running"


def test_what_a_killed_start_has_left_is_removed(
    server: ContainerServer, local: LocalServer, plan: ServerPlan, engine: StandIn
) -> None:
    record = server.start(plan, MINE)
    replace(record, ready=False).save(local.home.record)

    server.start(plan, replace(MINE, name="other"))

    assert engine.status("mine") is None


def test_without_docker_the_record_of_a_container_is_in_nobodys_way(
    server: ContainerServer,
    local: LocalServer,
    plan: ServerPlan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.start(plan, MINE)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ContainerError, match="Docker is not on this machine") as caught:
        local.status()
    assert "tsmon serve start" in caught.value.hint
    with pytest.raises(ContainerError):
        server.start(plan, MINE)
    assert ServerRecord.load(local.home.record) is not None

    with local.cleared():
        assert ServerRecord.load(local.home.record) is None


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({}, "does not publish port 8080"),
        (
            {
                "HostConfig": {
                    "PortBindings": {f"{p}/tcp": [{"HostPort": str(p)}] for p in (8080, 8081, 8082)}
                }
            },
            "No folder of this machine is the model store",
        ),
    ],
)
def test_a_container_that_is_of_no_use_here(
    server: ContainerServer, engine: StandIn, facts: dict[str, object], why: str
) -> None:
    engine.have("theirs", State={"Status": "exited"}, **facts)

    with pytest.raises(ContainerError, match=why):
        server.resume("theirs", SECONDS)

    assert engine.status("theirs") == "exited"


def test_a_container_that_is_not_there(server: ContainerServer) -> None:
    for action in (lambda: server.resume("mine", SECONDS), lambda: server.stop("mine")):
        with pytest.raises(ContainerError, match="No container mine") as caught:
            action()
        assert "make serve-run" in caught.value.hint


def test_another_container_is_stopped_by_its_name(
    server: ContainerServer, local: LocalServer, plan: ServerPlan, engine: StandIn
) -> None:
    record = server.start(plan, MINE)
    engine.have("theirs", State={"Status": "running"})

    server.stop("theirs")
    assert engine.status("theirs") == "exited"
    assert find_running(local.home) == record
    with pytest.raises(ContainerError, match="theirs is not running"):
        server.stop("theirs")

    server.stop("mine")
    assert ServerRecord.load(local.home.record) is None


def test_folders_that_are_not_there(server: ContainerServer, plan: ServerPlan) -> None:
    with pytest.raises(BadConfiguration, match="No such folder"):
        server.start(replace(plan, model_store=plan.model_store / "no"), MINE)
