"""The environment variables that a server and its workers get."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsmon.serving.home import Home
    from tsmon.serving.java import Java

_READ_THERE = ("ts_open_inference_protocol",)
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
_MEASURED_BEST_THREADS = 1  # twice the requests per second of torch's default on a small CNN


def server_environment(
    home: Home,
    java: Java,
    temp_dir: Path,
    threads_per_worker: int | None,
    base: Mapping[str, str] = os.environ,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """The environment of TorchServe's launcher, server and workers, made from *base*.

    Of the `settings` of config.properties it has those that TorchServe reads from there alone.
    """
    # TS_CONFIG_FILE and the like would win over what we configure; what we were given, such as the
    # address of a Prometheus with its password, is no business of the handlers that run there.
    ours = ("TS_", "TSMON_")
    environment = {key: value for key, value in base.items() if not key.startswith(ours)}
    environment |= {key.upper(): settings[key] for key in _READ_THERE if key in settings}
    environment |= {
        "JAVA_HOME": str(java.home),
        # The launcher's pid file, the server's unpacked models, the workers' sockets.
        "TEMP": str(temp_dir),
        "TMPDIR": str(temp_dir),
        "LOG_LOCATION": str(home.logs),
        "METRICS_LOCATION": str(home.logs),
        # TorchServe's own logging, with ours on top: see Home.
        "LOG4J_CONFIGURATION_FILE": f"log4j2.xml,{home.console_logging.as_uri()}",
        # Archives of runtime python3 start the first python3 of the PATH.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), base.get("PATH", os.defpath)]),
    }
    return environment | thread_variables(threads_per_worker, base)


def thread_variables(threads_per_worker: int | None, base: Mapping[str, str]) -> dict[str, str]:
    """What sets how many threads torch uses in a worker; see `ServerPlan`."""
    if threads_per_worker is None:
        threads_per_worker = 0 if any(key in base for key in _THREADS) else _MEASURED_BEST_THREADS
    return dict.fromkeys(_THREADS, str(threads_per_worker)) if threads_per_worker else {}
