from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tsmon.serving.environment import server_environment
from tsmon.serving.home import Home
from tsmon.serving.java import Java

HOME = Home(Path("/home/server"))


def environment(threads: int | None = None, **base: str) -> dict[str, str]:
    return server_environment(HOME, Java(Path("/jvm"), 21), Path("/tmp/tsmon-1"), threads, base)


def test_what_torchserve_needs() -> None:
    result = environment(PATH="/bin", LOG_LOCATION="/elsewhere", JAVA_HOME="/old", USER="me")

    assert result == {
        "JAVA_HOME": "/jvm",
        "TEMP": "/tmp/tsmon-1",
        "TMPDIR": "/tmp/tsmon-1",
        "LOG_LOCATION": "/home/server/logs",
        "METRICS_LOCATION": "/home/server/logs",
        "LOG4J_CONFIGURATION_FILE": "log4j2.xml,file:///home/server/console-log4j2.xml",
        "PATH": f"{Path(sys.executable).parent}:/bin",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "USER": "me",
    }


def test_settings_of_another_server_do_not_leak_in() -> None:
    result = environment(TS_CONFIG_FILE="/other", TS_INFERENCE_ADDRESS="http://0.0.0.0:80")

    assert not [key for key in result if key.startswith("TS_")]


@pytest.mark.parametrize(
    ("threads", "base", "expected"),
    [
        (None, {}, ("1", "1")),
        (None, {"OMP_NUM_THREADS": "4"}, ("4", None)),
        (2, {"OMP_NUM_THREADS": "4"}, ("2", "2")),
        (0, {}, (None, None)),
        (0, {"OMP_NUM_THREADS": "4"}, ("4", None)),
    ],
)
def test_threads_of_torch(
    threads: int | None, base: dict[str, str], expected: tuple[str | None, str | None]
) -> None:
    result = environment(threads, **base)

    assert (result.get("OMP_NUM_THREADS"), result.get("MKL_NUM_THREADS")) == expected


def test_what_tsmon_was_told_is_not_handed_to_the_workers() -> None:
    result = environment(TSMON_PROMETHEUS="http://me:Pa55word@prom", TSMON_KEY_FILE="/keys.json")

    assert not [key for key in result if key.startswith("TSMON_")]
