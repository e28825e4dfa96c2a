"""An app on good terms with the terminal that it runs in, and with what stands between."""

from __future__ import annotations

from typing import TypeVar

from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from tsmon.tui.driver import TerminalDriver

Result = TypeVar("Result")


class TerminalApp(App[Result]):
    """Ends with its terminal."""

    def get_driver_class(self) -> type[Driver]:
        """The driver that outlives its terminal, in the place of Textual's for terminals."""
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found
