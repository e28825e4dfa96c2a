"""From the settings of a server to a session that watches it."""

from __future__ import annotations

from tsmon.config.schema import ServerSettings
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.session import LiveSession


def open_server(settings: ServerSettings, period_s: float) -> LiveSession:
    """Watch a server of the configuration.

    Raises:
        InvalidArgument: a setting is no address.
    """
    addresses = Addresses.from_server(
        settings.url or None,
        inference=settings.inference_url or None,
        metrics=settings.metrics_url or None,
    )
    client = TorchServe(
        addresses,
        KeyRing(settings.key_file),
        read_only=settings.read_only,
        verify=False if settings.insecure else str(settings.ca_file or "") or True,
    )
    return LiveSession(client, period_s)
