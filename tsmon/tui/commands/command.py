"""What a command is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from tsmon.tui.monitor.screen import MonitorScreen


def no_choices(screen: MonitorScreen) -> Sequence[str]:
    """The arguments cannot be listed."""
    return ()


class Command(Struct, frozen=True):
    """One command that is more than a key: it takes a word or two."""

    name: str
    arguments: str
    """As the help shows them: capitals are to be replaced, brackets may be left out."""
    help: str
    """One sentence."""
    run: Callable[[MonitorScreen, str], None]
    """Does it, with what was typed after the name; raises `InvalidArgument`."""
    choices: Callable[[MonitorScreen], Sequence[str]] = no_choices
    """The arguments that there are now, for completion and palette."""
    like: str = ""
    """The id of the key without whose action it is not offered either."""
    everywhere: bool = False
    """Whether screens above the monitor have it as well."""

    @property
    def usage(self) -> str:
        """The name and the arguments."""
        return f"{self.name} {self.arguments}".strip()
