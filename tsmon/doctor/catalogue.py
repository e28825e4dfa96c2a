"""All checks, in the order of the report."""

from __future__ import annotations

from tsmon.doctor.checks import (
    configuration,
    disk,
    machine,
    models,
    named_files,
    server,
    serving,
    startup_models,
    tokens,
)
from tsmon.doctor.findings import Check, CheckGroup

_SERVER = (
    ("ports", "each address answers as the API it should be", server.ports),
    ("version", "which TorchServe it is", server.version),
    ("shared-port", "inference and management have their own ports", server.shared_port),
    ("ping", "the server's own health status", server.ping),
    ("token-file", "the key file is readable, private and this server's", tokens.key_file),
    ("token-transport", "keys are sent encrypted or stay on this machine", tokens.transport),
    ("token-expiry", "when the keys expire", tokens.token_expiry),
    ("metrics-mode", "/metrics has data", server.metrics_mode),
    ("model-api", "models can be registered", server.model_api),
)
_MODELS = (
    ("readable", "every model can be described in full", models.readable),
    ("workers", "all required workers are ready", models.workers),
    ("worker-limits", "no model has min workers above max workers", models.limits),
    ("time-outs", "response, start-up and client time-outs are long enough", models.timeouts),
    ("batching", "batches can fill", models.batching),
    ("queue", "job queues have room", models.queues),
)
_CONFIGURATION = (
    ("config-keys", "TorchServe knows every setting", configuration.keys),
    ("config-values", "every value is valid", configuration.values),
    (
        "config-models",
        "the models to start with have valid settings and archives",
        startup_models.startup_models,
    ),
    ("config-files", "the files that settings name exist", named_files.files),
    ("config-tls", "encrypted addresses have a certificate", named_files.certificates),
    ("config-env", "which settings come from the environment", configuration.environment),
    ("config-features", "metrics and the model API are enabled", configuration.features),
    (
        "config-exposure",
        "the server is not open to the network without tokens",
        configuration.exposure,
    ),
    ("config-snapshots", "no snapshot overrides the file", configuration.snapshots),
)
_MACHINE = (
    ("torch-threads", "workers and their torch threads fit the CPU cores", machine.torch_threads),
    ("memory", "memory for the workers and one more of each model", machine.memory),
    ("disk-space", "disk space for logs and unpacked models", disk.free_space),
    ("log-size", "size of the logs", disk.logs),
    ("leftover-models", "unpacked models that are no longer in use", disk.leftovers),
    ("system-metrics", "the server's system metrics collector is running", machine.system_metrics),
)
_SERVING = (
    ("packages", "everything a server needs is installed", serving.packages),
    ("torchserve", "the installed TorchServe version is supported", serving.torchserve_version),
    ("java", "a suitable Java is installed", serving.java),
    ("default-ports", "the default ports are free", serving.default_ports),
    ("vision-handlers", "TorchServe's built-in vision handlers can be loaded", serving.handlers),
    ("gpu-metrics", "system metrics work on a machine with a GPU", serving.gpu_metrics),
)
_WITHOUT_SERVER = {CheckGroup.CONFIGURATION, CheckGroup.SERVING}

CHECKS = tuple(
    Check(id_, group, about, examine, needs_server=group not in _WITHOUT_SERVER)
    for group, checks in (
        (CheckGroup.SERVER, _SERVER),
        (CheckGroup.MODELS, _MODELS),
        (CheckGroup.CONFIGURATION, _CONFIGURATION),
        (CheckGroup.MACHINE, _MACHINE),
        (CheckGroup.SERVING, _SERVING),
    )
    for id_, about, examine in checks
)
