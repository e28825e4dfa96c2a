"""The fake server: what a test does to it, and which port a request goes to."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.fake import answers, inference, management
from tests.fake.archives import Archive, Digit, Loading, always_seven
from tests.fake.counters import Counters
from tests.fake.faults import Faults, Hold, Reply
from tests.fake.keys import Keys
from tests.fake.models import Version
from tests.fake.registry import Registry
from tests.fake.workflows import Workflow, WorkflowArchive
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyRing


class FakeTorchServe:
    """A TorchServe behind `transport()`.

    `metrics_mode` is prometheus, legacy or log; with a `key_file` tokens are on. Nothing happens by
    time: workers go on when they are described or released, as their archive's `Loading` says.
    """

    def __init__(
        self,
        *,
        metrics_mode: str = "prometheus",
        model_api: bool = True,
        key_file: Path | None = None,
        job_queue_size: int = 100,
        addresses: Addresses | None = None,
    ) -> None:
        self.addresses = addresses or Addresses()
        self.metrics_mode = metrics_mode
        self.model_api = model_api
        self.job_queue_size = job_queue_size
        self.store: dict[str, Archive] = {}
        self.workflow_store: dict[str, WorkflowArchive] = {}
        self.open_inference = False
        """Whether it speaks the Open Inference Protocol."""
        self.ping = "Healthy"
        """What `/ping` says; Unhealthy once a worker has failed for longer than it is retried."""
        self.software = "0.12.0"
        """What `/api-description` says; all else stays that of 0.12."""
        self.keys = Keys(key_file)
        self.faults = Faults()
        self.requests: list[httpx.Request] = []
        """Every request that reached the server, in order."""
        self._at_start: list[tuple[str, int]] = []
        self._pids = count(20001)
        self.start()

    # The server's life.

    def start(self) -> None:
        """Start, or start again after `kill`: counters at zero, API-registered models forgotten."""
        self._up = True
        self.counters = Counters()
        self.workflows: dict[str, Workflow] = {}
        self.registry = Registry(self.job_queue_size, self._pids)
        self.keys.renew("management", "inference", "API")
        for url, workers in self._at_start:
            self._load(url, workers, at_start=True)

    def kill(self) -> None:
        """Refuse connections from now on, and break those with a request under way."""
        self._up = False
        self.registry.close()
        self.heal()

    @property
    def is_up(self) -> bool:
        """Whether it was started, and not killed since."""
        return self._up

    def restart(self) -> None:
        """Kill and start."""
        self.kill()
        self.start()

    # Talking to it.

    def transport(self) -> httpx.MockTransport:
        """For `TorchServe(..., transport=...)`."""
        return httpx.MockTransport(self._handle)

    def client(self, *, read_only: bool = False) -> TorchServe:
        """A client of this server that knows its key file."""
        keys = KeyRing(self.keys.path)
        return TorchServe(self.addresses, keys, read_only=read_only, transport=self.transport())

    def sent(self, method: str = "", prefix: str = "") -> list[str]:
        """The requests so far as `METHOD /path`, those with this method and beginning."""
        return [
            f"{request.method} {request.url.path}"
            for request in self.requests
            if request.method.startswith(method) and request.url.path.startswith(prefix)
        ]

    # Models.

    def archive(
        self,
        model: str,
        version: str = "1.0",
        *,
        url: str | None = None,
        loading: Loading = Loading.AT_ONCE,
        digit: Digit = always_seven,
    ) -> str:
        """Put an archive into the store; gives its url, by default `MODEL.mar`."""
        url = url or f"{model}.mar"
        self.store[url] = Archive(model, version, loading, digit)
        return url

    def load(
        self,
        model: str,
        version: str = "1.0",
        *,
        workers: int = 1,
        loading: Loading = Loading.AT_ONCE,
        digit: Digit = always_seven,
        at_start: bool = False,
    ) -> Version:
        """Have a model registered as by API, or with `at_start` as by `--models`."""
        url = f"{model}-{version}.mar"
        self.archive(model, version, url=url, loading=loading, digit=digit)
        if at_start:
            self._at_start.append((url, workers))
        return self._load(url, workers, at_start=at_start)

    def load_many(self, n: int, workers: int = 1) -> None:
        """Have `n` models registered: model-000, model-001 …"""
        for number in range(n):
            self.load(f"model-{number:03d}", workers=workers)

    def version(self, model: str, version: str | None = None) -> Version:
        """A registered version, by default the default one."""
        found = self.registry.models[model]
        return found.versions[version or found.default]

    def release(self, model: str, version: str | None = None) -> None:
        """Let the workers of a version that are held or crashed become ready."""
        released = self.version(model, version)
        for worker in released.workers:
            if not worker.ready:
                worker.become_ready()
        released.changed.set()

    def crash(self, model: str, version: str | None = None) -> None:
        """Kill the processes of a version's workers; `release` brings them back with new pids."""
        for worker in self.version(model, version).workers:
            worker.ready = False

    # Traffic of somebody else.

    def serve(
        self,
        model: str,
        version: str | None = None,
        n: int = 1,
        *,
        inference_ms: float = 5.0,
        queue_ms: float = 0.5,
    ) -> None:
        """Count `n` answered requests; `version` is what their URL named."""
        self.counters.arrived(model, version, n)
        self.counters.answered(model, version, n, inference_ms, queue_ms)

    def arrive(self, model: str, version: str | None = None, n: int = 1) -> None:
        """Count `n` requests that are not answered yet, or never."""
        self.counters.arrived(model, version, n)

    # Faults.

    def hold(self, prefix: str) -> Hold:
        """Keep requests to such paths waiting until the hold is released."""
        return self.faults.hold(prefix)

    def fail(self, prefix: str, reply: Reply, *, times: int | None = None) -> None:
        """Give requests to such paths this answer, or raise this `httpx` error."""
        self.faults.fail(prefix, reply, times)

    def heal(self) -> None:
        """End all faults and holds."""
        self.faults.clear()

    def _load(self, url: str, workers: int, *, at_start: bool) -> Version:
        archive = self.store[url]
        version = self.registry.add(archive.model, url, archive)
        self.registry.models[archive.model].at_startup = at_start
        self.registry.scale(version, workers, workers)
        return version

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        if not self._up:
            raise httpx.ConnectError("All connection attempts failed", request=request)
        life = self.registry
        self.requests.append(request)
        scripted = await self.faults.strike(request)
        if scripted is not None:
            return scripted
        try:
            response = await self._respond(request)
        except answers.Refusal as refusal:
            response = refusal.response
        if life is not self.registry or not self._up:
            message = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(message, request=request)
        response.headers["x-request-id"] = f"00000000-0000-4000-8000-{len(self.requests):012d}"
        self.counters.http_answer(response.status_code)
        return response

    async def _respond(self, request: httpx.Request) -> httpx.Response:
        ports = {
            self.addresses.inference: (inference.PATHS, inference.respond),
            self.addresses.management: (management.PATHS, management.respond),
            self.addresses.metrics: (("/metrics",), _metrics),
        }
        base = f"{request.url.scheme}://{request.url.netloc.decode()}"
        if base not in ports:
            raise httpx.ConnectError("All connection attempts failed", request=request)
        if not request.url.path.startswith("/predictions"):  # those wait in the model's queue
            await self.faults.wait(request)
        paths, respond = ports[base]
        if (request.method, request.url.path) in {("GET", "/api-description"), ("OPTIONS", "/")}:
            return answers.answer(_description(paths, self.software))
        if request.url.path == "/":
            raise answers.wrong_method()
        return await respond(self, request)


async def _metrics(server: FakeTorchServe, request: httpx.Request) -> httpx.Response:
    if request.url.path != "/metrics":
        raise answers.no_such_path()
    return httpx.Response(
        200,
        text=server.counters.text(server.metrics_mode),
        headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"},
    )


def _description(paths: tuple[str, ...], version: str) -> dict[str, Any]:
    info = {"title": "TorchServe APIs", "description": "", "version": version}
    return {"openapi": "3.0.1", "info": info, "paths": {path: {} for path in paths}}
