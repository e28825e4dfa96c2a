"""Every setting there is: its type, its default and one sentence about it.

The checks, `tsmon config show`, the commented file and the settings screen all come from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from tsmon.conditions import (
    OF_MODEL,
    OF_SERIES,
    BadCondition,
    parse_condition,
    parse_duration,
    parse_limit,
)

ServerColor = Literal["", "red", "yellow", "green", "cyan", "blue", "magenta"]
SymbolsName = Literal["", "braille", "block", "ascii"]
PresetName = Literal["default", "vim", "k9s"]
PluginScope = Literal["model", "worker", "server"]
PluginOutput = Literal["terminal", "page"]
DesktopNotes = Literal["", "osc9", "osc777"]
EVENT_KINDS = (
    *("limit exceeded", "limit cleared", "server away", "server back", "counters reset"),
    *("token refused", "token refreshed", "token expires soon", "token expired", "model added"),
    *("model unread", "model read", "model removed", "model replaced", "default changed"),
    *("workers changed", "worker ready", "worker died", "worker died at load", "worker restarted"),
    *("worker stuck", "worker given up", "5xx"),
)
"""What events are called; `telemetry.events` has the same words."""


def setting(
    help_: str,
    default: Any,
    *,
    least: float | None = None,
    example: str = "",
    check: Callable[[str], object] | None = None,
) -> Any:
    """A field with its description.

    `least` bounds a number, and `example` is a TOML value for the commented file where the default
    says nothing. `check` raises `BadCondition` for a text that will not do.
    """
    metadata = {"help": help_, "least": least, "example": example, "check": check}
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
    grpc_inference_url: str = setting(
        "gRPC inference address, if it is not port 7070 of the same host.",
        "",
        example='"grpc://127.0.0.1:7070"',
    )
    grpc_management_url: str = setting(
        "gRPC management address, if it is not port 7071 of the same host.",
        "",
        example='"grpcs://127.0.0.1:7071"',
    )
    kube: str = setting(
        "Pods to forward with kubectl in place of an address: NAMESPACE/SELECTOR.",
        "",
        example='"serving/app=torchserve"',
    )
    kube_context: str = setting(
        "Context of the Kubernetes configuration, if it is not the current one.",
        "",
        example='"prod"',
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
    kube: tuple[str, ...] = setting(
        "Pods to forward with kubectl, each a server: NAMESPACE/SELECTOR.",
        (),
        example='["serving/app=torchserve"]',
    )
    kube_context: str = setting(
        "Context of the Kubernetes configuration, if it is not the current one.",
        "",
        example='"prod"',
    )
    period: float = setting("Seconds between two samples of a server.", 2.0, least=0.5)
    ca_file: Path | None = setting(
        "CA certificate file for a Prometheus server behind https.", None, example='"ca.pem"'
    )
    insecure: bool = setting("Do not verify the https certificate of the Prometheus server.", False)
    client_cert: Path | None = setting(
        "Client certificate file, if the Prometheus server requires one.",
        None,
        example='"client.pem"',
    )
    client_key: Path | None = setting(
        "Private key file of the client certificate, if it is not in the same file.",
        None,
        example='"client.key"',
    )
    headers: Mapping[str, str] = setting(
        "HTTP headers to send to the Prometheus server, such as the tenant's.",
        {},
        example='{ "X-Scope-OrgID" = "team-a" }',
    )
    bearer_file: Path | None = setting(
        "File of a bearer token for the Prometheus server.",
        None,
        example='"/run/secrets/prometheus"',
    )
    username: str = setting("User name for HTTP basic authentication.", "", example='"tsmon"')
    password_file: Path | None = setting(
        "File of the password that belongs to the user name.",
        None,
        example='"/run/secrets/password"',
    )
    proxy: str = setting(
        "HTTP proxy to the Prometheus server; proxy variables of the environment are ignored.",
        "",
        example='"http://proxy:3128"',
    )


def check_webhook(url: str) -> None:
    """See that events can be sent to a URL.

    Raises:
        BadCondition: they cannot; the message does not quote it.
    """
    hint = "such as https://hooks.example.com/tsmon"
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise BadCondition("this is not a valid URL", hint) from None
    if parts.scheme not in ("http", "https") or not is_whole or not url.isprintable():
        raise BadCondition("a webhook is a URL of http or https", hint)
    if "@" in parts.netloc:
        raise BadCondition("a webhook takes no user:password@", hint)


def check_event_kind(text: str) -> None:
    """See that a text is what a kind of event is called.

    Raises:
        BadCondition: it is not.
    """
    if text not in EVENT_KINDS:
        near = get_close_matches(text[:40], EVENT_KINDS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(EVENT_KINDS)}"
        raise BadCondition(f"{text[:40]!r} is not a kind of event", hint)


def check_limit(table: Mapping[str, Any]) -> None:
    """See that the condition of a limit is on what it is about: a model, or a series.

    Raises:
        BadCondition: it is not.
    """
    if when := table.get("when"):
        parse_condition(when, OF_SERIES if table.get("series") else OF_MODEL)


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """`[metrics]`: which series of `/metrics` are always in sight."""

    pinned: tuple[str, ...] = setting(
        "Series shown above the charts: NAME or NAME{LABELS}, where * stands for any text.",
        (),
        example='["GPUMemoryUtilization", "MemoryUtilization"]',
    )


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """`[limits.NAME]`: what a number of a model must not be."""

    when: str = setting(
        "The condition that must not hold; empty switches the limit off.",
        "",
        example='"p95 > 50 ms for 1 min"',
        check=parse_limit,
    )
    model: str = setting(
        "Models it is about: NAME or NAME/VERSION, where * stands for any text; by default all.",
        "",
        example='"mnist/*"',
    )
    series: str = setting(
        "Series of /metrics it is about instead, whose value or rate the condition is on: NAME or "
        "NAME{LABELS}, where * stands for any text.",
        "",
    )
    clear: str = setting(
        "How long it must not hold to be over; by default as long as it has to hold.",
        "",
        example='"2 min"',
        check=parse_duration,
    )


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """`[notify]`: what is reported outside of the screen."""

    events: tuple[str, ...] = setting(
        "Kinds of events to report, as `tsmon events` calls them.",
        ("limit exceeded", "limit cleared"),
        example='["limit exceeded", "limit cleared", "worker given up", "server away"]',
        check=check_event_kind,
    )
    bell: bool = setting("Ring the terminal's bell.", False)
    desktop: DesktopNotes = setting(
        "Have the terminal show a notification on the desktop: osc9 or osc777.",
        "",
        example='"osc9"',
    )
    exec: tuple[str, ...] = setting(
        "Program to run for each event, with its arguments; the event is in the environment and "
        "as JSON on standard input.",
        (),
        example='["./on-event.sh"]',
    )
    webhook: str = setting(
        "URL to send each event to, as JSON by POST.",
        "",
        example='"https://hooks.example.com/tsmon"',
        check=check_webhook,
    )


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
    notify: NotifySettings = field(default_factory=NotifySettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    limits: Mapping[str, LimitSettings] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata={"table_of": LimitSettings, "table_check": check_limit},
    )
    servers: Mapping[str, ServerSettings] = field(
        default_factory=lambda: MappingProxyType({}), metadata={"table_of": ServerSettings}
    )
    plugins: Mapping[str, PluginSettings] = field(
        default_factory=lambda: MappingProxyType({}), metadata={"table_of": PluginSettings}
    )
