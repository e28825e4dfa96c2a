"""The parsers, each with the errors that it documents and real text to begin with: a line each."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.fuzz import seeds
from tsmon.cli.reports.plain import plain_line
from tsmon.cli.reports.ticks import tick_line, tick_record
from tsmon.conditions import BadCondition, parse_condition
from tsmon.config.errors import ConfigError
from tsmon.config.files import parsed
from tsmon.config.schema import Config
from tsmon.config.values import assembled
from tsmon.declared.state import read_state
from tsmon.digits.datasets import read_dataset
from tsmon.digits.images import DigitImage, picture_size, preview
from tsmon.digits.labels import read_labels
from tsmon.docker.containers import read_container
from tsmon.docker.engine import DockerError
from tsmon.fleet.file_sd import BadFile, parse_file_sd
from tsmon.load.capacity.curve import read_points
from tsmon.load.classes import find_class
from tsmon.load.experiment.kept import read_result
from tsmon.load.run.increment import Increment
from tsmon.load.run.record import past_run
from tsmon.logs.places import parse_log_place
from tsmon.logs.time_zone import LogZone, parse_zone
from tsmon.payloads.files import read_lines
from tsmon.payloads.payload import Payload, PayloadError
from tsmon.payloads.request_form import RequestForm, Template
from tsmon.serving.errors import ArchiveError, BadHome
from tsmon.serving.java import parse_version
from tsmon.serving.model_store import read_archive
from tsmon.serving.properties import parse as parse_properties
from tsmon.serving.record import ServerRecord
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.log_page.buffer import LogBuffer
from tsmon.telemetry.log_page.lines import parse_line
from tsmon.telemetry.log_page.requests import RequestBuffer
from tsmon.telemetry.log_page.view import LogView
from tsmon.telemetry.logs.causes import find_cause
from tsmon.telemetry.logs.logged_series import LoggedSeries
from tsmon.telemetry.logs.request_lines import RequestLines
from tsmon.telemetry.logs.request_report import Samples, TimesKey
from tsmon.telemetry.logs.request_times import RequestTimes
from tsmon.telemetry.logs.server_log_follower import LoggedCounters
from tsmon.telemetry.logs.tracebacks import tracebacks, worker_lines
from tsmon.telemetry.logs.worker_exits import read_exits
from tsmon.telemetry.logs.worker_states import WorkerStates
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.schema import RecordingError
from tsmon.telemetry.scrape import MetricsMode, Scrape, UnreadableScrape, parse_scrape
from tsmon.telemetry.series.readings import read_series, series_words
from tsmon.telemetry.source import Description, Observation
from tsmon.telemetry.time_expressions import parse_time
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.connection import read_json
from tsmon.torchserve.errors import InvalidArgument, NotTorchServe, TorchServeError, parse_error
from tsmon.torchserve.gpu import parse_gpu_usage, parse_nvidia_smi
from tsmon.torchserve.records import (
    parse_api_description,
    parse_customized,
    parse_page,
    parse_status,
    parse_versions,
)
from tsmon.torchserve.tokens import KeyFileError, parse_key_file
from tsmon.tui.commands.table import parse_seconds
from tsmon.tui.keymap.names import BadKey, read_keys
from tsmon.tui.state.filters import parse_filter
from tsmon.untrusted.json import BadJson, parse_json
from tsmon.untrusted.text import one_line, visible

Errors = tuple[type[Exception], ...]
_NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_CLOCK = Instant(1000.0, _NOON)
_REQUEST = httpx.Request("GET", "http://host/")


@dataclass(frozen=True, slots=True)
class Target:
    """One parser."""

    name: str
    parse: Callable[[bytes], object]
    documented: Errors
    """What may come out of it besides a value."""
    seeds: tuple[bytes, ...]


def _text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    """For parsers of text that was decoded before."""
    return lambda data: parse(data.decode(errors="replace"))


def _lines(parse: Callable[[list[bytes]], object]) -> Callable[[bytes], object]:
    return lambda data: parse(data.split(b"\n"))


def _answer(parse: Callable[[Any], object]) -> Callable[[bytes], object]:
    """For what reads the JSON of an answer."""
    return lambda data: parse(read_json(httpx.Response(200, content=data, request=_REQUEST)))


def _file(parse: Callable[[Path], object], suffix: str = "") -> Callable[[bytes], object]:
    """For what reads a file; it lies in memory where that can be had."""
    folder = "/dev/shm" if Path("/dev/shm").is_dir() else None

    def run(data: bytes) -> object:
        descriptor, name = tempfile.mkstemp(suffix, "tsmon-fuzz-", folder)
        path = Path(name)
        try:
            os.write(descriptor, data)
            return parse(path)
        finally:
            os.close(descriptor)
            path.unlink()

    return run


def _json(parse: Callable[[Any], object]) -> Callable[[bytes], object]:
    """For what reads values that were JSON in a file."""

    def run(data: bytes) -> object:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return None
        return parse(value)

    return run


def _shown(payload: object) -> None:
    """A model as described all the way to the lines that are printed of it."""
    models = tuple(Description(model, index == 0) for index, model in enumerate(_named(payload)))
    scrape = Scrape(_CLOCK, MetricsMode.PROMETHEUS, {})
    monitor = Monitor(_Nobody())
    for _ in range(2):
        snapshot = monitor.digest(Observation(_CLOCK, None, models, scrape))
    plain_line(snapshot)
    for model in snapshot.models:
        tick_line(snapshot, model)
        json.dumps(tick_record(snapshot, model))


def _named(payload: object) -> Sequence[Any]:
    versions = parse_versions(payload)
    return list({(model.name, model.version): model for model in versions}.values())


class _Nobody:
    label = "host"

    async def observe(self, focus: object) -> Observation:
        raise NotImplementedError


def _prometheus(path: str) -> Callable[[bytes], object]:
    """The answers of a Prometheus, by the client that asks for them."""

    def run(data: bytes) -> object:
        async def handle(_: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=data)

        async def ask() -> object:
            transport = httpx.MockTransport(handle)
            async with Prometheus("http://host", transport=transport) as client:
                return await (client.targets() if path == "targets" else client.query("up"))

        return asyncio.run(ask())

    return run


def _server_log(lines: list[bytes]) -> None:
    states = WorkerStates()
    states.read(lines)
    for state in states.values():
        state.given_up()
        state.retry_in_s(_NOON.replace(tzinfo=None))
    times = RequestTimes()
    found: dict[TimesKey, Samples] = {}
    RequestLines().read(b"".join(line + b"\n" for line in lines), found)
    times.add(found, 0.0)
    for key in list(times.keys()):
        times.report([key], 1.0)
    buffer = RequestBuffer()
    buffer.read(lines)
    for request in buffer.kept():
        LogZone(UTC).moment(request.began)


def _model_log(lines: list[bytes]) -> None:
    said = list(worker_lines(lines))
    list(tracebacks(said))
    find_cause(lines, lines)


def _metrics_log(lines: list[bytes]) -> None:
    counters = LoggedCounters()
    counters.add(b"\n".join(lines))
    assert counters.series is not None


def _log_page(lines: list[bytes]) -> None:
    view = LogView(LogBuffer(budget=25_000))
    view.update(view.buffer.add([parse_line(line) for line in lines]))
    view.seek("mnist")
    view.toggle_all()
    view.row_at(_NOON.replace(tzinfo=None))


def _config(text: str) -> None:
    assembled(Config, parsed(text, Path("/nowhere/tsmon.toml")))


def _recording(path: Path) -> None:
    recording = Recording(path)
    try:
        for index in range(min(len(recording.ticks), 3)):
            recording.observation(index)
    finally:
        recording.close()


def _picture(path: Path) -> None:
    image = DigitImage(path, None)
    picture_size(image)
    preview(image)


def _visible(text: str) -> None:
    for shown in (visible(text), one_line(text)):
        assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in shown)


def _series(text: str) -> None:
    published = parse_scrape(text, _CLOCK).published
    for each in read_series(published, published, 1.0):
        assert each.text
        series_words(each)


def _logged_series(lines: Sequence[bytes]) -> None:
    series = LoggedSeries()
    series.add(b"\n".join(lines))
    read_series(series.published, None, 0.0)


def _kserve(path: Path) -> object:
    return [RequestForm(template=each).body(Payload.at(path)) for each in Template]


TARGETS: tuple[Target, ...] = (
    Target(
        "metrics text",
        _text(lambda text: parse_scrape(text, _CLOCK)),
        (UnreadableScrape,),
        (seeds.exposition(),),
    ),
    Target(
        "all series",
        _text(_series),
        (UnreadableScrape,),
        (seeds.exposition(), seeds.HISTOGRAM),
    ),
    Target("GPU of a worker", _text(parse_gpu_usage), (), (seeds.GPU_USAGE,)),
    Target("nvidia-smi", _text(parse_nvidia_smi), (), (b"0, 35, 18950, 24576\n1, [N/A], 1, 2",)),
    Target("describe", _answer(parse_versions), (NotTorchServe,), (seeds.described(),)),
    Target("described model, shown", _answer(_shown), (NotTorchServe,), (seeds.described(),)),
    Target("model list", _answer(parse_page), (NotTorchServe,), (seeds.listed(),)),
    Target(
        "api description",
        _answer(parse_api_description),
        (NotTorchServe,),
        (b'{"info": {"title": "TorchServe APIs", "version": "0.12"}, "paths": {"/": {}}}',),
    ),
    Target("status", _answer(parse_status), (NotTorchServe,), (b'{"status": "Healthy"}',)),
    Target("customized", _answer(parse_customized), (NotTorchServe,), (seeds.described(),)),
    Target("error body", parse_error, (), seeds.errors()),
    Target("any JSON", parse_json, (BadJson,), (seeds.KEYS, seeds.described())),
    Target("key file", _text(parse_key_file), (KeyFileError,), (seeds.KEYS,)),
    Target("ts_log", _lines(_server_log), (), seeds.server_log()),
    Target("ts_log, endings", _lines(read_exits), (), seeds.server_log()),
    Target("model_log", _lines(_model_log), (), seeds.model_log()),
    Target(
        "ts_metrics.log",
        _lines(_metrics_log),
        (),
        (b"\n".join(seeds.STEPS),),
    ),
    Target("all metrics of the logs", _lines(_logged_series), (), (seeds.OWN_METRICS,)),
    Target("log page", _lines(_log_page), (), seeds.server_log() + seeds.model_log()),
    Target("configuration", _text(_config), (ConfigError,), (seeds.TOML,)),
    Target("config.properties", _text(parse_properties), (), (seeds.PROPERTIES,)),
    Target("target file, JSON", _text(parse_file_sd), (BadFile,), (seeds.FILE_SD,)),
    Target(
        "target file, YAML",
        _text(lambda text: parse_file_sd(text, yaml=True)),
        (BadFile,),
        (seeds.FILE_SD_YAML, seeds.FILE_SD),
    ),
    Target("Prometheus query", _prometheus("query"), (TorchServeError,), seeds.PROMETHEUS),
    Target("Prometheus targets", _prometheus("targets"), (TorchServeError,), seeds.PROMETHEUS),
    Target(
        "docker inspect",
        _json(
            lambda found: read_container(found[0] if isinstance(found, list) and found else found)
        ),
        (DockerError,),
        (seeds.CONTAINER,),
    ),
    Target(".mar", _file(read_archive, ".mar"), (ArchiveError,), seeds.archives()[:1]),
    Target(".tar.gz", _file(read_archive, ".tar.gz"), (ArchiveError,), seeds.archives()[1:]),
    Target("prediction", _text(find_class), (), (b'{"digit": 7}', b"7")),
    Target(
        "recording",
        _file(_recording),
        (RecordingError,),
        (seeds.recording(),),
    ),
    Target("image", _file(_picture, ".png"), (PayloadError,), seeds.images()),
    Target("IDX", _file(read_dataset, "-images-idx3-ubyte"), (PayloadError,), seeds.IDX),
    Target(
        "packed IDX", _file(read_dataset, "-images-idx3-ubyte.gz"), (PayloadError,), seeds.packed()
    ),
    Target("npz", _file(read_dataset, ".npz"), (PayloadError,), seeds.arrays()),
    Target("labels", _file(read_labels, ".csv"), (PayloadError,), seeds.LABELS),
    Target("labels, JSON", _file(read_labels, ".json"), (PayloadError,), (b'{"a.png": 7}',)),
    Target("lines", _file(read_lines, ".jsonl"), (PayloadError,), (b'{"a": 1}\n\n[2]\n',)),
    Target("KServe's JSON", _file(_kserve, ".json"), (PayloadError,), seeds.TENSORS),
    Target("declared state", _file(read_state, ".toml"), (InvalidArgument,), (seeds.STATE,)),
    Target("declared state, JSON", _file(read_state, ".json"), (InvalidArgument,), seeds.STATES),
    Target("load increment", Increment.from_line, (ValueError,), (seeds.INCREMENT,)),
    Target("load run", _json(past_run), (ValueError,), (seeds.load_run(),)),
    Target("experiment result", _json(read_result), (ValueError,), (seeds.experiment(),)),
    Target(
        "measured points",
        _file(read_points),
        (InvalidArgument,),
        (b'[{"workers": 1, "service_ms": 8.1, "scv": 0.3, "throughput": 110}]',),
    ),
    Target("server.json", _file(ServerRecord.load), (BadHome,), (seeds.RECORD,)),
    Target(
        "moment",
        _text(lambda text: parse_time(text, _NOON)),
        (InvalidArgument,),
        seeds.MOMENTS,
    ),
    Target("duration", _text(parse_seconds), (InvalidArgument,), seeds.DURATIONS),
    Target("time zone", _text(parse_zone), (InvalidArgument,), seeds.ZONES),
    Target("log place", _text(parse_log_place), (InvalidArgument,), (b"docker:a:/b", b"/tmp")),
    Target(
        "address",
        _text(lambda text: Addresses.from_server(text).label),
        (InvalidArgument,),
        seeds.ADDRESSES,
    ),
    Target("filter", _text(parse_filter), (), seeds.FILTERS),
    Target(
        "condition",
        _text(parse_condition),
        (BadCondition,),
        (b"p95 > 50 ms for 1 min", b"errors>1%", b"restarts over 2 in 10 min"),
    ),
    Target("key names", _text(read_keys), (BadKey,), seeds.KEY_NAMES),
    Target("java -version", _text(parse_version), (), (b'openjdk version "17.0.9" 2023',)),
    Target("text to show", _text(_visible), (), (b"\x1b]52;c;x\x07", b"plain")),
)
BY_NAME = {target.name: target for target in TARGETS}


def feed(target: Target, data: bytes) -> None:
    """Parse an input; what it documents is let go, anything else comes out."""
    with suppress(*target.documented):
        target.parse(data)
