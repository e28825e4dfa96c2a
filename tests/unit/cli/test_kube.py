"""A server in a pod: the whole path through a forward, by a command that stands in for kubectl."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.fake.loopback import Loopback, beside
from tests.kubectl_stand_in import KSERVE_PORTS, Cluster, install
from tests.unit.cli.conftest import Finished, entry
from tests.unit.kube.conftest import eventually
from tsmon.cli.target import Target
from tsmon.fleet.pods import end_forwards

ALL = "serving/app=torchserve"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv("TSMON_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TSMON_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    yield install(tmp_path / "kube", monkeypatch)
    end_forwards()


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Loopback]:
    (tmp_path / "keys").mkdir()
    with beside(key_file=tmp_path / "keys" / "key_file.json") as loopback:
        loopback.fake.load("mnist")
        yield loopback


@pytest.fixture
def keys(answering: Loopback) -> tuple[str, str]:
    return "--key-file", str(answering.fake.keys.path)


def tsmon(*words: str) -> Finished:
    result = CliRunner().invoke(entry(Target()), list(words), prog_name="tsmon")
    return Finished(result.exit_code, result.stdout, result.stderr)


def test_what_is_in_a_pod(cluster: Cluster, answering: Loopback, keys: tuple[str, str]) -> None:
    cluster.run("ts-a", answering.fake.addresses)

    ended = tsmon("--kube", ALL, *keys, "models", "--json")

    assert ended.code == 0, ended.stderr
    assert "mnist" in ended.stdout
    assert ended.stderr == ""
    assert len(cluster.commands("port-forward")) == 1


def test_one_of_several_pods_is_said(
    cluster: Cluster, answering: Loopback, keys: tuple[str, str]
) -> None:
    for name in ("ts-a", "ts-b"):
        cluster.run(name, answering.fake.addresses)

    ended = tsmon("--kube", ALL, *keys, "scale", "mnist", "2")

    assert ended.code == 0, ended.stderr
    assert "serving/ts-a is one of 2 pods that match" in ended.stderr
    assert "tsmon fleet --kube" in ended.stderr


def test_kserve_has_its_own_ports(
    cluster: Cluster, answering: Loopback, keys: tuple[str, str]
) -> None:
    cluster.run(
        "mnist-predictor-0",
        answering.fake.addresses,
        ports=KSERVE_PORTS,
        container="kserve-container",
        labels={"serving.kserve.io/inferenceservice": "mnist"},
    )

    tsmon("--kube", "serving/serving.kserve.io/inferenceservice=mnist", *keys, "ping")

    ((*_, one, other),) = cluster.commands("port-forward")
    assert (one, other) == (":8085", ":8082")


def test_a_configured_server_can_be_a_pod(
    cluster: Cluster, answering: Loopback, tmp_path: Path
) -> None:
    cluster.run("ts-a", answering.fake.addresses)
    (tmp_path / "config.toml").write_text(
        f'[servers.prod]\nkube = "{ALL}"\nkube_context = "prod"\nread_only = true\n'
        f'key_file = "{answering.fake.keys.path}"\n'
    )

    assert tsmon("--server", "prod", "models").code == 0
    refused = tsmon("--server", "prod", "scale", "mnist", "2")

    assert refused.code != 0
    assert "read-only" in refused.stderr
    assert cluster.commands("get")[0][0] == "--context=prod"


def test_a_key_that_lies_here_does_not_go_into_a_pod(
    cluster: Cluster, answering: Loopback, keys: tuple[str, str], tmp_path: Path
) -> None:
    cluster.run("ts-a", answering.fake.addresses)
    (tmp_path / "key_file.json").write_text(Path(keys[1]).read_text())

    ended = tsmon("--kube", ALL, "models")

    assert ended.code == 1
    assert "token" in ended.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--kube", "nothing"], "'nothing' is not a valid NAMESPACE/SELECTOR"),
        (["--kube", ALL, "--server", "http://host:8081"], "kube and an address cannot be set"),
        (["--kube", ALL, "--management-url", "http://host:8081"], "kube and an address cannot"),
        (["--kube", ALL, "--grpc"], "gRPC"),
        (["--kube", ALL, "--kube-context", "x"], "has no context x"),
        (["--kube", ALL], "no pod matches app=torchserve in the namespace serving"),
    ],
)
def test_what_cannot_be(words: list[str], says: str, cluster: Cluster) -> None:
    ended = tsmon(*words, "ping")

    assert ended.code in {1, 2, 3}
    assert says in ended.stderr


def test_a_pod_that_went_away_is_named(
    cluster: Cluster, answering: Loopback, keys: tuple[str, str]
) -> None:
    cluster.run("ts-a", answering.fake.addresses)
    assert tsmon("--kube", ALL, *keys, "ping").code == 0
    cluster.remove("ts-a")

    def said() -> str:
        return tsmon("--kube", ALL, *keys, "models").stderr

    eventually(lambda: "no TorchServe is answering in serving/ts-a: no pod matches" in said())


def test_the_fleet_of_a_selector(cluster: Cluster, answering: Loopback, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[fleet]\nperiod = 0.5\n")
    cluster.run("ts-a", answering.fake.addresses)
    cluster.run("ts-b", status={"phase": "Pending"})

    ended = tsmon("fleet", "--kube", ALL, "--once", "--json")

    found = {each["server"]: each for each in ended.json["servers"]}
    assert list(found) == ["serving/ts-a", "serving/ts-b"]
    assert found["serving/ts-a"]["origin"] == "kube"
    assert found["serving/ts-a"]["labels"] == {"namespace": "serving", "pod": "ts-a"}
