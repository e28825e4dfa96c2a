"""`tsmon observe`: everything answers while it runs, and nothing is left of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

LONGEST_S = 120.0


@pytest.fixture
def observing(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The command in a folder of its own, without Docker."""
    (tmp_path / "none.toml").touch()
    environment = {
        **os.environ,
        "TSMON_HOME": str(tmp_path / "home"),
        "TSMON_CONFIG": str(tmp_path / "none.toml"),
        "DOCKER_HOST": f"unix://{tmp_path}/no.sock",
        "TMPDIR": str(tmp_path),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tsmon", "observe"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    end = threading.Timer(LONGEST_S, process.send_signal, [signal.SIGINT])
    end.start()
    try:
        yield process
    finally:
        end.cancel()
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate()


@pytest.mark.integration
def test_all_that_is_there_runs_until_ctrl_c(
    observing: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert observing.stdout is not None
    said = ""
    for line in observing.stdout:
        said += line
        if "ctrl+c ends" in line:
            break
    opens = dict(re.findall(r"^(TorchServe|exporter|Prometheus) +(http\S+)$", said, re.M))
    started = psutil.Process(observing.pid).children(recursive=True)

    assert "tsmon_server_up 1" in httpx.get(opens["exporter"], trust_env=False).text
    if shutil.which("prometheus"):
        base = opens["Prometheus"].removesuffix("/alerts")
        assert httpx.get(f"{base}/api/v1/rules", trust_env=False).json()["data"]["groups"]
    else:
        assert "apt-get install prometheus" in said
    assert "no Grafana: no" in said or "docker is not on" in said

    observing.send_signal(signal.SIGINT)
    assert observing.wait(LONGEST_S) == 0
    assert started
    assert not [process for process in started if process.is_running()]
    assert not list(tmp_path.glob("tsmon-observe-*"))
