"""The settings that TorchServe 0.12 reads from config.properties, and which values it can use."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

Rule = Callable[[str], str]
"""What is wrong with a value, empty if nothing is."""

_INT_MAX = 2**31 - 1
_ADDRESS = re.compile(r"(https?://[^\s/:]+|https?://\[[^\]]+\])(:\d{1,5})?/?|unix:\S+", re.I)
METRICS_MODES = ("log", "prometheus", "legacy")


def whole(least: int, most: int = _INT_MAX, why: str = "") -> Rule:
    """A whole number as Java's Integer.parseInt reads it, in bounds."""

    def judge(value: str) -> str:
        if not re.fullmatch(r"[+-]?\d+", value):
            blank = " (it ends in a space)" if value != value.strip() else ""
            return f"is not a whole number{blank}; TorchServe refuses to start"
        if int(value) < least:
            return f"is less than {least}" + (f": {why}" if why else "")
        return f"is more than {most}" if int(value) > most else ""

    return judge


def truth(value: str) -> str:
    """One of true and false; to Java every other word, even `true ` with a blank, is false."""
    if value.lower() in {"true", "false"}:
        return ""
    return "is neither true nor false, so TorchServe uses false"


def address(value: str) -> str:
    """An address that TorchServe can bind."""
    if _ADDRESS.fullmatch(value):
        return ""
    return "is neither http(s)://host:port nor unix:/path; TorchServe refuses to start"


def minutes(value: str) -> str:
    """A positive number, whole or not."""
    try:
        number = float(value)
    except ValueError:
        return "is not a number, so TorchServe uses 60"
    return "" if math.isfinite(number) and number > 0 else "makes keys that expire immediately"


def metrics_mode_rule(value: str) -> str:
    """One of the three modes, in any case and spacing."""
    if "".join(value.split()).lower() in METRICS_MODES:
        return ""
    return f"is not one of {', '.join(METRICS_MODES)}, so TorchServe uses log: /metrics stays empty"


_PORT = whole(1, 65535)
_SECONDS = whole(1, why="it expires immediately")
_COUNT = whole(0)
_RULES: Mapping[str, Rule] = {
    "inference_address": address,
    "management_address": address,
    "metrics_address": address,
    "grpc_inference_port": _PORT,
    "grpc_management_port": _PORT,
    "initial_worker_port": _PORT,
    "initial_distribution_port": _PORT,
    "default_workers_per_model": _COUNT,
    "default_response_timeout": _SECONDS,
    "default_startup_timeout": _SECONDS,
    "unregister_model_timeout": _SECONDS,
    "job_queue_size": whole(1, why="no request can be queued"),
    "max_request_size": whole(1),
    "max_response_size": whole(1),
    "metric_time_interval": whole(1),
    "number_of_gpu": _COUNT,
    "number_of_netty_threads": _COUNT,
    "netty_client_threads": _COUNT,
    "token_expiration_min": minutes,
    "metrics_mode": metrics_mode_rule,
} | dict.fromkeys(
    (
        "async_logging",
        "cpu_launcher_enable",
        "disable_system_metrics",
        "disable_token_authorization",
        "enable_envvars_config",
        "enable_grpc_ssl",
        "enable_metrics_api",
        "enable_model_api",
        "install_py_dep_per_model",
        "ipex_enable",
        "ipex_gpu_enable",
        "limit_max_image_pixels",
        "model_metrics_auto_detect",
        "prefer_direct_buffer",
        "use_env_allowed_urls",
        "use_native_io",
        "decode_input_request",
        "debug",
    ),
    truth,
)
KNOWN_SETTINGS = frozenset(_RULES) | {
    "allowed_urls",
    "blacklist_env_vars",
    "certificate_file",
    "cors_allowed_headers",
    "cors_allowed_methods",
    "cors_allowed_origin",
    "cpp_log_config",
    "cpu_launcher_args",
    "default_service_handler",
    "grpc_inference_address",
    "grpc_inference_max_connection_age_grace_ms",
    "grpc_inference_max_connection_age_ms",
    "grpc_management_address",
    "grpc_management_max_connection_age_grace_ms",
    "grpc_management_max_connection_age_ms",
    "io_ratio",
    "keystore",
    "keystore_pass",
    "keystore_type",
    "load_models",
    "metrics_config",
    "model_server_home",
    "model_snapshot",
    "model_store",
    "models",
    "plugins_path",
    "private_key_file",
    "python",
    "service_envelope",
    "snapshot_store",
    "system_metrics_cmd",
    "ts_header_key_sequence_end",
    "ts_header_key_sequence_id",
    "ts_header_key_sequence_start",
    "ts_open_inference_protocol",
    "tsConfigFile",
    "version",
    "vmargs",
    "workflow_store",
}


PATH_SETTINGS = frozenset(
    {
        *("certificate_file", "keystore", "private_key_file", "metrics_config", "model_store"),
        *("plugins_path", "workflow_store", "cpp_log_config"),
    }
)
"""Those that name a file or a folder of the server's machine."""
_FORGIVEN: frozenset[Rule] = frozenset((truth, minutes, metrics_mode_rule))


def is_forgiven(key: str) -> bool:
    """Whether TorchServe goes on with its default when it cannot use the value."""
    return _RULES.get(key) in _FORGIVEN


def setting_problem(key: str, value: str) -> str:
    """What is wrong with a setting's value, empty if nothing is known to be."""
    # $$NAME$$ is filled in from the server's environment, which is not ours to know.
    return "" if "$$" in value or key not in _RULES else _RULES[key](value)
