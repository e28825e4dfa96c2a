"""A process is known again by its number and its start, and by nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest
from msgspec.structs import replace

from tsmon.serving.owner import Owner


def test_this_process_lives() -> None:
    assert Owner.me().lives


def test_a_later_process_with_the_same_number_is_another_one() -> None:
    me = Owner.me()
    assert not replace(me, started=me.started - 60).lives


def test_a_killed_process_lives_no_more_even_before_it_is_waited_for() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = Owner(child.pid, psutil.Process(child.pid).create_time())
    before = owner.lives
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    after = owner.lives
    child.communicate()
    assert (before, after) == (True, False)


@pytest.mark.parametrize("pid", [-1, 2**62])
def test_a_number_that_is_no_process_is_none(pid: int) -> None:
    assert not Owner(pid, 0.0).lives
