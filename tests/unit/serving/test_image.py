"""How the image comes to this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docker_stand_in import IMAGE, StandIn, install
from tsmon.serving.errors import ContainerError
from tsmon.serving.image import provide

PULLING = """\
latest-cpu: Pulling from pytorch/torchserve
aaaaaaaaaaaa: Already exists
bbbbbbbbbbbb: Pulling fs layer
bbbbbbbbbbbb: Download complete
bbbbbbbbbbbb: Pull complete
Digest: sha256:0123
Status: Downloaded newer image for pytorch/torchserve:latest-cpu
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "engine", monkeypatch)


def test_one_that_is_here_is_not_pulled(engine: StandIn) -> None:
    told: list[tuple[int, int]] = []

    provide(IMAGE, lambda *layers: told.append(layers))

    assert told == []
    assert engine.commands("pull") == []


def test_a_pull_tells_how_many_layers_are_here(engine: StandIn) -> None:
    engine.write("images", "")
    engine.write("pulling", PULLING)
    told: list[tuple[int, int]] = []

    provide(IMAGE, lambda *layers: told.append(layers))

    assert told == [(0, 0), (1, 1), (1, 2), (1, 2), (2, 2)]
    assert engine.commands("pull") == [[IMAGE]]


def test_without_a_network_there_are_ways_out(engine: StandIn) -> None:
    engine.write("images", "")
    engine.refuse("pull", "Error response from daemon: Get https://registry/v2/: no such host")

    with pytest.raises(ContainerError, match=r"cannot be pulled: Get .*no such host") as caught:
        provide(IMAGE, lambda *layers: None)

    assert "docker load" in caught.value.hint
    assert "--image" in caught.value.hint
