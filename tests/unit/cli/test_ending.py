"""How a command that goes on and on is ended from outside."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

LONGEST_S = 60
NOBODY = "http://127.0.0.1:9"


def _ignore_ctrl_c() -> None:
    """What a shell does to its background jobs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("before", [None, _ignore_ctrl_c], ids=["foreground", "background"])
def test_a_watch_ends_when_it_is_told_to(
    ending: signal.Signals, before: Callable[[], None] | None
) -> None:
    watch = subprocess.Popen(
        [sys.executable, "-m", "tsmon", "metrics", "--watch", "--server", NOBODY],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )
    try:
        assert watch.stderr is not None
        assert "no TorchServe" in watch.stderr.readline()
        watch.send_signal(ending)
        _, rest = watch.communicate(timeout=LONGEST_S)
    finally:
        watch.kill()

    assert watch.returncode == 130, rest
    assert "Traceback" not in rest
