"""Writes the config.properties that a server of ours starts with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tsmon.serving import properties
from tsmon.serving.errors import BadConfiguration
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import LOOPBACK

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_OWN_NEED = "tsmon cannot do its work without it"


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


def render(plan: ServerPlan) -> str:
    """The text of config.properties, each setting with its reason.

    Raises:
        BadConfiguration: a further setting of the plan cannot be set like that.
    """
    settings = list(_settings(plan))
    _check_extra(plan, settings)
    lines = ["# Written by tsmon at every start; changes made here are lost."]
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
                f"Not a setting: {pair!r}", "Write key=value, such as max_request_size=10000000"
            )
        settings[key] = value.strip()
    return settings


def _settings(plan: ServerPlan) -> Iterator[_Setting]:
    ours = [*_addresses(plan), *_needed(plan), *_defaults(plan)]
    yield from ours
    reason = "Asked for by the user."
    for key in sorted(plan.extra.keys() - {setting.key for setting in ours}):
        yield _Setting(key, plan.extra[key], reason)
        reason = ""


def _addresses(plan: ServerPlan) -> Iterator[_Setting]:
    values = {
        "inference_address": f"http://{LOOPBACK}:{plan.ports.inference}",
        "management_address": f"http://{LOOPBACK}:{plan.ports.management}",
        "metrics_address": f"http://{LOOPBACK}:{plan.ports.metrics}",
        "grpc_inference_address": LOOPBACK,
        "grpc_inference_port": str(plan.ports.grpc_inference),
        "grpc_management_address": LOOPBACK,
        "grpc_management_port": str(plan.ports.grpc_management),
    }
    reason = "Reachable from this machine alone; the ports of gRPC are bound whether used or not."
    for key, value in values.items():
        yield _Setting(key, value, reason, "Use --ports")
        reason = ""


def _needed(plan: ServerPlan) -> Iterator[_Setting]:
    yield _Setting(
        "disable_token_authorization",
        "false" if plan.token_auth else "true",
        "With tokens, only who can read key_file.json may manage the server.",
        "Use --no-token-auth",
    )
    yield _Setting(
        "model_store", str(plan.model_store.resolve()), "Where archives are.", "Use --model-store"
    )
    yield _Setting(
        "enable_model_api",
        "true",
        "Without it models can be neither registered nor unregistered while the server runs.",
        _OWN_NEED,
    )
    yield _Setting(
        "metrics_mode",
        "prometheus",
        "TorchServe's default writes metrics to log files and leaves /metrics empty.",
        _OWN_NEED,
    )


def _defaults(plan: ServerPlan) -> Iterator[_Setting]:
    yield _Setting(
        "default_workers_per_model",
        str(plan.default_workers),
        "TorchServe's default is one worker per CPU core for every model.",
    )
    yield _Setting(
        "initial_worker_port",
        str(plan.ports.first_worker),
        "Workers are numbered from here on; they use unix sockets, not this port.",
    )
    yield _Setting(
        "job_queue_size",
        "100",
        "Requests that may wait for a model version; the next one gets a 503.",
    )
    yield _Setting(
        "install_py_dep_per_model",
        "false",
        "An archive may bring code; whether pip may fetch more of it is for a person to say.",
    )


def _check_extra(plan: ServerPlan, settings: Iterable[_Setting]) -> None:
    fixed = {setting.key: setting for setting in settings if setting.instead}
    for key, value in plan.extra.items():
        if not _KEY.fullmatch(key):
            raise BadConfiguration(f"Not the name of a setting: {key!r}", "Write key=value")
        if key in fixed:
            raise BadConfiguration(f"{key}={value} cannot be set like this", fixed[key].instead)
