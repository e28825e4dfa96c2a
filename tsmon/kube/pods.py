"""What a cluster says of its pods. All functions block."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from tsmon.kube.command import KubeError, run_kubectl
from tsmon.untrusted.json import BadJson, parse_json
from tsmon.untrusted.text import one_line

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_HINT = "use NAMESPACE/SELECTOR, such as serving/app=torchserve"
_UNKNOWN_HINT = "see `kubectl version`; tsmon was tried with kubectl 1.32"


class BadSelector(ValueError):
    """A text is no NAMESPACE/SELECTOR; `hint` says what is."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = _HINT


class Selector(Struct, frozen=True):
    """Which pods are meant: those of a namespace with these labels, in one context."""

    namespace: str
    labels: str
    """As `kubectl get --selector` has them."""
    context: str = ""
    """Empty is kubectl's current one."""

    @classmethod
    def parse(cls, text: str, context: str = "") -> Selector:
        """Read NAMESPACE/SELECTOR; labels may have a slash of their own.

        Raises:
            BadSelector: it is not one.
        """
        namespace, _, labels = text.strip().partition("/")
        shown = repr(one_line(text, 80))
        if not _NAME.fullmatch(namespace) or not labels.strip():
            raise BadSelector(f"{shown} is not a valid NAMESPACE/SELECTOR")
        if not labels.isprintable():
            raise BadSelector(f"{shown} has characters that no selector has")
        return cls(namespace, labels.strip(), context)

    def __str__(self) -> str:
        where = f" ({self.context})" if self.context else ""
        return f"{self.namespace}/{self.labels}{where}"


class Container(Struct, frozen=True):
    """One of a pod's containers, with its declared ports by name; those without one by number."""

    name: str
    ports: Mapping[str, int]


class Pod(Struct, frozen=True):
    """A pod at one moment.

    Attributes:
        uid: what distinguishes it from a later one of the same name.
        running: whether its containers run; it may not be ready yet.
        problem: why it does not run, in the cluster's words; empty where that is not said.
    """

    namespace: str
    name: str
    uid: str
    running: bool
    ready: bool
    problem: str
    containers: Sequence[Container]

    @property
    def label(self) -> str:
        """What a person calls it."""
        return f"{self.namespace}/{self.name}"


def find_pods(selector: Selector) -> list[Pod]:
    """The pods that a selector means, but for those that are ending; ready ones first, by name.

    Raises:
        KubeError: kubectl refused, or cannot be asked.
    """
    printed = run_kubectl(
        selector.context,
        *("get", "pods", f"--namespace={selector.namespace}"),
        *(f"--selector={selector.labels}", "--output=json"),
    )
    try:
        answer = parse_json(printed)
    except BadJson as error:
        raise KubeError(f"kubectl get did not answer with JSON: {error}", _UNKNOWN_HINT) from None
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        raise KubeError("kubectl get did not answer with a list of pods", _UNKNOWN_HINT)
    found = [pod for each in items if (pod := _read(each)) is not None]
    return sorted(found, key=lambda pod: (not pod.ready, not pod.running, pod.name))


def running_pod(selector: Selector, kept: str = "") -> tuple[Pod, int]:
    """A pod that can be forwarded, and how many pods there are; the one of the uid *kept* first.

    Raises:
        KubeError: kubectl refused, or there is none.
    """
    pods = find_pods(selector)
    if not pods:
        raise KubeError(
            f"no pod matches {selector.labels} in the namespace {selector.namespace}",
            f"`kubectl get pods -n {selector.namespace} --show-labels` shows their labels",
        )
    running = sorted((pod for pod in pods if pod.running), key=lambda pod: pod.uid != kept)
    if not running:
        raise not_running(pods[0])
    return running[0], len(pods)


def not_running(pod: Pod) -> KubeError:
    """Why a pod cannot be forwarded."""
    return KubeError(
        f"the pod {pod.label} is not running: {pod.problem or 'it says no reason'}",
        f"`kubectl describe pod -n {pod.namespace} {pod.name}` shows why",
    )


def _read(facts: Any) -> Pod | None:
    """One that can be read and is not ending; what is written otherwise costs no other."""
    try:
        return None if facts["metadata"].get("deletionTimestamp") else _pod(facts)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _pod(facts: Mapping[str, Any]) -> Pod:
    meta, status = facts["metadata"], facts.get("status") or {}
    namespace, name, uid = meta["namespace"], meta["name"], meta["uid"]
    if not (_NAME.fullmatch(namespace) and _NAME.fullmatch(name)) or not isinstance(uid, str):
        raise ValueError("no pod has such a name")
    phase = str(status.get("phase", ""))
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    ready = conditions.get("Ready", {}).get("status") == "True"
    if not facts["spec"]["containers"]:
        raise ValueError("no pod is without containers")
    return Pod(
        namespace,
        name,
        uid,
        running=phase == "Running",
        ready=ready,
        problem=_problem(phase, conditions, status.get("containerStatuses") or ()),
        containers=[_container(each) for each in facts["spec"]["containers"]],
    )


def _container(facts: Mapping[str, Any]) -> Container:
    declared = facts.get("ports") or ()
    ports = {
        str(each.get("name") or each["containerPort"]): each["containerPort"]
        for each in declared
        if isinstance(each["containerPort"], int) and 0 < each["containerPort"] < 65536
    }
    return Container(str(facts["name"]), ports)


def _problem(
    phase: str, conditions: Mapping[str, Any], containers: Sequence[Mapping[str, Any]]
) -> str:
    """What a container waits for, else why it found no node, else the phase."""
    waiting = [(each.get("state") or {}).get("waiting") or {} for each in containers]
    scheduled = conditions.get("PodScheduled", {})
    unscheduled = [scheduled] if scheduled.get("status") == "False" else []
    for each in (*waiting, *unscheduled):
        if reason := each.get("reason"):
            detail = f", {each['message']}" if each.get("message") else ""
            return one_line(f"{phase}, {reason}{detail}", 200)
    return one_line(phase, 40)
