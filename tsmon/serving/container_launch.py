"""Waits until the TorchServe in a container answers at all its addresses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

from tsmon.docker.containers import find_container
from tsmon.docker.engine import DockerError, output_lines
from tsmon.serving import container, image
from tsmon.serving.diagnosis import explain_log, shown
from tsmon.serving.errors import StartFailed
from tsmon.serving.launch import ProgressCallback, StartProgress
from tsmon.torchserve.errors import NotTorchServe
from tsmon.torchserve.metrics import MOST_SCRAPE_BYTES
from tsmon.torchserve.records import parse_api_description
from tsmon.units import period
from tsmon.untrusted.http import Bounds, ask
from tsmon.untrusted.json import BadJson, parse_json

if TYPE_CHECKING:
    from tsmon.serving.record import ServerRecord

_POLL_SECONDS = 0.5
_BOUNDS = Bounds(timeout_s=2.0, most_bytes=MOST_SCRAPE_BYTES)
_READ_LINES = "200"
_GIVEN = "tsmon's settings and those of --set"


class ContainerLaunch:
    """One start of a container, from its image to the first answer."""

    def __init__(self, report: ProgressCallback) -> None:
        self._report = report
        self._began = time.monotonic()

    def provide(self, name: str) -> None:
        """Have the image here.

        Raises:
            ContainerError: it cannot be pulled.
            NoEngine: docker cannot be asked.
        """

        def show_layers(here: int, layers: int) -> None:
            self._say(f"pulling {name}", f"{here} of {layers} layers" if layers else "")

        image.provide(name, show_layers)

    def start(self, record: ServerRecord, seconds: float) -> str:
        """Start the record's container and wait until it answers; TorchServe's version.

        Raises:
            PortTaken: someone has one of its ports.
            ContainerError: its user cannot read the model store.
            StartFailed: it ended or did not answer within *seconds*. What was started is left.
            DockerError: docker refused.
        """
        self._say(f"starting container {record.container}")
        container.start(record.container_id)
        container.check_store(record.container_id, record.model_store)
        return self.wait(record, seconds)

    def wait(self, record: ServerRecord, seconds: float) -> str:
        """Wait until the record's container answers; TorchServe's version.

        Raises:
            StartFailed: it ended or did not answer within *seconds*.
            DockerError: docker refused.
        """
        deadline = time.monotonic() + seconds
        while (version := _version(record)) is None:
            self._say(f"waiting for {record.management}")
            _check_alive(record)
            if time.monotonic() > deadline:
                raise _failed(
                    record,
                    f"TorchServe did not answer at {record.management} within {period(seconds)}",
                )
            time.sleep(_POLL_SECONDS)
        return version

    def _say(self, phase: str, detail: str = "") -> None:
        self._report(StartProgress(phase, time.monotonic() - self._began, detail))


def _version(record: ServerRecord) -> str | None:
    """What the server calls itself; None while not all of it is up.

    The engine takes connections to a published port before anybody listens inside.
    """
    try:
        ask(f"{record.inference}/ping", _BOUNDS).raise_for_status()
        ask(f"{record.metrics}/metrics", _BOUNDS).raise_for_status()
        description = ask(f"{record.management}/api-description", _BOUNDS)
        return parse_api_description(parse_json(description.content)).version
    except (httpx.HTTPError, BadJson, NotTorchServe):
        return None


def _check_alive(record: ServerRecord) -> None:
    facts = find_container(record.container_id)
    if facts is None:
        raise StartFailed(f"The container {record.container} was removed during its start", "")
    if not facts.running:
        memory = ", out of memory" if facts.out_of_memory else ""
        raise _failed(record, f"The container ended with exit code {facts.exit_code}{memory}")
    use = container.look(record.container_id)
    if use.idle and not use.serves:
        raise _failed(record, "TorchServe ended during its start")


def _failed(record: ServerRecord, message: str) -> StartFailed:
    try:
        said = list(output_lines("logs", "--tail", _READ_LINES, record.container_id))
    except DockerError:
        said = []
    diagnosis = explain_log(shown(said), _GIVEN, f"TorchServe was started with {_GIVEN}")
    if diagnosis.cause:
        message += f": {diagnosis.cause}"
    return StartFailed(message, diagnosis.hint, diagnosis.log_lines)
