"""The management API over gRPC: list, describe, register, scale, set default, unregister."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsmon.torchserve.changes import scale_change
from tsmon.torchserve.errors import InvalidArgument, NotFound, NotTorchServe
from tsmon.torchserve.grpc import management_pb2
from tsmon.torchserve.grpc.connection import GrpcConnection, Method, NoHttp
from tsmon.torchserve.management import (
    CHANGE_TIMEOUT_S,
    PAGE_LIMIT,
    READ_TIMEOUT_S,
    Management,
    Registration,
)
from tsmon.torchserve.records import (
    ModelPage,
    ModelVersion,
    parse_customized,
    parse_page,
    parse_versions,
)
from tsmon.untrusted.json import BadJson, parse_json

if TYPE_CHECKING:
    pass

SERVICE = "org.pytorch.serve.grpc.management.ManagementAPIsService"
ALL = "all"
_NO_VERSION = "ModelVersionNotFoundException"
_WORDS = management_pb2.ManagementResponse
DESCRIBE = Method(SERVICE, "DescribeModel", _WORDS)
LIST = Method(SERVICE, "ListModels", _WORDS)
REGISTER = Method(SERVICE, "RegisterModel", _WORDS)
SCALE = Method(SERVICE, "ScaleWorker", _WORDS)
SET_DEFAULT = Method(SERVICE, "SetDefault", _WORDS)
UNREGISTER = Method(SERVICE, "UnregisterModel", _WORDS)


class GrpcManagement(Management):
    """The management API of one server over gRPC."""

    def __init__(self, connection: GrpcConnection, *, read_only: bool = False) -> None:
        super().__init__(NoHttp(), read_only=read_only)
        self._grpc = connection

    async def page(self, limit: int = PAGE_LIMIT, next_page_token: str = "0") -> ModelPage:
        """One page of the model list."""
        if not (next_page_token.isascii() and next_page_token.isdigit()):
            raise NotTorchServe(f"{self._grpc.url} names a next page that is not a number")
        request = management_pb2.ListModelsRequest(
            limit=limit, next_page_token=int(next_page_token[:9])
        )
        return parse_page(await self._read(LIST, request))

    async def describe(self, name: str, version: str | None = None) -> ModelVersion:
        """One version, by default the default one.

        Raises:
            NotFound: no such model or version, or it is just being removed.
        """
        try:
            versions = await self._versions(name, version or "")
        except NotFound as error:
            if version or error.type != _NO_VERSION:
                raise
            versions = await self._default_of(name)
        if not versions:
            raise NotFound(404, "ModelNotFoundException", f"Model not found: {name}")
        return versions[0]

    async def _default_of(self, name: str) -> tuple[ModelVersion, ...]:
        """The default version by its archive in the list: older servers describe none over gRPC."""
        versions = await self.describe_all(name)
        if len(versions) == 1:
            return versions
        urls = [model.url for model in await self.models() if model.name == name]
        return tuple(each for each in versions if each.url in urls)[:1]

    async def describe_all(self, name: str) -> tuple[ModelVersion, ...]:
        """Every version of a model."""
        return await self._versions(name, ALL)

    async def customized(self, name: str, version: str | None = None, timeout_s: float = 10) -> Any:
        """The metadata the model's own handler gives; costs a worker's time, so never poll it."""
        request = management_pb2.DescribeModelRequest(
            model_name=name, model_version=version or "", customized=True
        )
        return parse_customized(await self._read(DESCRIBE, request, timeout_s))

    async def register(self, registration: Registration, *, synchronous: bool = False) -> str:
        """Register an archive; gives the server's own message.

        Of 0 workers the server makes its own `default_workers_per_model`.

        Raises:
            NotFound: no such archive, or its URL is not allowed.
            ModelApiDisabled: the server was started without the model API.
            ApiError: 500 without a reason where this version is registered already.
        """
        given = registration.parameters() | {"s3_sse_kms": bool(registration.s3_sse_kms)}
        request = management_pb2.RegisterModelRequest(**given, synchronous=synchronous)
        return await self._changed(REGISTER, request)

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

        Raises:
            InvalidArgument: not a number that can be asked for; gRPC takes 0 for "not given".
        """
        scale_change("name", workers, max_workers=max_workers)
        if workers == 0:
            raise InvalidArgument(
                "gRPC cannot scale to 0 workers: TorchServe takes 0 for 1 there", "use HTTP for it"
            )
        request = management_pb2.ScaleWorkerRequest(
            model_name=_named(name),
            model_version=version or "",
            min_worker=workers,
            max_worker=workers if max_workers is None else max_workers,
            synchronous=synchronous,
        )
        return await self._changed(SCALE, request)

    async def unregister(self, name: str, version: str | None = None) -> str:
        """Remove a version, or without one the default version; gives the server's own message."""
        request = management_pb2.UnregisterModelRequest(
            model_name=_named(name), model_version=version or ""
        )
        return await self._changed(UNREGISTER, request)

    async def set_default(self, name: str, version: str) -> str:
        """Make a version the one that requests without a version go to."""
        request = management_pb2.SetDefaultRequest(model_name=_named(name), model_version=version)
        return await self._changed(SET_DEFAULT, request)

    async def _versions(self, name: str, version: str) -> tuple[ModelVersion, ...]:
        request = management_pb2.DescribeModelRequest(
            model_name=_named(name), model_version=version
        )
        return parse_versions(await self._read(DESCRIBE, request), name)

    async def _read(self, method: Method, request: Any, timeout_s: float = READ_TIMEOUT_S) -> Any:
        answer = await self._grpc.call(method, request, timeout_s)
        try:
            return parse_json(str(answer.msg))
        except BadJson:
            raise NotTorchServe(f"{self._grpc.url} answered, but not with JSON") from None

    async def _changed(self, method: Method, request: Any) -> str:
        self.refuse_when_read_only()
        return str((await self._grpc.call(method, request, CHANGE_TIMEOUT_S)).msg)


def _named(name: str) -> str:
    if not name:
        raise InvalidArgument("no model name given", "`tsmon models` lists them")
    return name
