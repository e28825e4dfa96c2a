"""Which server `tsmon` opens when none is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.torchserve.addresses import MANAGEMENT_PORT, Addresses, port_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tsmon.cli.target import Target


def nearest_server(target: Target) -> tuple[Target, str]:
    """The target, and a word about where it comes from.

    What was named stays, and so does the server of the home folder while it runs. Else it is one
    that runs on this machine, as a process or else in a container: the one at TorchServe's own
    ports, or the newest.

    Raises:
        NotTrusted: a project's file that was not trusted names one.
    """
    target.require_trust()
    by_network = target.transport is None
    if not by_network or target.names_server or target.own_server() is not None:
        return target, ""
    from tsmon.serving.servers_here import running_servers

    found = running_servers()
    if not found:
        return _in_container(target)
    at_default = (each for each in found if port_of(each.addresses.management) == MANAGEMENT_PORT)
    server = next(at_default, found[0])
    chosen = replace(
        _at(target, server.addresses),
        key_file=target.key_file or server.key_file,
        key_was_meant=target.key_file is None,
    )
    others = [each.addresses.label for each in found if each is not server]
    return chosen, f"found by its process{_others(others)}"


def _in_container(target: Target) -> tuple[Target, str]:
    from tsmon.serving.contained import contained_servers

    found = contained_servers()
    if not found:
        return target, ""
    at_default = (each for each in found if port_of(each.addresses.management) == MANAGEMENT_PORT)
    server = next(at_default, found[0])
    others = [each.addresses.label for each in found if each is not server]
    note = f"found in the container {server.container}{_others(others)}"
    return _at(target, server.addresses), note


def _at(target: Target, addresses: Addresses) -> Target:
    return replace(
        target,
        inference_url=addresses.inference,
        management_url=addresses.management,
        metrics_url=addresses.metrics,
    )


def _others(labels: Sequence[str]) -> str:
    """Those that were not taken, and how to take one of them."""
    if not labels:
        return ""
    first, *more = labels
    also = f"{first} and {len(more)} more" if more else first
    return f"; {also} also runs here: F lists them, or start with --server {first}"
