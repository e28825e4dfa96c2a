"""Writes the config.properties that a server of ours starts with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from tsmon.serving import properties
from tsmon.serving.errors import BadConfiguration
from tsmon.serving.model_store import loadable
from tsmon.serving.ports import Ports

if TYPE_CHECKING:
    from tsmon.serving.plan import ServerPlan

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_OWN_NEED = "tsmon depends on it"


class _Setting(NamedTuple):
    """A line of the file.

    Attributes:
        reason: why it is set so; a setting without one belongs to the setting before it.
        instead: what to use to change it; without that, a setting of the user wins.
    """

    key: str
    value: str
    reason: str = ""
    instead: str = ""


class Surroundings(Struct, frozen=True, kw_only=True):
    """What the server finds around it.

    Attributes:
        address: where it listens.
        ports: likewise.
        why_address: the reason for it.
        model_store: the folder as it is called there.
        token_auth: whether it asks for tokens.
        why_tokens: the reason for it.
        tokens_instead: what to do to change it.
        heading: the first line of the file.
    """

    address: str
    ports: Ports
    why_address: str
    model_store: str
    token_auth: bool
    why_tokens: str
    tokens_instead: str
    heading: str


def this_machine(plan: ServerPlan) -> Surroundings:
    """Those of a process of this machine."""
    return Surroundings(
        address=plan.address,
        ports=plan.ports,
        why_address=(
            f"Reachable from {'other machines' if plan.is_open else 'this machine only'}; "
            "TorchServe binds the gRPC ports whether they are used or not."
        ),
        model_store=str(plan.model_store.resolve()),
        token_auth=plan.token_auth,
        why_tokens="With tokens, only those who can read key_file.json can manage the server.",
        tokens_instead="Use --no-token-auth",
        heading="Written by tsmon at every start; edits are lost.",
    )


def render(plan: ServerPlan, around: Surroundings | None = None) -> str:
    """The text of config.properties, each setting with its reason.

    The surroundings are by default this machine.

    Raises:
        BadConfiguration: a further setting of the plan cannot be set like that.
    """
    around = around or this_machine(plan)
    plan = _with_models(plan)
    settings = list(_settings(plan, around))
    _check_extra(plan, settings)
    lines = [f"# {around.heading}"]
    for setting in settings:
        if setting.reason:
            lines += ["", f"# {setting.reason}"]
        value = plan.extra.get(setting.key, setting.value)
        lines.append(properties.render_pair(setting.key, value))
    return "\n".join(lines) + "\n"


def extra_settings(pairs: Iterable[str]) -> dict[str, str]:
    """Settings from `key=value` words as given on a command line.

    Raises:
        BadConfiguration: a word is not of that form.
    """
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key = key.strip()
        if not equals or not _KEY.fullmatch(key):
            raise BadConfiguration(
                f"Not a setting: {pair!r}", "Use key=value, such as max_request_size=10000000"
            )
        settings[key] = value.strip()
    return settings


def _settings(plan: ServerPlan, around: Surroundings) -> Iterator[_Setting]:
    ours = [*_addresses(around), *_needed(plan, around), *_defaults(plan)]
    yield from ours
    reason = "Set by the user."
    for key in sorted(plan.extra.keys() - {setting.key for setting in ours}):
        yield _Setting(key, plan.extra[key], reason)
        reason = ""


def _with_models(plan: ServerPlan) -> ServerPlan:
    """The plan with `load_models` as TorchServe loads what was meant.

    By `all` it takes every folder of the store for a model, and 0 workers for one per CPU core.

    Raises:
        BadConfiguration: models are to be loaded without a worker.
    """
    load = plan.extra.get("load_models", "")
    if not load or load.lower() == "none":
        return plan
    if plan.default_workers == 0:
        raise BadConfiguration(
            "load_models with 0 workers per model cannot be set: TorchServe would start one worker "
            "per CPU core for each model",
            "Use --workers-per-model 1, or register models after the start: tsmon register ARCHIVE "
            "--workers 0",
        )
    if load.lower() != "all" or not plan.model_store.is_dir():
        return plan
    names = ",".join(loadable(plan.model_store))
    return replace(plan, extra={**plan.extra, "load_models": names or "none"})


def _addresses(around: Surroundings) -> Iterator[_Setting]:
    address, ports = around.address, around.ports
    host = f"[{address}]" if ":" in address else address
    values = {
        "inference_address": f"http://{host}:{ports.inference}",
        "management_address": f"http://{host}:{ports.management}",
        "metrics_address": f"http://{host}:{ports.metrics}",
        "grpc_inference_address": address,
        "grpc_inference_port": str(ports.grpc_inference),
        "grpc_management_address": address,
        "grpc_management_port": str(ports.grpc_management),
    }
    reason = around.why_address
    for key, value in values.items():
        yield _Setting(key, value, reason, "Use --ports and --bind")
        reason = ""


def _needed(plan: ServerPlan, around: Surroundings) -> Iterator[_Setting]:
    yield _Setting(
        "disable_token_authorization",
        "false" if around.token_auth else "true",
        around.why_tokens,
        around.tokens_instead,
    )
    yield _Setting(
        "model_store", around.model_store, "Folder of the archives.", "Use --model-store"
    )
    yield _Setting(
        "enable_model_api",
        "true",
        "Without it models cannot be registered or unregistered while the server runs.",
        _OWN_NEED,
    )
    yield _Setting(
        "metrics_mode",
        plan.metrics_mode,
        "By default TorchServe writes metrics to log files and leaves /metrics empty.",
        "Use --metrics-mode",
    )


def _defaults(plan: ServerPlan) -> Iterator[_Setting]:
    yield _Setting(
        "default_workers_per_model",
        str(plan.default_workers),
        "By default TorchServe starts one worker per CPU core for every model.",
    )
    yield _Setting(
        "initial_worker_port",
        str(plan.ports.first_worker),
        "Workers are numbered from here on; they use unix sockets, not this port.",
    )
    yield _Setting(
        "job_queue_size",
        "100",
        "Requests that can be queued for a model version; the next one gets a 503.",
    )
    yield _Setting(
        "install_py_dep_per_model",
        "false",
        "An archive contains code; whether pip may install more of it is for a person to decide.",
    )


def _check_extra(plan: ServerPlan, settings: Iterable[_Setting]) -> None:
    fixed = {setting.key: setting for setting in settings if setting.instead}
    for key, value in plan.extra.items():
        if not _KEY.fullmatch(key):
            raise BadConfiguration(f"Not the name of a setting: {key!r}", "Use key=value")
        if key in fixed:
            raise BadConfiguration(f"{key}={value} cannot be set this way", fixed[key].instead)
