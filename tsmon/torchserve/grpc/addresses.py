"""Where a server's two gRPC APIs are; they have ports of their own."""

from __future__ import annotations

from msgspec.structs import replace

from tsmon.torchserve.addresses import DEFAULT_HOST, Addresses, Base, port_of
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.grpc.schemes import ENCRYPTED, PLAIN

INFERENCE_PORT = 7070
MANAGEMENT_PORT = 7071


def of_server(address: str) -> Addresses:
    """The addresses that one of gRPC means: management is there, and inference one port below.

    Raises:
        InvalidArgument: it is not a valid address.
    """
    return _at(_parse(address))


def beside(http: Addresses) -> Addresses:
    """TorchServe's own ports on the host of the HTTP addresses, encrypted where those are."""
    found = Base.parse(http.management)
    scheme = ENCRYPTED if found.scheme == "https" else PLAIN
    return replace(_at(Base(scheme, found.host or DEFAULT_HOST, None)), metrics=http.metrics)


def with_given(addresses: Addresses, inference: str, management: str) -> Addresses:
    """The same with those of these that are not empty in place of its own.

    Raises:
        InvalidArgument: one is not a valid address.
    """
    if inference:
        addresses = replace(addresses, inference=_url(_parse(inference), INFERENCE_PORT))
    if management:
        addresses = replace(addresses, management=_url(_parse(management), MANAGEMENT_PORT))
    return addresses


def _parse(address: str) -> Base:
    text = address if "://" in address else f"{PLAIN}://{address}"
    base = Base.parse(text, (PLAIN, ENCRYPTED))
    if base.path:
        raise InvalidArgument(f"{text!r} has a path, which gRPC has no use for", "use grpc://host")
    return base


def _at(base: Base) -> Addresses:
    management = _url(base, MANAGEMENT_PORT)
    return Addresses(inference=base.url(port_of(management) - 1), management=management)


def _url(base: Base, default: int) -> str:
    return base.url(default if base.port is None else base.port)
