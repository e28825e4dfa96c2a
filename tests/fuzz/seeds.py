"""Real text for the parsers to begin with."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import tarfile
import tempfile
import zipfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from PIL import Image

from tests.fake.answers import answer, bad_token, no_worker
from tests.fake.archives import Archive
from tests.fake.counters import Counters
from tests.fake.models import Version
from tests.unit.load.experiment.results import measurement, result
from tests.unit.load.run.test_server_side import FULL, report
from tests.unit.telemetry.log_page.lines import access, handled, printed, traceback, waited
from tests.unit.telemetry.logs.real_lines import model_lines, server_lines
from tsmon.load.experiment.kept import result_record
from tsmon.load.run.record import run_record
from tsmon.telemetry.recording.schema import open_for_writing

LARGE = b"1" + b"0" * 400
"""A number that no float holds."""
STEPS = (
    b"2026-11-22T13:00:01,000 - ts_inference_requests_total.Count:1.0"
    b"|#model_name:mnist,model_version:default|#hostname:vm,timestamp:1",
    b"2026-11-22T13:00:01,000 - ts_inference_latency_microseconds.Microseconds:8012.5"
    b"|#model_name:mnist,model_version:default|#hostname:vm,timestamp:1",
)
KEYS = json.dumps(
    {
        "management": {"key": "B-E5KSRM", "expiration time": "2026-11-22T14:27:15.796456789Z"},
        "inference": {"key": "gNRuA7dS", "expiration time": "2026-11-22T14:27:15.796Z"},
        "API": {"key": "yv9uQajP"},
    }
).encode()
TOML = b"""
[servers.prod]
url = "https://prod:8444"
key_file = "keys/prod.json"
log_zone = "UTC"
[monitor]
period = 2.0
theme = "nord"
[keys]
"model.register" = "r, R"
"""
PROPERTIES = (
    b'inference_address=http://127.0.0.1:8080\n# a comment\nmodels={\\\n  "m": {}}\n'
    b"metrics_mode : prometheus\njob_queue_size 10\nkey\\u00e9=\\u20ac\n"
)
FILE_SD = b'[{"targets": ["127.0.0.1:8082", "host:9082"], "labels": {"job": "ts", "env": "x"}}]'
FILE_SD_YAML = b"- targets: ['127.0.0.1:8082', host:9082]\n  labels:\n    job: ts\n    env: &a x\n"
PROMETHEUS = tuple(
    json.dumps({"status": "success", "data": data}).encode()
    for data in (
        {
            "resultType": "vector",
            "result": [{"metric": {"__name__": "up"}, "value": [1795348659.1, "1"]}],
        },
        {
            "resultType": "matrix",
            "result": [{"metric": {}, "values": [[1795348659.1, "1"], [1795348660, "NaN"]]}],
        },
        {"activeTargets": [{"labels": {"instance": "a:1", "job": "j"}, "lastError": "no"}]},
    )
)
CONTAINER = json.dumps(
    [
        {
            "Id": "0123abcd",
            "Name": "/tsmon",
            "State": {"Status": "running", "ExitCode": 0, "StartedAt": "2026-11-22T13:00:00.1Z"},
            "Config": {"Image": "pytorch/torchserve", "Env": ["A=b"], "WorkingDir": "/home"},
            "Mounts": [{"Source": "/a", "Destination": "/b"}],
            "HostConfig": {"AutoRemove": False, "PortBindings": {}},
            "NetworkSettings": {"Ports": {"8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "80"}]}},
        }
    ]
).encode()
MANIFEST = json.dumps(
    {
        "createdOn": "22/11/2026 13:26:32",
        "runtime": "python",
        "model": {"modelName": "mnist", "handler": "h.py", "modelVersion": "1.0"},
    }
).encode()
INCREMENT = (
    b'{"at_s":1.5,"planned":3,"sent":2,"under_way":1,"times_us":[812,900],"right":{"7":1},'
    b'"wrong":{},"failed":[["refused",400,"no",1]],"no_connection":"","ending":"stopped",'
    b'"refused":{"code":503,"type":"E","message":"no"},"done":false}\n'
)
RECORD = json.dumps(
    {
        "pid": 4711,
        "temp_dir": "/tmp/ts-1",
        "container": "",
        "container_id": "",
        **dict.fromkeys(("inference", "management", "metrics"), "http://127.0.0.1:8081"),
        "model_store": "/store",
        "key_file": "/home/key_file.json",
        "version": "0.12.0",
        "started_at": 1795348659.0,
        "ready": True,
    }
).encode()
MOMENTS = (b"-5m", b"14:03", b"14:03:12+02:00", b"2026-11-22T14:03", b"- 1.5 h")
DURATIONS = (b"30s", b"5m", b"1.5h", b"90")
ZONES = (b"UTC", b"+02:00", b"UTC-5", b"Europe/Berlin", b"../etc/passwd")
ADDRESSES = (b"host:8081", b"https://host", b"http://[::1]:8081", b"u:p@host", b"host:99999")
FILTERS = (b"mnist", b"!mnist", b"~m.*t", b"/(a|b)+/", b"~(a+)+$", b"~[")
KEY_NAMES = (b"r, R", b"ctrl+r", b"shift+tab", b"?", b"+", b"comma")
NUMBERS = (b"1", b"0.5", LARGE, b"nan")


def load_run() -> bytes:
    """A load run that was kept."""
    return json.dumps(run_record(report(60, {FULL: 40}), datetime.now(UTC))).encode()


def experiment() -> bytes:
    """A result that an experiment kept."""
    return json.dumps(result_record(result(measurement(1), measurement(2)))).encode()


def described() -> bytes:
    """What describe answers for a model with workers."""
    version = Version("mnist", "mnist.mar", Archive("mnist"), 100)
    entry = version.describe(at_startup=True)
    entry["workers"] = [
        {
            "id": "9000",
            "startTime": "2026-11-22T13:27:15.796Z",
            "status": "READY",
            "memoryUsage": 123456789,
            "pid": 20001,
            "gpu": True,
            "gpuUsage": "gpuId::0 utilization.gpu [%]::0 % memory.used [MiB]::18950 MiB",
        }
    ]
    return json.dumps([entry]).encode()


def listed() -> bytes:
    """What the list answers."""
    models = [{"modelName": "mnist", "modelUrl": "mnist.mar"}]
    return answer({"nextPageToken": "1", "models": models}).content


def errors() -> tuple[bytes, ...]:
    """TorchServe's errors, and a proxy's."""
    refusals = (bad_token("Authorization"), no_worker("mnist", "1.0"))
    return (*(each.response.content for each in refusals), b"<html>502 Bad Gateway</html>")


def exposition() -> bytes:
    """What `/metrics` answers."""
    counters = Counters()
    counters.arrived("mnist", None, 3)
    counters.answered("mnist", None, 2, 5.0, 0.5)
    counters.arrived('odd "name"\\\n', "1.0")
    counters.http_answer(200)
    return counters.text("prometheus").encode()


HISTOGRAM = b"""# HELP took Torchserve prometheus histogram metric with unit: Milliseconds
# TYPE took histogram
took_bucket{m="a",le="0.1",} 1.0
took_bucket{m="a",le="+Inf",} 2.0
took_count{m="a",} 2.0
took_sum{m="a",} -3.0
# TYPE q summary
q{quantile="0.5",} NaN
"""
GPU_USAGE = (
    b"gpuId::0 utilization.gpu [%]::3 % utilization.memory [%]::1 % memory.used [MiB]::18,950 MiB"
)
OWN_METRICS = b"""2026-12-01T00:03:26,209 - MemoryUsed.MB:2171.7|#Level:Host|#hostname:h,timestamp:1
2026-12-01T00:03:28,583 - Own.KB:0.3|#A:b,C:d|#hostname:h,requestID:null,timestamp:1
"""


def server_log() -> tuple[bytes, ...]:
    """ts_log: requests, a crash loop, and the lines around them."""
    requests = (access(31, 503), waited(31, 1, 2), handled(31, 1.5), access(32))
    return (b"\n".join(requests), b"\n".join(server_lines("crash_loop")[:60]))


def model_log() -> tuple[bytes, ...]:
    """model_log: tracebacks and chatter."""
    chained = [*traceback(30), printed(30.1, ""), *traceback(30.2, "ValueError: no")]
    return (b"\n".join(chained), b"\n".join(model_lines("crash_loop")[:60]))


@cache
def archives() -> tuple[bytes, ...]:
    """A .mar and what a .tar.gz is."""
    mar = io.BytesIO()
    with zipfile.ZipFile(mar, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("MAR-INF/MANIFEST.json", MANIFEST)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        member = tarfile.TarInfo("mnist/MAR-INF/MANIFEST.json")
        member.size = len(MANIFEST)
        tar.addfile(member, io.BytesIO(MANIFEST))
    return mar.getvalue(), gzip.compress(raw.getvalue())


@cache
def images() -> tuple[bytes, ...]:
    """Small pictures of the kinds that are sent."""
    found = []
    for kind in ("PNG", "JPEG"):
        file = io.BytesIO()
        Image.linear_gradient("L").resize((28, 28)).save(file, kind)
        found.append(file.getvalue())
    return tuple(found)


@cache
def recording() -> bytes:
    """A recording of one tick."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "recording"
        connection = open_for_writing(path)
        connection.execute("INSERT INTO session VALUES (1, 'host:8081', 1795348659.0)")
        connection.execute(
            "INSERT INTO tick (id, session, time, elapsed, server_version, metrics_mode,"
            " metrics_elapsed, metrics_logged) VALUES (1, 1, 1795348660, 1, '0.12', 'log', 1, 0)"
        )
        connection.execute("INSERT INTO body VALUES (1, ?)", (described().decode()[1:-1],))
        connection.execute("INSERT INTO description VALUES (1, 0, 1, 1)")
        connection.execute("INSERT INTO counter VALUES (1, 'mnist', 'default', 3, 1000, 10)")
        _finish(connection)
        return path.read_bytes()


def _finish(connection: sqlite3.Connection) -> None:
    """Have all of it in the one file."""
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


IDX = (b"\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x02" + bytes(range(8)),)
LABELS = (b"a.png,7\nb.png,3\n", b"a.png 7\n# words\n", b"name\tlabel\na.png\t7\n")
TENSORS = (b"[[1, 2], [3, 4]]", b'{"inputs": []}', b'"words"', b"[0.5, 1]")
STATE = b"""
[[models]]
name = "mnist"
version = "1.0"
archive = "mnist.mar"
default = true
min_workers = 1
max_workers = 2
batch_size = 8
"""
STATES = (b'{"models": [{"name": "m", "version": "1.0", "archive": "m.mar"}]}',)


@cache
def packed() -> tuple[bytes, ...]:
    """A packed IDX file."""
    return (gzip.compress(IDX[0], mtime=0),)


@cache
def arrays() -> tuple[bytes, ...]:
    """Images and labels as NumPy keeps them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as npz:
        for name, shape, size in (("x_test", (2, 2, 2), 8), ("y_test", (2,), 2)):
            words = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
            head = b"\x93NUMPY\x01\0" + len(words).to_bytes(2, "little")
            npz.writestr(f"{name}.npy", head + words + bytes(range(size)))
    return (file.getvalue(),)
