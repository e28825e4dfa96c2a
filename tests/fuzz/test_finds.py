"""What fuzzing has found, input by input."""

from __future__ import annotations

import pytest

from tests.fuzz.seeds import LARGE
from tests.fuzz.targets import BY_NAME, feed

DEEP = b'{"a":' * 5000
FINDS = [
    ("metrics text", b"# TYPE CPUUtilization gauge\nCPUUtilization{} " + LARGE),
    ("metrics text", b"ts_inference_requests_total{} " + LARGE),
    (
        "Prometheus query",
        b'{"status": "success", "data": {"resultType": "vector", "result":'
        b' [{"metric": {}, "value": [' + LARGE + b', "1"]}]}}',
    ),
    ("prediction", DEEP),
    ("load increment", DEEP),
    ("time zone", b"a/" * 2000),
    ("log place", b"a" * 5000),
    ("log place", b"docker:"),
    ("java -version", b'version "' + b"9" * 5000 + b'"'),
    ("docker inspect", b"1"),
    ("docker inspect", b'[{"State": {"Status": "running"}, "Config": {"Env": [1]}}]'),
]


@pytest.mark.parametrize(("name", "data"), FINDS)
def test_what_was_found_is_mended(name: str, data: bytes) -> None:
    feed(BY_NAME[name], data)
