"""One client for the gRPC APIs of a server, fit for whatever takes one for its HTTP APIs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.connection import MOST_JSON_BYTES
from tsmon.torchserve.grpc.connection import GrpcConnection
from tsmon.torchserve.grpc.inference import GrpcInference
from tsmon.torchserve.grpc.management import GrpcManagement
from tsmon.torchserve.inference import MOST_PREDICTION_BYTES
from tsmon.torchserve.route import Route
from tsmon.torchserve.tokens import KeyKind, KeyRing
from tsmon.untrusted.http import CLOSE_GRACE_S

if TYPE_CHECKING:
    from tsmon.torchserve.addresses import Addresses


class GrpcTorchServe(TorchServe):
    """A server's inference and management APIs over gRPC; its metrics are not a part of them."""

    inference: GrpcInference

    def __init__(
        self,
        addresses: Addresses,
        keys: KeyRing | None = None,
        *,
        read_only: bool = False,
        route: Route = Route(),  # noqa: B008 (frozen)
        http: TorchServe | None = None,
    ) -> None:
        """The inference and management addresses are those of gRPC.

        `http` renews the keys of a server of tsmon's own, which gRPC cannot; it is closed with it.
        """
        super().__init__(addresses, keys, read_only=read_only, route=route)
        self._http = http

        def connect(url: str, kind: KeyKind, most_bytes: int) -> GrpcConnection:
            return GrpcConnection(
                url,
                self.keys,
                kind,
                route=route,
                most_bytes=most_bytes,
                keep_keys=self.keep_keys,
            )

        inference = connect(addresses.inference, KeyKind.INFERENCE, MOST_PREDICTION_BYTES)
        management = connect(addresses.management, KeyKind.MANAGEMENT, MOST_JSON_BYTES)
        self._channels = inference, management
        self.inference = GrpcInference(inference)
        self.management = GrpcManagement(management, read_only=read_only)

    async def keep_keys(self) -> None:
        """Renew keys that end soon, where tsmon started the server; every call does it too."""
        if self._http is not None:
            await self._http.keep_keys()

    async def close(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """Give the calls in flight `grace_s` seconds to end, then close the channels."""
        await asyncio.gather(*(channel.close(grace_s) for channel in self._channels))
        await super().close(grace_s)
        if self._http is not None:
            await self._http.close(grace_s)
