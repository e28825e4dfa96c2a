"""What kubectl says of pods, and why it says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kubectl_command import NO_CONTEXT
from tests.kubectl_stand_in import Cluster
from tsmon.kube.command import KubeError, refusal
from tsmon.kube.pods import BadSelector, Selector, find_pods, running_pod

ALL = Selector("serving", "app=torchserve")


@pytest.mark.parametrize(
    ("text", "namespace", "labels"),
    [
        ("serving/app=torchserve", "serving", "app=torchserve"),
        (
            "ns/serving.kserve.io/inferenceservice=mnist",
            "ns",
            "serving.kserve.io/inferenceservice=mnist",
        ),
        (" ns/a in (b, c),!d ", "ns", "a in (b, c),!d"),
    ],
)
def test_a_selector(text: str, namespace: str, labels: str) -> None:
    assert Selector.parse(text) == Selector(namespace, labels)


@pytest.mark.parametrize(
    "text", ["", "app=torchserve", "ns/", "/app=x", "-n/app=x", "N S/a=b", "ns/a\nb"]
)
def test_what_is_no_selector(text: str) -> None:
    with pytest.raises(BadSelector) as caught:
        Selector.parse(text)

    assert "NAMESPACE/SELECTOR" in caught.value.hint


def test_pods_are_found_by_namespace_and_labels(cluster: Cluster) -> None:
    cluster.run("ts-b")
    cluster.run("ts-a", status={"phase": "Running"})
    cluster.run("other", labels={"app": "web"})
    cluster.run("elsewhere", namespace="test")

    found = find_pods(ALL)

    assert [(pod.label, pod.ready) for pod in found] == [
        ("serving/ts-b", True),
        ("serving/ts-a", False),
    ]
    assert cluster.commands("get") == [
        ["get", "pods", "--namespace=serving", "--selector=app=torchserve", "--output=json"]
    ]


def test_another_context(cluster: Cluster) -> None:
    find_pods(Selector("serving", "app=torchserve", "prod"))

    assert cluster.commands("get")[0][0] == "--context=prod"


def test_pods_that_end_are_left_out_and_odd_ones_cost_no_other(cluster: Cluster) -> None:
    cluster.run("ts-a")
    cluster.run("odd", spec={"containers": "none"})
    for name, change in (
        ("ending", {"deletionTimestamp": "2026-12-01T00:00:00Z"}),
        ("bad", {"uid": 3}),
    ):
        metadata = {
            "name": name,
            "namespace": "serving",
            "uid": "u",
            "labels": {"app": "torchserve"},
        }
        cluster.run(name, metadata=metadata | change)

    assert [pod.name for pod in find_pods(ALL)] == ["ts-a"]


def test_the_pod_that_is_kept_comes_first(cluster: Cluster) -> None:
    cluster.run("ts-a")
    cluster.run("ts-b")

    assert running_pod(ALL)[0].name == "ts-a"
    pod, count = running_pod(ALL, kept="uid-of-ts-b")
    assert (pod.name, count) == ("ts-b", 2)


def test_no_pod(cluster: Cluster) -> None:
    with pytest.raises(
        KubeError, match="no pod matches app=torchserve in the namespace serving"
    ) as caught:
        running_pod(ALL)

    assert "kubectl get pods -n serving --show-labels" in caught.value.hint


PENDING = [
    (
        {
            "containerStatuses": [
                {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}}}
            ]
        },
        "Pending, ImagePullBackOff, Back-off",
    ),
    (
        {
            "conditions": [
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/3 nodes",
                }
            ]
        },
        "Pending, Unschedulable, 0/3 nodes",
    ),
    ({}, "Pending"),
]


@pytest.mark.parametrize(("status", "why"), PENDING)
def test_a_pod_that_does_not_run(status: dict[str, object], why: str, cluster: Cluster) -> None:
    cluster.run("ts-a", status={"phase": "Pending", **status})

    with pytest.raises(KubeError, match="serving/ts-a is not running") as caught:
        running_pod(ALL)

    assert caught.value.message.endswith(why)
    assert "kubectl describe pod -n serving ts-a" in caught.value.hint


SAID = [
    (NO_CONTEXT.format("x"), "has no context x", "get-contexts"),
    ('error: context "x" does not exist', "has no context x", "get-contexts"),
    (
        'E1201 03:08 1410 memcache.go:265] "Unhandled Error" err="x: connect: connection refused"\n'
        "The connection to the server 10.0.0.1:6443 was refused - did you specify the right host "
        "or port?",
        "no Kubernetes API server is answering at 10.0.0.1:6443",
        "is the cluster up",
    ),
    (
        "The connection to the server localhost:8080 was refused - did you specify the right host "
        "or port?",
        "names no cluster",
        "KUBECONFIG",
    ),
    (
        "Unable to connect to the server: dial tcp: lookup k: no such host",
        "lookup k: no such host",
        "is the cluster up",
    ),
    (
        "error: You must be logged in to the server (Unauthorized)",
        "does not know who asks",
        "log in",
    ),
    (
        'Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource '
        '"pods" in API group "" in the namespace "serving"',
        'the cluster forbids it: User "jane" cannot list resource "pods"',
        "pods/portforward",
    ),
    (
        'error: error upgrading connection: pods "ts-a" is forbidden: User "jane" '
        'cannot create resource "pods/portforward"',
        'User "jane" cannot create resource "pods/portforward"',
        "ask for a role",
    ),
    (
        "error: unable to forward port because pod is not running. Current status=Pending",
        "pod is not running",
        "",
    ),
    ("", "kubectl exited with code 1", ""),
]


@pytest.mark.parametrize(("said", "message", "hint"), SAID)
def test_why_it_failed(said: str, message: str, hint: str) -> None:
    error = refusal(said.encode(), 1)

    assert message in error.message
    assert hint in error.hint


def test_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(KubeError, match="kubectl is not on this machine's PATH") as caught:
        find_pods(ALL)

    assert "--server" in caught.value.hint


@pytest.mark.parametrize("answer", ["nothing", "[]", '{"items": 3}'])
def test_odd_answers(answer: str, cluster: Cluster) -> None:
    command = cluster.home / "kubectl"
    command.write_text(f"#!/bin/sh\necho '{answer}'\n")

    with pytest.raises(KubeError, match="kubectl get did not answer"):
        find_pods(ALL)
