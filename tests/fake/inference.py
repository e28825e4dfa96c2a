"""The fake's inference port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tests.fake import answers, workflows
from tests.fake.models import Version

if TYPE_CHECKING:
    from tests.fake.server import FakeTorchServe

PATHS = (
    "/",
    "/ping",
    "/v1/models/{model_name}:predict",
    "/v2/models/{model_name}/infer",
    "/predictions/{model_name}",
    "/predictions/{model_name}/{model_version}",
    "/api-description",
    "/metrics",
)
CONFIDENT = 0.91


async def respond(server: FakeTorchServe, request: httpx.Request) -> httpx.Response:
    server.keys.check(request, "inference")
    match request.url.path.split("/")[1:]:
        case ["ping"]:
            return answers.status(server.ping, 500 if server.ping == "Unhealthy" else 200)
        case ["predictions", name] if name:
            return await _predict(server, request, name, None)
        case ["wfpredict", name]:
            return await workflows.predict(server, request, name)
        case ["v1", "models", asked] if asked.endswith(":predict"):
            return await _predict(server, request, asked.removesuffix(":predict"), None)
        case ["v2", "models", name, "infer"]:
            return await _predict(server, request, name, None)
        case ["v2", *rest] if server.open_inference:
            return _open_inference("/".join(rest))
        case ["invocations"] if name := request.url.params.get("model_name"):
            return await _predict(server, request, name, None)
        case ["predictions", name, version, *_]:
            return await _predict(server, request, name, version)
    raise answers.no_such_path()


async def _predict(
    server: FakeTorchServe, request: httpx.Request, name: str, version: str | None
) -> httpx.Response:
    model = server.registry.models.get(name)
    if model is None:
        raise answers.no_such_model(name)
    served = model.versions.get(version or model.default)
    if served is None:
        message = f"Model version: {version} does not exist for model: {name}"
        raise answers.no_such_version(message)
    server.counters.arrived(name, version)
    if not served.workers or served.pending >= served.queue_size:
        raise answers.no_worker(name, version)
    served.in_flight += 1
    try:
        await server.registry.until_some_ready(served)
        await server.faults.wait(request)
        response = _answer(served, request)
    finally:
        served.in_flight -= 1
    server.counters.answered(name, version, 1, served.archive.inference_ms, served.archive.queue_ms)
    return response


def _open_inference(path: str) -> httpx.Response:
    known = {
        "": {"name": "Torchserve", "version": "0.12.0", "extenstion": ["kserve", "kubeflow"]},
        "health/live": {"live": True},
        "health/ready": {"ready": True},
    }
    if path not in known:
        raise answers.no_such_path()
    return answers.answer(known[path])


def _answer(served: Version, request: httpx.Request) -> httpx.Response:
    try:
        digit = served.archive.digit(request.content)
    except Exception:  # noqa: BLE001 (whatever a handler raises, the client sees this)
        raise answers.failed(503, "Prediction failed") from None
    if "application/json" not in request.headers.get("Accept", ""):
        return httpx.Response(200, text=str(digit), headers={"content-type": "text/plain"})
    rest = (1 - CONFIDENT) / 9
    probabilities = [CONFIDENT if n == digit else rest for n in range(10)]
    return httpx.Response(200, json={"digit": digit, "probabilities": probabilities})
