"""All checks, in the order of the report."""

from __future__ import annotations

from tsmon.doctor.checks import configuration, disk, machine, models, server, serving, tokens
from tsmon.doctor.findings import Check, CheckGroup

_SERVER = (
    ("ports", "each address answers, as the API it should be", server.ports),
    ("version", "which TorchServe it is", server.version),
    ("shared-port", "inference and management have ports of their own", server.shared_port),
    ("ping", "what the server says of its health", server.ping),
    ("token-file", "the key file is there, private, and this server's", tokens.key_file),
    ("token-transport", "nobody on the way can read the keys", tokens.transport),
    ("token-expiry", "when the keys run out", tokens.token_expiry),
    ("metrics-mode", "/metrics is filled", server.metrics_mode),
    ("model-api", "models can be registered", server.model_api),
)
_MODELS = (
    ("readable", "describe tells all of every model", models.readable),
    ("workers", "the workers that should be there are ready", models.workers),
    ("worker-limits", "no model has a minimum above its maximum", models.limits),
    ("time-outs", "response, start-up and client time-outs leave time", models.timeouts),
    ("batching", "batches can fill", models.batching),
    ("queue", "the queues have room", models.queues),
)
_CONFIGURATION = (
    ("config-keys", "TorchServe knows every setting", configuration.keys),
    ("config-values", "every value can be used", configuration.values),
    ("config-features", "metrics and the model API are switched on", configuration.features),
    ("config-exposure", "no open server without tokens", configuration.exposure),
    ("config-snapshots", "no snapshot takes the file's place", configuration.snapshots),
)
_MACHINE = (
    ("torch-threads", "workers and their torch threads fit the cores", machine.torch_threads),
    ("memory", "memory for the workers, and one more of each model", machine.memory),
    ("disk-space", "room for logs and unpacked models", disk.free_space),
    ("log-size", "how much the logs take", disk.logs),
    ("leftover-models", "unpacked models that nobody uses", disk.leftovers),
    ("system-metrics", "the server's collector of system metrics lives", machine.system_metrics),
)
_SERVING = (
    ("packages", "what a server needs is installed", serving.packages),
    ("torchserve", "the installed TorchServe is a known one", serving.torchserve_version),
    ("java", "there is a Java for it", serving.java),
    ("default-ports", "the default ports are free", serving.default_ports),
    ("vision-handlers", "TorchServe's own vision handlers can be loaded", serving.handlers),
    ("gpu-metrics", "system metrics work where there is a GPU", serving.gpu_metrics),
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
