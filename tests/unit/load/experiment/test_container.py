"""An experiment with a server whose logs are in a container."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docker_stand_in import NAME, StandIn, install
from tests.fake.loopback import Loopback
from tsmon.digits.images import DigitImage
from tsmon.load.experiment.experiment import Experiment
from tsmon.load.experiment.plan import ExperimentPlan, Load
from tsmon.load.experiment.steps import ExperimentStep, Stage
from tsmon.logs.places import Container
from tsmon.torchserve.client import TorchServe

WAITED = (
    "2026-11-22T13:45:34,{n:03} [DEBUG] W-9003-mnist_1.0 org.pytorch.serve.job.RestJob - "
    "Waiting time ns: 131101, Backend time ns: {backend}\n"
)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "engine", monkeypatch)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The server's log in the container."""
    path = tmp_path / "server" / "logs" / "ts_log.log"
    path.parent.mkdir(parents=True)
    path.write_text(WAITED.format(n=0, backend=1))
    return path


def plan(images: tuple[DigitImage, ...]) -> ExperimentPlan:
    return ExperimentPlan(
        model="mnist", payloads=images, worker_counts=(1,), load=Load((4,)), warm_up=0, seed=1
    )


def writing(log: Path) -> Callable[[ExperimentStep], None]:
    """Has the server log four requests of 2 and 4 ms once they are sent."""
    lines = [WAITED.format(n=n, backend=(2 + n % 2 * 2) * 1_000_000) for n in range(1, 5)]

    def tell(step: ExperimentStep) -> None:
        if step.stage is Stage.SENDING and lines:
            with log.open("a") as file:
                file.writelines(lines)
            lines.clear()

    return tell


async def test_the_times_and_their_variability_are_those_of_the_containers_log(
    server: Loopback,
    client: TorchServe,
    images: tuple[DigitImage, ...],
    docker: StandIn,
    log: Path,
) -> None:
    docker.run(log.parent.parent)

    result = await Experiment(client, plan(images), Container(NAME)).run(writing(log))

    (measured,) = result.measurements
    assert measured.backend_ms == pytest.approx(3.0)
    assert measured.backend_scv == pytest.approx(1 / 9)
    assert not result.notes


async def test_a_container_whose_logs_cannot_be_read_is_noted(
    server: Loopback, client: TorchServe, images: tuple[DigitImage, ...], docker: StandIn
) -> None:
    result = await Experiment(client, plan(images), Container("gone")).run(lambda step: None)

    (measured,) = result.measurements
    assert (measured.backend_ms, measured.backend_scv) == (None, None)
    assert measured.service_ms == pytest.approx(4.5)
    assert result.notes == ("the logs of container gone cannot be read: No such container: gone",)
