"""The command lines that make, start and end a container."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.docker_stand_in import DIED, NAME, StandIn, install
from tsmon.docker.containers import read_container
from tsmon.serving import container, properties
from tsmon.serving.container import ContainerPlan, Share
from tsmon.serving.errors import BadConfiguration, ContainerError, PortTaken
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports

PORTS = Ports(
    inference=18080, management=18081, metrics=18082, grpc_inference=17070, grpc_management=17071
)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "engine", monkeypatch)


@pytest.fixture
def plan(tmp_path: Path) -> ServerPlan:
    return ServerPlan(model_store=tmp_path, ports=PORTS)


def values(command: list[str], option: str) -> list[str]:
    return [value for name, value in pairwise(command) if name == option]


def test_it_is_published_on_the_loopback_address_alone(plan: ServerPlan) -> None:
    command = container.create_command(plan, ContainerPlan(name="mine", image="derived:1"))

    assert values(command, "--publish") == [
        "127.0.0.1:18080:8080",
        "127.0.0.1:18081:8081",
        "127.0.0.1:18082:8082",
        "127.0.0.1:17070:7070",
        "127.0.0.1:17071:7071",
    ]
    assert values(command, "--name") == ["mine"]
    assert command[-1] == "derived:1"


def test_its_model_store_is_that_of_the_plan(plan: ServerPlan) -> None:
    shares = (Share(Path("/with, comma"), "/home/model-server/src", read_only=True),)

    mounts = values(container.create_command(plan, ContainerPlan(shares=shares)), "--mount")

    assert mounts == [
        f"type=bind,source={plan.model_store},target=/home/model-server/model-store",
        'type=bind,"source=/with, comma",target=/home/model-server/src,readonly',
    ]


def test_workers_have_one_torch_thread_unless_torch_shall_choose(tmp_path: Path) -> None:
    one, many, own = (
        ServerPlan(model_store=tmp_path, threads_per_worker=each) for each in (None, 3, 0)
    )

    assert "OMP_NUM_THREADS=1" in container.create_command(one, ContainerPlan())
    assert "OMP_NUM_THREADS=3" in container.create_command(many, ContainerPlan())
    assert "--env" not in container.create_command(own, ContainerPlan())


def test_its_configuration_goes_into_it_before_it_starts(engine: StandIn, plan: ServerPlan) -> None:
    id_ = container.create(plan, ContainerPlan(name="mine"))

    assert engine.status("mine") == "created"
    assert engine.commands("cp") == [["-", f"{id_}:/home/model-server"]]
    settings = properties.parse(engine.copied("config.properties"))
    assert settings["management_address"] == "http://0.0.0.0:8081"
    assert settings["model_store"] == "/home/model-server/model-store"
    assert settings["metrics_mode"] == "prometheus"
    assert settings["enable_model_api"] == "true"
    assert settings["disable_token_authorization"] == "true"


def test_tokens_cannot_be_had(plan: ServerPlan) -> None:
    with_tokens = ServerPlan(
        model_store=plan.model_store, extra={"disable_token_authorization": "false"}
    )

    with pytest.raises(BadConfiguration) as caught:
        container.configuration_of(with_tokens)

    assert "the image's start command" in caught.value.hint.lower()


def test_one_that_cannot_be_configured_is_removed(engine: StandIn, plan: ServerPlan) -> None:
    engine.refuse("cp", "Error response from daemon: no space left on device")

    with pytest.raises(ContainerError, match="No space left"), container.docker_asked():
        container.create(plan, ContainerPlan(name="mine"))

    assert engine.status("mine") is None


@pytest.mark.parametrize(
    "said",
    [
        "driver failed programming external connectivity on endpoint ts (0a): Bind for "
        "127.0.0.1:18081 failed: port is already allocated",
        "driver failed programming external connectivity on endpoint ts (0a): Error starting "
        "userland proxy: listen tcp4 127.0.0.1:18081: bind: address already in use",
        "failed to set up container networking: driver failed programming external connectivity on "
        "endpoint ts (0a): failed to bind host port for 127.0.0.1:18081:172.17.0.2:8081/tcp: "
        "address already in use",
    ],
)
def test_a_taken_port_is_named(engine: StandIn, said: str) -> None:
    engine.refuse("start", f"Error response from daemon: {said}\nError: failed to start: ts\n")

    with pytest.raises(PortTaken) as caught:
        container.start(NAME)

    assert caught.value.address == "127.0.0.1:18081"


def test_what_runs_in_it(engine: StandIn) -> None:
    engine.run(engine.home)

    use = container.look(NAME)

    assert use.serves
    assert (use.memory, use.worker_memory) == (163_840_000, {77: 92_160_000})


def test_it_outlives_a_server_that_died(engine: StandIn) -> None:
    engine.run(engine.home)
    engine.write("processes", DIED)

    use = container.look(NAME)

    assert (use.serves, use.idle) == (False, True)


def test_torchserve_ends_before_its_container(engine: StandIn) -> None:
    engine.run(engine.home)

    container.stop(NAME)

    assert engine.commands("exec") == [[NAME, "torchserve", "--stop"]]
    assert engine.status(NAME) == "exited"


@pytest.mark.parametrize(
    ("state", "stopped"),
    [
        ({"ExitCode": 137}, True),
        ({"ExitCode": 143}, True),
        ({"ExitCode": 137, "OOMKilled": True}, False),
        ({"ExitCode": 1}, False),
    ],
)
def test_what_was_stopped_has_not_died(state: dict[str, object], stopped: bool) -> None:
    facts = read_container({"State": {"Status": "exited", **state}, "Config": {}})

    assert container.was_stopped(facts) is stopped
