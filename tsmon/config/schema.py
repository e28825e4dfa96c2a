"""Every setting there is: its type, its default and one sentence about it.

The checks, `tsmon config show`, the commented file and the settings screen all come from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

ServerColor = Literal["", "red", "yellow", "green", "cyan", "blue", "magenta"]
SymbolsName = Literal["", "braille", "block", "ascii"]
PresetName = Literal["default", "vim", "k9s"]
PluginScope = Literal["model", "worker", "server"]
PluginOutput = Literal["terminal", "page"]


def setting(help_: str, default: Any, *, least: float | None = None, example: str = "") -> Any:
    """A field with its description.

    `least` bounds a number, and `example` is a TOML value for the commented file where the default
    says nothing.
    """
    metadata = {"help": help_, "least": least, "example": example}
    if isinstance(default, dict):
        return field(default_factory=lambda: MappingProxyType({}), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """`[monitor]`: how the monitor looks and how often it asks."""

    period: float = setting("Seconds between two samples.", 1.0, least=0.2)
    theme: str = setting(
        "Colour theme; by default one that suits the terminal.", "", example='"nord"'
    )
    symbols: SymbolsName = setting(
        "Characters used to draw charts: braille, block, or ascii for the whole screen.",
        "",
        example='"braille"',
    )
    span: float = setting("Seconds of history the charts show at first.", 120.0, least=60)
    model_store: Path | None = setting(
        "Folder of archives to register.", None, example='"artifacts"'
    )
    digits_open: bool = setting("Show the digits pane open at first, not as one line.", False)
    samples: Path | None = setting("Folder of images to send.", None, example='"artifacts/samples"')
    drawings: Path | None = setting(
        "Folder where drawn digits are saved.", None, example='"drawings"'
    )


@dataclass(frozen=True, slots=True)
class KeySettings:
    """`[keys]`: which key does what."""

    preset: PresetName = setting("Key preset: default, vim or k9s.", "default")
    bind: Mapping[str, str] = setting(
        "Keys by the ids that `tsmon keys` lists; separate several keys with commas.",
        {},
        example='{ "model.register" = "ctrl+r" }',
    )


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`[servers.NAME]`: a server that `--server NAME` and `:server NAME` mean."""

    url: str = setting(
        "Management address; inference is one port below, metrics one above. With a path, or "
        "unix:/path, all three are there.",
        "",
        example='"http://127.0.0.1:8081"',
    )
    inference_url: str = setting(
        "Inference address, if different.", "", example='"http://127.0.0.1:8080"'
    )
    metrics_url: str = setting(
        "Metrics address, if different.", "", example='"http://127.0.0.1:8082"'
    )
    key_file: Path | None = setting(
        "The server's key_file.json, which holds its tokens.", None, example='"key_file.json"'
    )
    ca_file: Path | None = setting(
        "CA certificate file for an https server.", None, example='"ca.pem"'
    )
    insecure: bool = setting("Do not verify https certificates.", False)
    client_cert: Path | None = setting(
        "Client certificate file, for a server that requires one.", None, example='"client.pem"'
    )
    client_key: Path | None = setting(
        "Private key file of the client certificate, if it is not in the same file.",
        None,
        example='"client.key"',
    )
    headers: Mapping[str, str] = setting(
        "HTTP headers to send with every request.",
        {},
        example='{ "Host" = "torchserve.internal" }',
    )
    bearer_file: Path | None = setting(
        "File of a bearer token for a proxy, sent in place of TorchServe's own keys.",
        None,
        example='"/run/secrets/token"',
    )
    proxy: str = setting(
        "HTTP proxy to go through; proxy variables of the environment are ignored.",
        "",
        example='"http://proxy:3128"',
    )
    read_only: bool = setting("Read-only: refuse any request that modifies this server.", False)
    color: ServerColor = setting(
        "Colour of the server's badge: red, yellow, green, cyan, blue, magenta.",
        "",
        example='"red"',
    )
    logs: str = setting(
        "The server's log folder, or docker:CONTAINER.", "", example='"docker:torchserve"'
    )
    log_zone: str = setting(
        "Time zone of its log timestamps; detected by default.", "", example='"UTC"'
    )


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """`[fleet]`: the servers of the fleet screen besides those of `[servers]`."""

    prometheus: str = setting(
        "Address of a Prometheus server that scrapes them.", "", example='"http://127.0.0.1:9090"'
    )
    job: str = setting("The Prometheus job that scrapes TorchServe.", "", example='"torchserve"')
    file_sd: tuple[Path, ...] = setting(
        "Prometheus file_sd files listing more servers; patterns are allowed.",
        (),
        example='["targets/*.json"]',
    )
    period: float = setting("Seconds between two samples of a server.", 2.0, least=0.5)


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """`[plugins.NAME]`: a command of one's own on a key of the monitor."""

    key: str = setting("Key that runs it.", "", example='"ctrl+e"')
    command: tuple[str, ...] = setting(
        "Program and its arguments; {model}, {version}, {worker}, {pid} and others are filled in.",
        (),
        example='["less", "notes/{model}.md"]',
    )
    label: str = setting("Two words for the footer; by default its name.", "", example='"notes"')
    scope: PluginScope = setting("What it is about: model, worker or server.", "model")
    output: PluginOutput = setting(
        "Where it runs: in the terminal, or beside the monitor with its output on a page.",
        "terminal",
    )
    confirm: bool = setting("Ask before it runs.", False)
    dangerous: bool = setting(
        "It modifies something: it is marked, asks first, and is refused in a read-only session.",
        False,
    )


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one session."""

    server: str = setting(
        "The server to open: a name from [servers] or a management address.", "", example='"local"'
    )
    monitor: MonitorSettings = field(default_factory=MonitorSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    fleet: FleetSettings = field(default_factory=FleetSettings)
    servers: Mapping[str, ServerSettings] = field(
        default_factory=lambda: MappingProxyType({}), metadata={"table_of": ServerSettings}
    )
    plugins: Mapping[str, PluginSettings] = field(
        default_factory=lambda: MappingProxyType({}), metadata={"table_of": PluginSettings}
    )
