"""What the real kubectl says without a cluster, which the stand-in and `tsmon.kube` rely on.

Its API server is a few answers of this test: a list of pods, and refusals.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.kubectl_command import NO_CONTEXT
from tsmon.kube.command import KubeError
from tsmon.kube.forward import Forward
from tsmon.kube.pods import Pod, Selector, find_pods

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")

PENDING = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "ts-a", "namespace": "serving", "uid": "u"},
    "spec": {"containers": [{"name": "torchserve", "ports": [{"containerPort": 8081}]}]},
    "status": {"phase": "Pending"},
}
FORBIDDEN = (
    'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace '
    '"closed"'
)
RESOURCES = [{"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod"}]
SHORT_OF_A_CLUSTER: dict[str, dict[str, Any]] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": RESOURCES},
    "/api/v1/namespaces/serving/pods": {"kind": "PodList", "apiVersion": "v1", "items": [PENDING]},
    "/api/v1/namespaces/serving/pods/ts-a": PENDING,
}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in SHORT_OF_A_CLUSTER:
            self._send(200, SHORT_OF_A_CLUSTER[path])
        elif "/closed/" in path:
            self._refuse(403, "Forbidden", FORBIDDEN)
        elif "/stranger/" in path:
            self._refuse(401, "Unauthorized", "Unauthorized")
        else:
            self._refuse(404, "NotFound", 'pods "gone" not found')

    def _refuse(self, code: int, reason: str, message: str) -> None:
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
        details = {"kind": "pods", "name": "gone"}
        self._send(code, {**status, "reason": reason, "message": message, "details": details})

    def _send(self, code: int, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(autouse=True)
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = Thread(target=server.serve_forever)
    thread.start()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}},
            {"name": "down", "cluster": {"server": "http://127.0.0.1:9"}},
        ],
        "contexts": [
            {"name": "here", "context": {"cluster": "c", "user": "u"}},
            {"name": "down", "context": {"cluster": "down", "user": "u"}},
        ],
        "users": [{"name": "u", "user": {}}],
        "current-context": "here",
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("HOME", str(tmp_path))
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refused(namespace: str, context: str = "") -> KubeError:
    with pytest.raises(KubeError) as caught:
        find_pods(Selector(namespace, "app=torchserve", context))
    return caught.value


def test_a_list_of_pods() -> None:
    (pod,) = find_pods(Selector("serving", "app=torchserve"))

    assert (pod.label, pod.running, pod.problem) == ("serving/ts-a", False, "Pending")
    assert pod.containers[0].ports == {"8081": 8081}


def test_refusals() -> None:
    assert 'the cluster forbids it: User "jane" cannot list' in refused("closed").message
    assert "does not know who asks" in refused("stranger").message
    assert "the Kubernetes configuration has no context x" in refused("serving", "x").message
    assert "no Kubernetes API server is answering at 127.0.0.1:9" in refused("a", "down").message


def test_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    error = refused("serving")

    assert "names no cluster" in error.message


def test_the_stand_in_words_a_missing_context_alike() -> None:
    command = ["kubectl", "--context=x", "get", "pods"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr

    assert said.strip().endswith(NO_CONTEXT.format("x"))


@pytest.mark.parametrize(
    ("name", "why"),
    [("ts-a", "Current status=Pending"), ("gone", 'pods "gone" not found')],
)
def test_what_cannot_be_forwarded(name: str, why: str) -> None:
    pod = Pod("serving", name, "u", running=True, ready=True, problem="", containers=[])

    with pytest.raises(KubeError) as caught:
        Forward("", lambda: pod, lambda _: [8080]).begin()

    assert why in caught.value.message


def test_the_options_that_are_used_are_there() -> None:
    for verb, options in {
        "get": ("--selector", "--output"),
        "port-forward": ("--address", "pod/mypod :5000"),
    }.items():
        said = subprocess.run(
            ["kubectl", verb, "--help"], capture_output=True, text=True, check=True
        )
        assert all(option in said.stdout for option in options)
