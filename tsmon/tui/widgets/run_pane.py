"""Pane 5: the load run or experiment, while it goes on and until it is closed."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.reactive import var

from tsmon.tui.keymap import PaneName
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from tsmon.tui.state.jobs import Job

ELSEWHERE = "{view.run} goes to it"
ENDED = "{table.copy} copies, {run.save} saves a file, {digits.stop} closes"


class RunView(VerticalScroll):
    """What a run gave so far; it can be scrolled."""

    STOPS: ClassVar[str] = "{digits.stop} stops"
    """What the border says of the key that ends it while it runs."""
    SUFFIXES: ClassVar[str]
    """The kinds of files its report can be saved as, in words."""

    heading: str
    """What is run, for the border."""
    file_name: str
    """What its file is called by default."""
    job: Job

    symbols = var(Symbols.BRAILLE, init=False)

    _can_show = False

    def on_mount(self) -> None:
        """Show what is known by now."""
        self._can_show = True
        self.changed()

    def on_resize(self) -> None:
        """There is room for more, or for less."""
        self.call_after_refresh(self.changed)

    def watch_symbols(self) -> None:
        """Draw with other characters."""
        self.changed()

    def changed(self) -> None:
        """Show what is known now; the job says so from its start to its end."""
        if self._can_show and self.app.is_running:
            self.show()

    def close(self) -> None:
        """Show nothing more: the parts go before the job ends."""
        self._can_show = False

    @abstractmethod
    def show(self) -> None:
        """Fill all parts."""

    @abstractmethod
    def halt(self) -> None:
        """End what is under way, or the waiting for it."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The report to copy; empty before there is one."""

    @abstractmethod
    def write(self, path: Path) -> None:
        """Write the report, by the file's suffix; in a thread.

        Raises:
            ServingError: it cannot be written.
        """


class RunPane(Pane):
    """The border around a run, which names its keys."""

    NAME = PaneName.RUN

    def __init__(self, view: RunView) -> None:
        super().__init__()
        self.view = view
        self.head(view.heading)

    def compose(self) -> ComposeResult:
        """The run itself."""
        yield self.view

    def on_mount(self) -> None:
        """Name the keys."""
        self.show_keys()

    def on_descendant_focus(self) -> None:
        """Its keys can be used."""
        self.show_keys()

    def on_descendant_blur(self) -> None:
        """Its keys cannot be used from elsewhere."""
        self.show_keys()

    def show_keys(self) -> None:
        """Say in the border what can be done now."""
        words = self.view.STOPS if self.view.job.running else ENDED
        here = self.has_pseudo_class("focus-within")
        zoom = ", {model.open} zooms" if self.view.job.running else ""
        self.foot(keys_of(self.screen).expand(words + zoom if here else ELSEWHERE))
