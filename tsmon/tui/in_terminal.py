"""An app on good terms with the terminal that it runs in, and with what stands between."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from typing import TypeVar

from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from tsmon.tui.driver import TerminalDriver
from tsmon.tui.terminal import through_screen
from tsmon.untrusted.text import visible

Result = TypeVar("Result")
TMUX = ["tmux", "load-buffer", "-w", "-"]
"""Puts what it reads into tmux' own buffer and, by OSC 52, into the clipboard around it."""
LONGEST_S = 2.0


class TerminalApp(App[Result]):
    """Ends with its terminal, and reaches the clipboard through tmux and GNU screen."""

    def get_driver_class(self) -> type[Driver]:
        """The driver that outlives its terminal, in the place of Textual's for terminals."""
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found

    def copy_to_clipboard(self, text: str) -> None:
        """Hand a text to the terminal's clipboard.

        Of the terminal's own sequence for that (OSC 52) tmux takes notice only where somebody
        allowed it, but it always does what it is told; GNU screen hands on what is wrapped for it.
        What is pasted into a shell must not hold orders, so control characters are escaped.
        """
        text = visible(text, keep_lines=True)
        super().copy_to_clipboard(text)
        if "TMUX" in os.environ:
            self.run_worker(lambda: _copy_by_tmux(text), thread=True, group="clipboard")
        elif self._driver is not None and os.environ.get("TERM", "").startswith("screen"):
            self._driver.write(through_screen(text))


def _copy_by_tmux(text: str) -> None:
    with suppress(OSError, subprocess.SubprocessError):  # too old for `-w`, or out of reach
        subprocess.run(TMUX, input=text, text=True, capture_output=True, timeout=LONGEST_S)
