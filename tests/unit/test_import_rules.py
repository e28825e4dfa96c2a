"""What importing costs: only the screens load Textual, and nothing here loads torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize(
    "package",
    [
        "tsmon.torchserve",
        "tsmon.docker",
        "tsmon.config",
        "tsmon.telemetry",
        "tsmon.digits",
        "tsmon.load",
        "tsmon.serving",
        "tsmon.fleet",
    ],
)
def test_package_without_screens_loads_neither_textual_nor_torch(package: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, package], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert "tsmon" in loaded
    # Pillow is loaded when an image is read.
    assert not loaded & {"textual", "torch", "torchvision", "ts", "PIL"}


IMPORT_APP = """
import importlib, sys
importlib.import_module("tsmon.tui.app.app")
print(*sorted(name for name in sys.modules if name.startswith("tsmon.")))
"""
WHEN_OPENED = (
    "tsmon.doctor",
    "tsmon.fleet",
    "tsmon.load.capacity",
    "tsmon.load.experiment",
    "tsmon.load.run",
    "tsmon.serving.local_server",
    "tsmon.telemetry.prometheus",
    "tsmon.telemetry.recording",
    "tsmon.tui.screens.load",
    "tsmon.tui.screens.logs",
    "tsmon.tui.screens.picker",
    "tsmon.tui.screens.scale",
)


def test_the_monitor_opens_without_what_its_pages_and_dialogs_need() -> None:
    result = subprocess.run(
        [sys.executable, "-c", IMPORT_APP], capture_output=True, text=True, check=True
    )
    loaded = result.stdout.split()
    assert "tsmon.tui.monitor.screen" in loaded
    assert [name for name in loaded if name.startswith(WHEN_OPENED)] == []
