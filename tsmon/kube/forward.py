"""Forwards ports of a pod to free ones of this machine, for as long as tsmon lives."""

from __future__ import annotations

import re
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Event, Thread, Timer
from typing import TYPE_CHECKING

from tsmon.kube.command import KubeError, kubectl_command, no_command, refusal
from tsmon.units import period

if TYPE_CHECKING:
    from tsmon.kube.pods import Pod

# Ends kubectl when its own standard input closes, which it does when tsmon ends, however that comes
# to its end. Only kubectl holds its output, which therefore ends with kubectl.
_UNDER_WATCH = """\
"$@" </dev/null 2>&1 & child=$!
exec >/dev/null 2>&1
cat
kill $child
wait $child
"""
_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d{1,5}) -> (\d{1,5})")
_START_S = 20.0
_LAST_LINES = 10
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
_STEADY_S = 10.0
"""A forward that lasted so long is begun again without the pauses of those before."""
_LOST = "the forward to {} was lost"


class Forward:
    """Ports of a pod, at the same ports of this machine however often it has to begin again."""

    def __init__(
        self, context: str, find: Callable[[], Pod], ports: Callable[[Pod], Sequence[int]]
    ) -> None:
        """`find` gives the pod each time it begins, `ports` those of it; both may block."""
        self._context = context
        self._find = find
        self._ports = ports
        self._ended = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._begun = 0.0
        self.local: Mapping[int, int] = {}
        """The ports of this machine by those of the pod."""
        self.problem: KubeError | None = None
        """Why it does not forward now, if so."""
        self.pod: Pod
        """The pod that it leads to; there once it began."""

    def begin(self) -> None:
        """Forward, and keep forwarding until closed; blocks until it does for the first time.

        Raises:
            KubeError: it cannot.
        """
        self._start()
        Thread(target=self._keep, name="port-forward", daemon=True).start()

    def close(self) -> None:
        """End it; it cannot begin again."""
        self._ended.set()
        if self._process is not None:
            _end(self._process)

    def _start(self) -> None:
        pod = self._find()
        wanted = self._ports(pod)
        self._process = process = _spawn(self._context, pod, wanted, self.local)
        if self._ended.is_set():  # closed meanwhile
            _end(process)
        self.local = _ports_of(process, pod, wanted)
        self.pod = pod
        self._begun = time.monotonic()
        self.problem = None

    def _keep(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            if self._process is not None:
                said = _drain(self._process)
                if self._ended.is_set():
                    return
                reason = refusal(said, 1).message if said else "kubectl ended"
                self.problem = KubeError(f"{_LOST.format(self.pod.label)}: {reason}")
                if time.monotonic() - self._begun > _STEADY_S:
                    pause = _FIRST_PAUSE_S
                self._process = None
            if self._ended.wait(pause):
                return
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            try:
                self._start()
            except KubeError as error:
                self._process, self.problem = None, error


def _spawn(
    context: str, pod: Pod, wanted: Sequence[int], local: Mapping[int, int]
) -> subprocess.Popen[bytes]:
    """Begin to forward; the ports that it had before stay, where it had any."""
    command = kubectl_command(
        context,
        *("port-forward", "--address=127.0.0.1", f"--namespace={pod.namespace}"),
        f"pod/{pod.name}",
        *(f"{local.get(port, '')}:{port}" for port in wanted),
    )
    try:
        return subprocess.Popen(
            ["sh", "-c", _UNDER_WATCH, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that ctrl+c reaches tsmon alone
        )
    except OSError as error:
        raise no_command(error) from None


def _ports_of(process: subprocess.Popen[bytes], pod: Pod, wanted: Sequence[int]) -> dict[int, int]:
    """Wait until all are forwarded; the ports of this machine by those of the pod."""
    found: dict[int, int] = {}
    said: list[bytes] = []
    late = Timer(_START_S, _end, [process])
    late.start()
    try:
        assert process.stdout is not None  # noqa: S101 (it is a pipe)
        for line in process.stdout:
            said.append(line)
            if match := _FORWARDING.match(line.decode(errors="replace")):
                found[int(match[2])] = int(match[1])
            if found.keys() >= set(wanted):
                return found
    finally:
        late.cancel()
    code = _end(process)
    process.stdout.close()
    text = b"".join(said)
    if not text.strip():
        raise KubeError(f"kubectl did not forward {pod.label} within {period(_START_S)}")
    raise refusal(text, code)


def _drain(process: subprocess.Popen[bytes]) -> bytes:
    """Read until it ends; its last words but for the lines about each connection."""
    said: deque[bytes] = deque(maxlen=_LAST_LINES)
    assert process.stdout is not None  # noqa: S101 (it is a pipe)
    with suppress(OSError, ValueError):
        said.extend(line for line in process.stdout if not line.startswith(b"Handling connection"))
    _end(process)
    process.stdout.close()
    return b"".join(said)


def _end(process: subprocess.Popen[bytes]) -> int:
    """Have what watches kubectl end it; the exit code."""
    with suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    return process.wait()
