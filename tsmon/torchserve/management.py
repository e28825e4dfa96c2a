"""The management API: list, describe, register, scale, unregister, set the default version, tokens.

Contract: `frontend/server/.../http/api/rest/ManagementRequestHandler.java` of pytorch/serve 0.12.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

from msgspec import Struct

from tsmon.torchserve.changes import (
    MODELS,
    Change,
    at_least,
    check_workers,
    default_change,
    model_path,
    register_change,
    reject_slash,
    scale_change,
    unregister_change,
)
from tsmon.torchserve.connection import NO_SUCH_PATH, Connection, Parameters, read_json
from tsmon.torchserve.errors import (
    MODEL_API_HINT,
    ApiError,
    InvalidArgument,
    ModelApiDisabled,
    NotFound,
    NotTorchServe,
    ReadOnly,
    TimedOut,
)
from tsmon.torchserve.records import (
    ApiDescription,
    ModelPage,
    ModelVersion,
    RegisteredModel,
    parse_api_description,
    parse_customized,
    parse_page,
    parse_status,
    parse_versions,
)
from tsmon.torchserve.tokens import KeyKind
from tsmon.units import period
from tsmon.untrusted.text import one_line

PAGE_LIMIT = 100
MOST_PAGES = 200
"""A server of 20,000 models would be another kind of server."""
LIST_TIMEOUT_S = 20.0
"""All pages together."""
READ_TIMEOUT_S = 5.0
TOKEN_TIMEOUT_S = 10.0
CHANGE_TIMEOUT_S = 600.0
"""Register unpacks, downloads and runs pip before it answers; scaling down waits for each kill."""


class Registration(Struct, frozen=True):
    """What `POST /models` takes; None leaves the choice to the archive or the server."""

    url: str
    """File name in the model store, or an http(s):// or file:// URL that `allowed_urls` admits."""
    model_name: str | None = None
    runtime: str | None = None
    handler: str | None = None
    batch_size: int | None = None
    max_batch_delay: int | None = None
    """Milliseconds to wait for a batch to fill."""
    initial_workers: int = 0
    response_timeout: int | None = None
    """Seconds one inference may take."""
    startup_timeout: int | None = None
    """Seconds a worker may take to load the model."""
    s3_sse_kms: bool | None = None

    def parameters(self) -> dict[str, str | int]:
        """The query of the request, `initial_workers` always in it.

        Raises:
            InvalidArgument: the server would misread a value without saying so.
        """
        if not self.url.strip():
            raise InvalidArgument("no archive given", "enter a .mar file in the model store")
        reject_slash(self.model_name or "")
        check_workers(self.initial_workers)
        at_least("batch size", self.batch_size, 1)
        at_least("batch delay", self.max_batch_delay, 0)
        at_least("response time-out", self.response_timeout, 1)
        at_least("start-up time-out", self.startup_timeout, 1)
        optional = {
            "model_name": self.model_name,
            "runtime": self.runtime,
            "handler": self.handler,
            "batch_size": self.batch_size,
            "max_batch_delay": self.max_batch_delay,
            "response_timeout": self.response_timeout,
            "startup_timeout": self.startup_timeout,
            "s3_sse_kms": None if self.s3_sse_kms is None else str(self.s3_sse_kms).lower(),
        }
        given = {name: value for name, value in optional.items() if value is not None}
        return {"url": self.url, "initial_workers": self.initial_workers, **given}


class Management:
    """The management API of one server."""

    def __init__(self, connection: Connection, *, read_only: bool = False) -> None:
        self._connection = connection
        self.read_only = read_only
        self.shows_defaults_only = False
        """Whether it was seen to find default versions alone, since it shares a port."""

    async def api_description(self) -> ApiDescription:
        """The server's version and paths; needs no token.

        Raises:
            NotTorchServe: something else answers there.
        """
        try:
            answer = await self._get("/api-description", key=None)
        except NotFound:
            answer = {}
        return parse_api_description(answer)

    async def page(self, limit: int = PAGE_LIMIT, next_page_token: str = "0") -> ModelPage:
        """One page of the model list."""
        query: Parameters = {"limit": limit, "next_page_token": next_page_token}
        return parse_page(await self._get("/models", query))

    async def pages(self, limit: int = PAGE_LIMIT) -> AsyncIterator[ModelPage]:
        """All pages; an exactly full last page carries a token that leads to an empty one.

        Raises:
            NotTorchServe: there is no end to them.
            TimedOut: all of them together take longer than `LIST_TIMEOUT_S`.
        """
        token: str | None = "0"
        seen: set[str] = set()
        started = time.monotonic()
        while token is not None:
            if token in seen or len(seen) == MOST_PAGES:
                line = f"the model list never ends: page {len(seen)} leads to {one_line(token, 40)}"
                raise NotTorchServe(line)
            if time.monotonic() - started > LIST_TIMEOUT_S:
                line = f"the model list was still incomplete after {period(LIST_TIMEOUT_S)}"
                raise TimedOut(line, "the server or the network is very slow")
            seen.add(token)
            page = await self.page(limit, token)
            if not page.models:
                return
            yield page
            token = page.next_token

    async def models(self) -> tuple[RegisteredModel, ...]:
        """Every registered model, by its default version, in the server's order.

        An entry that cannot be read is one with a `problem`.
        """
        found = [model async for page in self.pages() for model in page.models]
        return tuple({model.name: model for model in found}.values())

    async def describe(self, name: str, version: str | None = None) -> ModelVersion:
        """One version, by default the default one.

        Raises:
            NotFound: no such model or version, or it is just being removed.
        """
        versions = parse_versions(await self._get(model_path(name, version)), name)
        if not versions:
            raise NotFound(404, "ModelNotFoundException", f"Model not found: {name}")
        return versions[0]

    async def describe_all(self, name: str) -> tuple[ModelVersion, ...]:
        """Every version of a model.

        Where inference and management share one port TorchServe does not find `/models/x/all`;
        the default version is then all that can be seen.
        """
        try:
            return parse_versions(await self._get(f"{model_path(name)}/all"), name)
        except NotFound as error:
            if error.type != NO_SUCH_PATH:
                raise
            default = await self.describe(name)
            self.shows_defaults_only = True
            return (default,)

    async def customized(self, name: str, version: str | None = None, timeout_s: float = 10) -> Any:
        """The metadata the model's own handler gives; costs a worker's time, so never poll it."""
        path = model_path(name, version)
        answer = await self._get(path, {"customized": "true"}, timeout_s=timeout_s)
        return parse_customized(answer)

    async def register(self, registration: Registration, *, synchronous: bool = False) -> str:
        """Register an archive; gives the server's own message.

        Synchronous means that the answer waits for the workers, on a thread that inference shares,
        and that the model is gone again if a worker fails.

        Raises:
            Conflict: this version is registered already.
            NotFound: no such archive, or its URL is not allowed.
            ModelApiDisabled: the server was started without the model API.
        """
        change = register_change(registration.parameters(), synchronous=synchronous)
        return await self._change_model(change)

    async def scale(
        self,
        name: str,
        workers: int,
        *,
        version: str | None = None,
        max_workers: int | None = None,
        synchronous: bool = False,
    ) -> str:
        """Set how many workers a version has; gives the server's own message.

        The server creates up to `workers` and removes those above `max_workers` (the same number
        by default); it never scales by itself in between.

        Raises:
            InvalidArgument: negative, or 0 with a higher maximum, which would orphan processes.
        """
        change = scale_change(
            name, workers, version=version, max_workers=max_workers, synchronous=synchronous
        )
        return await self._change(change)

    async def unregister(self, name: str, version: str | None = None) -> str:
        """Remove a version, or without one the default version; gives the server's own message.

        Raises:
            ApiError: 403 for a default version while others exist, 408 when a worker does not stop.
        """
        return await self._change_model(unregister_change(name, version))

    async def set_default(self, name: str, version: str) -> str:
        """Make a version the one that requests without a version go to."""
        return await self._change(default_change(name, version))

    async def refresh_token(self, kind: KeyKind) -> None:
        """Have the server write a new management or inference key into its key file.

        The old key is void at once, for every client.
        """
        self.refuse_when_read_only()
        await self._get("/token", {"type": kind.value}, key=KeyKind.API, timeout_s=TOKEN_TIMEOUT_S)

    async def model_api_enabled(self) -> bool:
        """Whether models can be registered here; asks by a registration without an archive.

        An enabled API answers 400 to it and does nothing, a disabled one 405.
        """
        try:
            await self._request(Change("POST", MODELS), READ_TIMEOUT_S)
        except ApiError as error:
            if error.code == 405:
                return False
            if error.code != 400 or error.type == "InvalidKeyException":
                raise
        return True

    async def _get(
        self,
        path: str,
        query: Parameters | None = None,
        *,
        key: KeyKind | None = KeyKind.MANAGEMENT,
        timeout_s: float = READ_TIMEOUT_S,
    ) -> Any:
        response = await self._connection.request(
            "GET", path, parameters=query, timeout_s=timeout_s, key=key
        )
        # A token refresh answers with an empty body.
        return read_json(response) if response.content.strip() else None

    async def _change_model(self, change: Change) -> str:
        try:
            return await self._change(change)
        except ApiError as error:
            if error.code != 405:
                raise
            raise ModelApiDisabled(
                405,
                error.type,
                "registering and unregistering models is disabled on this server",
                MODEL_API_HINT,
            ) from None

    async def _change(self, change: Change) -> str:
        self.refuse_when_read_only()
        return parse_status(read_json(await self._request(change, CHANGE_TIMEOUT_S)))

    async def _request(self, change: Change, timeout_s: float) -> Any:
        return await self._connection.request(
            change.method,
            change.path,
            parameters=change.query,
            timeout_s=timeout_s,
            key=KeyKind.MANAGEMENT,
        )

    def refuse_when_read_only(self) -> None:
        """Refuse what could not be finished.

        Raises:
            ReadOnly: this is a read-only session.
        """
        if self.read_only:
            raise ReadOnly
