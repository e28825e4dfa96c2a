"""Runs the `kubectl` command, and says in plain words why it failed.

All functions block.
"""

from __future__ import annotations

import re
import subprocess

from tsmon.units import period
from tsmon.untrusted.text import one_line

KUBECTL_PATIENCE_S = 15.0
_NOISE = re.compile(r"\s*$|[EIW]\d{4} ")
"""Empty lines, and those of the client's own log, which come before the reason."""
_LISTS = "`kubectl config get-contexts` lists them; choose one with --kube-context"
_ROLE = (
    "ask for a role with list on pods and create on pods/portforward; `kubectl auth can-i "
    "create pods/portforward -n NAMESPACE` shows whether you have it"
)
_LOG_IN = "log in to the cluster as for any other `kubectl` command"
_KNOWN = (
    (
        re.compile(
            r'context was not found for specified context: (.*)|context "(.*)" does not exist'
        ),
        "the Kubernetes configuration has no context {}",
        _LISTS,
    ),
    (
        re.compile(r"connection to the server (localhost:8080) was refused"),
        "the Kubernetes configuration names no cluster",
        "set KUBECONFIG, or choose a context with --kube-context",
    ),
    (
        re.compile(r"connection to the server (\S+) was refused"),
        "no Kubernetes API server is answering at {}: connection refused",
        f"is the cluster up, and is it the right one? {_LISTS}",
    ),
    (
        re.compile(r"Unable to connect to the server: (.*)"),
        "the Kubernetes API server cannot be reached: {}",
        f"is the cluster up, and is it the right one? {_LISTS}",
    ),
    (
        re.compile(
            r"must be logged in to the server|the server has asked for the client to provide"
        ),
        "the Kubernetes API server does not know who asks",
        _LOG_IN,
    ),
    (re.compile(r"(User .* cannot .*)"), "the cluster forbids it: {}", _ROLE),
    (re.compile(r"\(Forbidden\)|is forbidden"), "the cluster forbids it", _ROLE),
)


class KubeError(Exception):
    """Kubernetes did not do what it was asked.

    Attributes:
        message: what was wrong.
        hint: what the person can do about it; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def kubectl_command(context: str, *arguments: str) -> list[str]:
    """The command line in a context, by default the current one."""
    return ["kubectl", *([f"--context={context}"] if context else []), *arguments]


def run_kubectl(context: str, *arguments: str, patience_s: float = KUBECTL_PATIENCE_S) -> bytes:
    """What a kubectl command prints.

    Raises:
        KubeError: there is no kubectl command, or it refused.
    """
    try:
        ended = subprocess.run(
            kubectl_command(context, *arguments),
            stdin=subprocess.DEVNULL,  # what it may ask for is asked for by the person's own calls
            capture_output=True,
            timeout=patience_s,
            check=False,
        )
    except OSError as error:
        raise no_command(error) from None
    except subprocess.TimeoutExpired:
        raise KubeError(
            f"kubectl did not answer within {period(patience_s)}",
            "is the cluster up? `kubectl get pods` shows what it waits for",
        ) from None
    if ended.returncode:
        raise refusal(ended.stderr, ended.returncode)
    return ended.stdout


def refusal(said: bytes, code: int) -> KubeError:
    """The error of a kubectl command that wrote this and ended with *code*."""
    lines = [one_line(line, 300) for line in said.decode(errors="replace").splitlines()]
    reasons = [line for line in lines if not _NOISE.match(line)]
    for pattern, message, hint in _KNOWN:
        for line in reasons:
            if found := pattern.search(line):
                detail = next((each for each in found.groups() if each), "")
                return KubeError(message.format(detail.strip()), hint)
    last = reasons[-1].removeprefix("error: ") if reasons else f"kubectl exited with code {code}"
    return KubeError(last)


def no_command(error: OSError) -> KubeError:
    """The error where the command cannot be started."""
    if isinstance(error, FileNotFoundError):
        return KubeError(
            "kubectl is not on this machine's PATH",
            "install it, or forward the ports another way and name them with --server",
        )
    return KubeError(f"kubectl cannot be started: {error.strerror or error}")
