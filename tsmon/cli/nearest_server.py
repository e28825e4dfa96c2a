"""Which server `tsmon` opens when nobody names one."""

from __future__ import annotations

from dataclasses import replace

from tsmon.cli.target import Target
from tsmon.doctor.running import running_servers
from tsmon.telemetry.server_process import port_of
from tsmon.torchserve.addresses import MANAGEMENT_PORT


def nearest_server(target: Target) -> tuple[Target, str]:
    """The target, and a word about where it comes from.

    What was named stays, and so does the server of the home folder while it runs. Else it is one
    that runs on this machine: the one at TorchServe's own ports, or the newest.
    """
    by_network = target.transport is None
    if not by_network or target.names_server or target.own_server() is not None:
        return target, ""
    found = running_servers()
    if not found:
        return target, ""
    at_default = (each for each in found if port_of(each.addresses.management) == MANAGEMENT_PORT)
    server = next(at_default, found[0])
    others = f", {len(found) - 1} more run here" if len(found) > 1 else ""
    chosen = replace(
        target,
        inference_url=server.addresses.inference,
        management_url=server.addresses.management,
        metrics_url=server.addresses.metrics,
        key_file=target.key_file or server.key_file,
    )
    return chosen, f"found by its process{others}"
