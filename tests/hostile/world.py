"""A world in which every string that somebody else wrote is hostile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

import tsmon
from tests import docker_stand_in
from tests.fake.loopback import Loopback, beside
from tests.fake.workflows import Workflow, WorkflowArchive
from tests.hostile.payload import evil
from tests.unit.load.run.test_server_side import report
from tests.unit.telemetry.log_page.lines import access, printed, served, traceback, waited
from tests.unit.telemetry.prometheus.fake import FakePrometheus
from tsmon.declared.state import DeclaredState, DeclaredVersion, as_toml
from tsmon.load.refusals import Cause, Failure
from tsmon.load.run.kept import keep_run
from tsmon.load.run.record import run_record
from tsmon.telemetry.scrape import Counters, SeriesKey

MODEL = evil("MODEL-", path=False)
VERSION = evil("1.VERSION-", path=False)
CONTAINER = "ts"
LONG = "LONG" + "x" * 1_000_000
TSMON = (sys.executable, "-m", "tsmon")


@dataclass(frozen=True, slots=True)
class World:
    """Where everything is."""

    folder: Path
    loopback: Loopback
    prometheus: str
    environment: dict[str, str]

    @property
    def server(self) -> str:
        """The management address."""
        return self.loopback.fake.addresses.management.removeprefix("http://")

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def image(self) -> Path:
        return next(self.images.glob("*.png"))

    @property
    def images(self) -> Path:
        return self.folder / "images"

    @property
    def payloads(self) -> Path:
        """Files that are no images."""
        return self.folder / "payloads"

    @property
    def state(self) -> Path:
        """A declared state."""
        return self.folder / "state.toml"

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def recording(self) -> Path:
        return self.folder / evil("recording", path=False)


@contextmanager
def hostile_world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A server with its logs and files, a Prometheus, a Docker, a configuration."""
    with ExitStack() as stack:
        loopback = stack.enter_context(beside(in_a_row=True))
        prom = stack.enter_context(beside())
        prom._transport = _prometheus().transport()
        engine = docker_stand_in.install(folder / "docker", monkeypatch)
        environment = {
            "PYTHONPATH": str(Path(tsmon.__file__).parents[1]),
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "user"),
            "XDG_STATE_HOME": str(folder / "state"),
            "TSMON_CONFIG": str(folder / "config.toml"),
            "TSMON_HOME": str(folder / "home"),
            "COLUMNS": "",
        }
        world = World(folder, loopback, prom.fake.addresses.metrics, environment)
        _have_models(world)
        _write_logs(world)
        _write_files(world)
        engine.run(world.logs.parent, mounted=None)
        engine.write("console", evil("CONSOLE-") + "\n")
        _record(world)
        yield world


def _have_models(world: World) -> None:
    fake = world.loopback.fake
    fake.load(MODEL, VERSION, workers=2)
    fake.load(MODEL, evil("2.VERSION-", path=False))
    fake.load("mnist", workers=1)
    fake.serve("mnist", n=5)
    fake.serve(MODEL, VERSION, n=5)
    fake.workflows[evil("WORKFLOW-")] = Workflow(WorkflowArchive("w", ()), evil("WAR-"))
    fake.archive(evil("ARCHIVED-"), evil("VERSION-"), url=evil("ARCHIVE-"))
    told = {"status": evil("STATUS-")}
    refusal = {"code": 503, "type": evil("TYPE-"), "message": evil("REFUSED-") + LONG}
    fake.fail("/ping", httpx.Response(200, json=told))
    fake.fail(
        f"/predictions/{MODEL}",
        httpx.Response(503, json=refusal, headers=[(b"x-request-id", b"ID\x9b31m")]),
    )
    fake.fail("/api-description", httpx.Response(200, json=_description()))
    passing = fake.transport()

    async def handle(request: httpx.Request) -> httpx.Response:
        response = await passing.handle_async_request(request)
        if request.method == "GET" and request.url.path.startswith("/models/"):
            return _hostile_description(response)
        if b"TEXT-" in request.content:
            return httpx.Response(200, text=evil("ANSWER-"), headers={"content-type": "text/plain"})
        if request.url.path == "/metrics":
            return httpx.Response(200, text=response.text + _hostile_series())
        return response

    world.loopback._transport = httpx.MockTransport(handle)


def _description() -> dict[str, Any]:
    info = {"title": "TorchServe APIs", "description": "", "version": evil("0.12-")}
    return {"openapi": "3.0.1", "info": info, "paths": {"/models": {}, "/metrics": {}, "/ping": {}}}


def _hostile_description(response: httpx.Response) -> httpx.Response:
    described = response.json()
    for version in described if isinstance(described, list) else ():
        version["runtime"] = evil("RUNTIME-")
        version[evil("FIELD-")] = evil("VALUE-")
        for worker in version["workers"][1:]:
            worker |= {"status": evil("STATE-"), "gpuUsage": evil("GPU-"), "id": evil("WORKER-")}
    return httpx.Response(response.status_code, json=described)


def _hostile_series() -> str:
    label = evil("LABEL-").replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    labels = f'{{model_name="{label}",model_version="{label}",hostname="{label}",}}'
    own = f'# HELP A_first {label}\n# TYPE A_first gauge\nA_first{{name="{label}"}} 1.0\n'
    return f"{own}ts_inference_requests_total{labels} 3.0\n"


def _prometheus() -> FakePrometheus:
    prom = FakePrometheus()
    key = SeriesKey(evil("PROM-MODEL-"), evil("VERSION-"))
    for at in (0, 15, 30):
        prom.scrape(at, {key: Counters(float(at), at * 9e3, at * 1e3)}, instance="h:8082")
    prom.scrape(30, None, instance=evil("INSTANCE-"))
    prom.last_error = evil("SCRAPE-")
    return prom


def _write_logs(world: World) -> None:
    world.logs.mkdir()
    name = "".join(evil("", path=False, lines=False).split())
    thread = f"W-9000-mnist{name}_1.0"
    asked = f"POST /predictions/{''.join(evil('ASKED-', lines=False).split())}"
    lines = [
        printed(1, evil("PRINTED-", lines=False)),
        served(2, evil("SERVED-", lines=False), thread=thread, level="ERROR"),
        access(3, 400, 12, what=asked),
        access(4, 200, 900),
        waited(4.001, 1, 2),
        access(5, 503, 3, thread=thread, what=asked),
        *traceback(6, raised=f"ValueError: {evil('RAISED-', lines=False)}"),
        served(7, LONG),
        evil("NO-LINE-", lines=False).encode(),
        b"bytes \xff\xfe\x9b31m of no encoding",
    ]
    text = b"\n".join(lines) + b"\n"
    for name in ("ts_log.log", "model_log.log", "access_log.log"):
        (world.logs / name).write_bytes(text)


def _write_files(world: World) -> None:
    declared = DeclaredVersion(evil("DECLARED-", path=False), evil("2.0"), evil("STATE-"), True)
    world.state.write_text(as_toml(DeclaredState((declared,)), "models"))
    world.images.mkdir()
    world.payloads.mkdir()
    for name, content in {
        ".txt": evil("TEXT-"),
        ".json": json.dumps({evil("KEY-"): evil("VALUE-")}),
        ".bin": "\0" + evil("BINARY-"),
        ".wav": evil("RIFF"),
    }.items():
        (world.payloads / f"{evil('PAYLOAD-', path=False)}{name}").write_text(content)
    world.store.mkdir()
    for label in "07":
        path = world.images / f"{evil('image', path=False)}.{label}.png"
        Image.new("L", (28, 28), 90).save(path)
    (world.images / f"{evil('broken', path=False)}.3.png").write_text("no image")
    (world.images / evil("folder", path=False)).mkdir()
    (world.store / f"{evil('broken', path=False)}.mar").write_text("no archive")
    key = json.dumps(evil("SERVER-", path=False))
    (world.folder / "config.toml").write_text(
        f'[servers.{key}]\nurl = "http://{world.server}"\nlogs = {json.dumps(str(world.logs))}\n'
        f'color = "red"\n[servers.dead]\nurl = "http://127.0.0.1:9"\n'
        f"[monitor]\nperiod = 30\nmodel_store = {json.dumps(str(world.store))}\n"
        f"samples = {json.dumps(str(world.images))}\n"
        f"[limits.{json.dumps(evil('LIMIT-', path=False))}]\nwhen = 'ready < 9'\n"
        f"[notify]\nexec = ['sh', '-c', 'cat; exit 1']\n"
    )
    (world.folder / "broken.toml").write_text(f"{key} = {key}\n[monitor]\ntheme = {key}\n")
    (world.folder / "key_file.json").write_text("{}")
    (world.folder / "user").mkdir()
    cause = Cause(Failure.HANDLER, 503, evil("CAUSE-"))
    record = run_record(report(9, {cause: 1}), datetime.now(UTC))
    named = {"model": evil("RUN-MODEL-"), "version": evil("RUN-VERSION-"), "ending": evil("END-")}
    keep_run(record | named, world.folder / "home")


def _record(world: World) -> None:
    command = [*TSMON, "record", str(world.recording), "--server", world.server, "--count", "2"]
    done = subprocess.run(
        [*command, "--interval", "0.1", "--logs", str(world.logs)],
        env={**os.environ, **world.environment},
        cwd=world.folder,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
