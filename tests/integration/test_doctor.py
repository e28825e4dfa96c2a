"""`tsmon doctor` on real servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.integration.commands import Shell
from tsmon.serving.java import find_java
from tsmon.serving.ports import LOOPBACK, Ports, free_ports
from tsmon.serving.servers_here import running_servers

pytestmark = pytest.mark.integration


def severities(report: Any) -> dict[str, str]:
    return {finding["id"]: finding["severity"] for finding in report["findings"]}


def of(report: Any, id_: str) -> Any:
    return next(finding for finding in report["findings"] if finding["id"] == id_)


def test_a_server_of_ours_is_healthy(shell: Shell, archive: Path) -> None:
    registered = shell.tsmon("register", archive.name, "--name", "patient", "--workers", "1")
    assert registered.code == 0, registered.stderr

    ended = shell.tsmon("doctor", "--json")

    assert ended.code == 0, ended.stdout
    assert ended.json["counts"]["error"] == 0
    seen = severities(ended.json)
    for id_ in ("ports", "token-file", "metrics-mode", "model-api", "workers", "torch-threads"):
        assert seen[id_] == "ok", of(ended.json, id_)
    assert str(shell.home / "config.properties") in of(ended.json, "config-keys")["evidence"]
    shell.tsmon("unregister", "patient", "--yes")


def test_a_worker_that_dies_is_found_with_its_cause(shell: Shell) -> None:
    (shell.directory / "broken.py").write_text("import no_such_module\n")
    shell.tsmon("archive", "--model-name", "broken", "--handler", "broken.py", "--force")
    registered = shell.tsmon("register", "broken.mar", "--no-wait")
    assert registered.code == 0, registered.stderr
    try:
        for _ in range(60):
            ended = shell.tsmon("doctor", "--only", "workers", "--json")
            if "no_such_module" in ended.stdout:
                break
    finally:
        shell.tsmon("unregister", "broken", "--yes")

    finding = next(each for each in ended.json["findings"] if "broken" in each["title"])
    assert ended.code == 1
    assert "No module named 'no_such_module'" in finding["evidence"]
    assert "tsmon scale broken --model-version 1.0 1" in finding["remedy"]


@pytest.fixture(scope="module")
def plain() -> Iterator[tuple[Shell, list[str]]]:
    """A TorchServe with its own defaults but for the ports, and the options that mean it."""
    # The path must be short: the workers' sockets are in it.
    with tempfile.TemporaryDirectory(prefix="ts-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder, ports = Path(name), free_ports()
        for each in ("store", "user"):
            (folder / each).mkdir()
        write_ports(folder / "config.properties", ports)
        command = [sys.executable, "-m", "ts.model_server", "--start", "--foreground", "--ncs"]
        command += ["--model-store", "store"]
        environment = {key: value for key, value in os.environ.items() if key[:3] != "TS_"}
        environment |= {"JAVA_HOME": str(find_java().home), "TEMP": name, "TMPDIR": name}
        with (folder / "console").open("wb") as console:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group of its own, to be stopped as one
            )
        shell = Shell(folder / "user")
        options = [
            f"--{api}-url=http://{LOOPBACK}:{getattr(ports, api)}"
            for api in ("inference", "management", "metrics")
        ]
        try:
            until_it_answers(shell, options, process)
            yield shell, options
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def write_ports(path: Path, ports: Ports) -> None:
    settings = {
        "inference_address": f"http://{LOOPBACK}:{ports.inference}",
        "management_address": f"http://{LOOPBACK}:{ports.management}",
        "metrics_address": f"http://{LOOPBACK}:{ports.metrics}",
        "grpc_inference_port": ports.grpc_inference,
        "grpc_management_port": ports.grpc_management,
    }
    path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))


def until_it_answers(shell: Shell, options: list[str], process: subprocess.Popen[bytes]) -> None:
    for _ in range(60):
        ended = shell.tsmon("doctor", "--only", "ports", *options)
        if ended.code == 0:
            return
        assert process.poll() is None, "TorchServe ended"
    raise AssertionError(ended.stdout)


def test_a_plain_torchserve_gets_its_remedies_and_its_key_is_found(
    plain: tuple[Shell, list[str]],
) -> None:
    shell, options = plain
    key_file = shell.directory.parent / "key_file.json"

    ended = shell.tsmon("doctor", "--json", *options)

    assert ended.code == 0
    assert severities(ended.json)["token-file"] == "ok"
    assert str(key_file) in of(ended.json, "token-file")["evidence"]
    assert of(ended.json, "metrics-mode")["severity"] == "warning"
    assert "metrics_mode=prometheus" in of(ended.json, "metrics-mode")["remedy"]
    assert of(ended.json, "model-api")["severity"] == "note"
    assert "--enable-model-api" in of(ended.json, "model-api")["remedy"]


def test_one_address_of_it_is_enough_by_any_name_of_this_machine(
    plain: tuple[Shell, list[str]],
) -> None:
    shell, options = plain
    for option in options:
        port = option.rpartition(":")[2]
        ended = shell.tsmon("models", "--json", "--server", f"http://localhost:{port}")
        assert (ended.code, ended.stdout) == (0, "[]\n"), ended.stderr


def test_with_the_key_file_that_it_names_there_is_no_error(plain: tuple[Shell, list[str]]) -> None:
    shell, options = plain
    key_file = shell.directory.parent / "key_file.json"

    ended = shell.tsmon("doctor", "--json", "--key-file", str(key_file), *options)

    assert ended.code == 0, ended.stdout
    assert severities(ended.json)["token-file"] == "ok"
    assert severities(ended.json)["model-api"] == "note"


def test_a_key_file_of_somebody_else_is_recognised(
    shell: Shell, plain: tuple[Shell, list[str]]
) -> None:
    other, options = plain

    ended = other.tsmon(
        "doctor", "--json", "--key-file", str(shell.home / "key_file.json"), *options
    )

    assert ended.code == 1
    assert str(other.directory.parent) in of(ended.json, "token-file")["remedy"]


def test_no_server_at_all(shell: Shell) -> None:
    ended = shell.tsmon("doctor", "--json", "--server", f"{LOOPBACK}:{free_ports().management}")

    assert ended.code == 3
    assert of(ended.json, "java")["severity"] == "ok"


def test_a_running_server_is_found_by_its_process(shell: Shell) -> None:
    status = shell.tsmon("serve", "status", "--json").json["server"]

    (found,) = [each for each in running_servers() if each.pid == status["pid"]]

    assert found.addresses.management == status["management"]
    assert found.addresses.metrics == status["metrics"]
    assert found.key_file == shell.home / "key_file.json"
