"""The fake's management port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tests.fake import answers, workflows
from tests.fake.archives import Loading
from tests.fake.models import Model, Version

if TYPE_CHECKING:
    from tests.fake.server import FakeTorchServe

PATHS = (
    "/",
    "/models",
    "/models/{model_name}",
    "/models/{model_name}/{model_version}",
    "/models/{model_name}/{model_version}/set-default",
    "/api-description",
    "/metrics",
)
SETTINGS = ("batch_size", "max_batch_delay", "response_timeout", "startup_timeout")


async def respond(server: FakeTorchServe, request: httpx.Request) -> httpx.Response:
    if server.keys.path and "/token" in request.url.raw_path.decode():
        return _token(server, request)
    server.keys.check(request, "management")
    match request.url.path.split("/")[1:]:
        case ["workflows", *name]:
            return await workflows.respond(server, request, "/".join(name))
        case ["models"]:
            return await _models(server, request)
        case ["models", name]:
            return await _model_version(server, request, name, None)
        case ["models", name, version, "set-default"] if request.method == "PUT":
            return _set_default(server, name, version)
        case ["models", name, version, *_]:
            return await _model_version(server, request, name, version)
    raise answers.no_such_path()


async def _models(server: FakeTorchServe, request: httpx.Request) -> httpx.Response:
    match request.method:
        case "GET":
            return _list(server, request)
        case "POST":
            return await _register(server, request)
    raise answers.wrong_method()


async def _model_version(
    server: FakeTorchServe, request: httpx.Request, name: str, version: str | None
) -> httpx.Response:
    match request.method:
        case "GET":
            return _describe(server, request, name, version)
        case "PUT":
            return await _scale(server, request, name, version)
        case "DELETE":
            return _unregister(server, name, version)
    raise answers.wrong_method()


def _token(server: FakeTorchServe, request: httpx.Request) -> httpx.Response:
    server.keys.check(request, "API")
    kind = request.url.params.get("type")
    if kind not in {"management", "inference"} or request.url.path != "/token":
        raise answers.bad_token("Authentication")
    server.keys.renew(kind)
    return httpx.Response(200, text="\n", headers={"content-type": "application/json"})


def _list(server: FakeTorchServe, request: httpx.Request) -> httpx.Response:
    limit = _number(request, "limit", 100)
    if not 0 <= limit <= 100:
        limit = 100
    start = _number(request, "next_page_token", 0)
    names = sorted(server.registry.models)
    page: dict[str, object] = {}
    if start + limit <= len(names):
        page["nextPageToken"] = str(start + limit)
    page["models"] = [
        {"modelName": name, "modelUrl": server.version(name).url}
        for name in names[start : start + limit]
    ]
    return answers.answer(page)


def _describe(
    server: FakeTorchServe, request: httpx.Request, name: str, version: str | None
) -> httpx.Response:
    model = _model(server, name)
    versions = list(model.versions.values()) if version == "all" else [_version(model, version)]
    described = [one.describe(at_startup=model.at_startup) for one in versions]
    if request.url.params.get("customized") == "true" and version != "all":
        described[0]["customizedMetadata"] = versions[0].archive.metadata
    return answers.answer(described)


async def _register(server: FakeTorchServe, request: httpx.Request) -> httpx.Response:
    query = request.url.params
    if not server.model_api:
        raise answers.wrong_method()
    url = query.get("url")
    if not url:
        raise answers.bad_request("Parameter url is required.")
    if ".." in url:
        raise _no_archive(f"Relative path is not allowed in url: {url}")
    archive = server.store.get(url)
    if archive is None:
        raise _no_archive(f"Model not found at: {url}")
    name = query.get("model_name", archive.model)
    if name in server.registry.models and archive.version in server.registry.models[name].versions:
        message = f"Model version {archive.version} is already registered for model {name}"
        raise answers.Refusal(409, "ConflictStatusException", message)
    settings = {key: _number(request, key, 0) for key in SETTINGS if key in query}
    version = server.registry.add(name, url, archive, settings)
    workers = _number(request, "initial_workers", 0)
    server.registry.scale(version, workers, workers)
    title = f'Model "{name}" Version: {archive.version} registered with {workers} initial workers'
    if workers == 0:
        return answers.status(f"{title}. Use scale workers API to add workers for the model.")
    if query.get("synchronous", "true") == "false":
        return answers.status("Processing worker updates...", 202)
    if archive.loading is Loading.DIES:
        server.registry.remove(version)
        raise _not_started(name, archive.version)
    await server.registry.until_ready(version)
    return answers.status(title)


async def _scale(
    server: FakeTorchServe, request: httpx.Request, name: str, version: str | None
) -> httpx.Response:
    least = _number(request, "min_worker", 1)
    most = _number(request, "max_worker", least)
    if most < least:
        raise answers.bad_request("max_worker cannot be less than min_worker.")
    scaled = _version(_model(server, name), version)
    server.registry.scale(scaled, least, most)
    if request.url.params.get("synchronous", "false") == "false":
        return answers.status("Processing worker updates...", 202)
    if scaled.workers and scaled.archive.loading is Loading.DIES:
        raise _not_started(name, version or "null")
    await server.registry.until_ready(scaled)
    suffix = f", version: {version}" if version else ""
    return answers.status(f"Workers scaled to {least} for model: {name}{suffix}")


def _unregister(server: FakeTorchServe, name: str, version: str | None) -> httpx.Response:
    if not server.model_api:
        raise answers.wrong_method()
    model = _model(server, name)
    removed = _version(model, version)
    if removed.archive.version == model.default and len(model.versions) > 1:
        message = f"Cannot remove default version for model {name}"
        raise answers.Refusal(403, "InvalidModelVersionException", message)
    server.registry.remove(removed)
    return answers.status(f'Model "{name}" unregistered')


def _set_default(server: FakeTorchServe, name: str, version: str) -> httpx.Response:
    model = _model(server, name)
    if version not in model.versions:
        message = f"Model version {version} does not exist for model {name}"
        raise answers.no_such_version(message)
    model.default = version
    return answers.status(f'Default version successfully updated for model "{name}" to "{version}"')


def _model(server: FakeTorchServe, name: str) -> Model:
    if name not in server.registry.models:
        raise answers.no_such_model(name)
    return server.registry.models[name]


def _version(model: Model, version: str | None) -> Version:
    wanted = version or model.default
    if wanted not in model.versions:
        message = f"Model version: {wanted} does not exist for model: {model.name}"
        raise answers.no_such_version(message)
    return model.versions[wanted]


def _no_archive(message: str) -> answers.Refusal:
    return answers.Refusal(404, "ModelNotFoundException", message)


def _not_started(name: str, version: str) -> answers.Refusal:
    return answers.failed(500, f"Failed to start workers for model {name} version: {version}")


def _number(request: httpx.Request, key: str, default: int) -> int:
    """A number of the query; what is none is the default, without an error."""
    try:
        return int(request.url.params.get(key, default))
    except ValueError:
        return default
