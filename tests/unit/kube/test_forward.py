"""Forwards: begun, lost, begun again at the same ports, and ended with tsmon."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from tests.fake.loopback import Loopback
from tests.kubectl_stand_in import PORTS, Cluster
from tests.unit.kube.conftest import eventually, runs
from tsmon.kube import forward as forwarding
from tsmon.kube.command import KubeError
from tsmon.kube.forward import Forward
from tsmon.kube.pods import Selector, running_pod

ALL = Selector("serving", "app=torchserve")


def answers(forward: Forward) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{forward.local[8080]}/ping").is_success
    return False


@pytest.fixture
def forward(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forward]:
    monkeypatch.setattr(forwarding, "_FIRST_PAUSE_S", 0.01)
    made = Forward("", lambda: running_pod(ALL)[0], lambda _: PORTS)
    with closing(made):
        yield made


def test_ports_of_a_pod_are_ports_here(
    forward: Forward, cluster: Cluster, answering: Loopback
) -> None:
    cluster.run("ts-a", answering.fake.addresses)

    forward.begin()

    assert set(forward.local) == set(PORTS)
    assert answers(forward)
    ((*options, pod, _, _, _),) = cluster.commands("port-forward")
    assert pod == "pod/ts-a"
    assert "--address=127.0.0.1" in options


def test_a_pod_that_is_replaced_is_followed_at_the_same_ports(
    forward: Forward, cluster: Cluster, answering: Loopback
) -> None:
    cluster.run("ts-a", answering.fake.addresses)
    forward.begin()
    before = dict(forward.local)

    cluster.remove("ts-a")
    eventually(lambda: forward.problem is not None)
    cluster.run("ts-b", answering.fake.addresses)
    eventually(lambda: forward.problem is None)

    assert forward.pod.name == "ts-b"
    assert forward.local == before
    assert answers(forward)


def test_it_says_why_it_does_not_forward(
    forward: Forward, cluster: Cluster, answering: Loopback
) -> None:
    cluster.run("ts-a", answering.fake.addresses)
    forward.begin()

    cluster.remove("ts-a")

    eventually(lambda: "no pod matches" in str(forward.problem))


def test_a_pod_that_listens_nowhere_is_tried_less_and_less(
    forward: Forward, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    wait = forward._ended.wait

    def hurried(pause: float) -> bool:
        pauses.append(pause)
        return wait(0.01)

    monkeypatch.setattr(forward._ended, "wait", hurried)
    cluster.run("ts-a")
    forward.begin()

    def lost_thrice() -> bool:
        answers(forward)
        return len(pauses) > 3

    eventually(lost_thrice)
    assert pauses[:4] == [0.01, 0.02, 0.04, 0.08]
    assert "lost connection to pod" in str(forward.problem) or forward.problem is None


def test_it_ends_when_it_is_closed(forward: Forward, cluster: Cluster) -> None:
    cluster.run("ts-a")
    forward.begin()
    (pid,) = cluster.pids()

    forward.close()

    eventually(lambda: not runs(pid))
    assert len(cluster.commands("port-forward")) == 1


def test_it_cannot_begin(forward: Forward, cluster: Cluster) -> None:
    cluster.run("ts-a")
    cluster.refuse("port-forward", 'error: error upgrading connection: pods "ts-a" is forbidden')

    with pytest.raises(KubeError, match="the cluster forbids it"):
        forward.begin()


def test_one_that_says_nothing_is_not_waited_for(
    forward: Forward, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "_START_S", 0.2)
    cluster.run("ts-a")
    command = cluster.home / "kubectl"
    command.write_text(
        command.read_text().replace("exec", 'test "$1" = port-forward && exec sleep 60\nexec')
    )

    with pytest.raises(KubeError, match="did not forward serving/ts-a within"):
        forward.begin()


KILLED = """\
import os, signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # what runs the tests may ignore it
from tsmon.kube.forward import Forward
from tsmon.kube.pods import Selector, running_pod
Forward("", lambda: running_pod(Selector("serving", "app=torchserve"))[0], lambda _: [8080]).begin()
os.kill(os.getpid(), signal.{signal})
"""


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGTERM", "SIGHUP"])
def test_it_ends_with_tsmon_however_that_ends(
    signal: str, cluster: Cluster, tmp_path: Path
) -> None:
    cluster.run("ts-a")

    ended = subprocess.run([sys.executable, "-c", KILLED.format(signal=signal)], check=False)

    assert ended.returncode < 0
    (pid,) = cluster.pids()
    eventually(lambda: not runs(pid))
