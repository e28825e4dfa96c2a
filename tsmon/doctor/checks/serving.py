"""Checks of what a server started from here would need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsmon.doctor.checks.server import TESTED
from tsmon.doctor.findings import Finding, NotChecked, error, note, ok, warning
from tsmon.doctor.installation import REQUIRED
from tsmon.serving.errors import NoJava
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.doctor.facts import Facts

_INSTALL = "pip install 'tsmon[server]'"
_SYMPTOMS = {
    "torch": "no worker can start",
    "numpy": "most handlers fail to load",
    "pyyaml": "every worker dies with No module named 'yaml'",
    "torchvision": "image handlers fail to load",
    "torch-model-archiver": "`tsmon archive` cannot package models",
}


def packages(facts: Facts) -> Iterator[Finding]:
    """Whether the packages that a server needs are installed."""
    here = facts.installation
    missing = [name for name in REQUIRED if name not in here.versions]
    if not missing:
        found = ", ".join(f"{name} {here.versions[name]}" for name in REQUIRED)
        yield ok("the packages a server needs are installed", found)
    elif "torchserve" in missing:
        yield note(
            "this installation can watch servers but not run one",
            f"not installed: {', '.join(missing)}",
            f"to run a server here: {_INSTALL}",
        )
    else:
        harm = "; ".join(f"without {name} {_SYMPTOMS[name]}" for name in missing)
        yield error(f"not installed: {', '.join(missing)}", harm, _INSTALL)


def torchserve_version(facts: Facts) -> Iterator[Finding]:
    """Whether the installed TorchServe is one that tsmon knows."""
    version = facts.installation.versions.get("torchserve")
    if version is None:
        raise NotChecked("torchserve is not installed")
    if version.startswith(f"{TESTED}."):
        yield ok(f"torchserve {version} is installed", facts.installation.python)
    else:
        yield warning(
            f"torchserve {version} is installed; tsmon is tested with {TESTED}",
            facts.installation.python,
            f"pip install 'torchserve=={TESTED}.*'",
        )


def java(facts: Facts) -> Iterator[Finding]:
    """Whether there is a Java that TorchServe can use."""
    found = facts.installation.java
    if not isinstance(found, NoJava):
        yield ok(f"Java {found.version}", str(found.home))
        return
    report = error if "torchserve" in facts.installation.versions else note
    yield report("no Java that TorchServe supports", found.message, found.hint)


def default_ports(facts: Facts) -> Iterator[Finding]:
    """Whether a server could have the default ports."""
    own = facts.machine.server
    others = [each for each in facts.installation.taken if own is None or each.pid != own.pid]
    if not facts.installation.taken:
        yield ok("the default ports are free", "8080 to 8082, 7070 and 7071")
    elif not others:
        yield ok("the default ports are used by this server")
    else:
        title = plural(len(others), "default port is", "default ports are")
        yield note(
            f"{title} taken",
            "; ".join(each.message for each in others),
            "start a server on free ports: tsmon serve start --ports free",
        )


def handlers(facts: Facts) -> Iterator[Finding]:
    """Whether TorchServe's built-in vision handlers can be loaded."""
    versions = facts.installation.versions
    if "torchserve" not in versions:
        raise NotChecked("torchserve is not installed")
    if "captum" in versions:
        yield ok(
            "TorchServe's built-in vision handlers can be loaded", f"captum {versions['captum']}"
        )
    else:
        yield note(
            "TorchServe's built-in vision handlers cannot be loaded",
            "image_classifier and similar handlers import captum, which is not installed; handlers "
            "based on BaseHandler, such as tsmon's digit model, do not need it",
            "pip install captum",
        )


def gpu_metrics(facts: Facts) -> Iterator[Finding]:
    """Whether system metrics work on a machine with a GPU."""
    here = facts.installation
    if not here.gpu:
        yield ok("no NVIDIA GPU, so nvgpu and pynvml are not needed")
        return
    if "torchserve" not in here.versions:
        raise NotChecked("torchserve is not installed")
    missing = [name for name in ("nvgpu", "pynvml") if name not in here.versions]
    if missing:
        yield warning(
            "without nvgpu and pynvml a server with a GPU reports no system metrics",
            f"not installed: {', '.join(missing)}",
            f"pip install {' '.join(missing)}",
        )
    else:
        yield ok("nvgpu and pynvml are installed")
