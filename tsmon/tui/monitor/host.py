"""What the monitor is to its capabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from textual.message import Message
from textual.timer import Timer

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot
    from tsmon.tui.keymap import PaneName
    from tsmon.tui.screens.prompts import Talk
    from tsmon.tui.state.options import MonitorOptions
    from tsmon.tui.state.rollouts import Rollouts
    from tsmon.tui.state.session import Session
    from tsmon.tui.text.symbols import Symbols
    from tsmon.tui.widgets.digits_pane import DigitsPane
    from tsmon.tui.widgets.metrics_pane import MetricsPane
    from tsmon.tui.widgets.models_pane import ModelsPane
    from tsmon.tui.widgets.workers_pane import WorkersPane


class Host(Protocol):
    """What is watched, shown and selected, and the ways to show, tell and ask something."""

    zoomed: bool
    in_depth: bool

    @property
    def options(self) -> MonitorOptions:
        """What was chosen at the start."""

    @property
    def session(self) -> Session:
        """What is watched."""

    @property
    def rollouts(self) -> Rollouts:
        """The changes of workers under way on the server that is watched."""

    @property
    def away(self) -> bool:
        """Whether nothing listens where the server was, so that it can be asked for nothing."""

    @property
    def snapshot(self) -> Snapshot | None:
        """The tick that is shown."""

    @property
    def selected(self) -> ModelKey | None:
        """The version the panes 2 to 4 are about."""

    @property
    def model(self) -> ModelStatus | None:
        """What the tick that is shown knows of the selected version."""

    def chosen(self) -> ModelStatus | None:
        """The selected version as it is now, if the server has it; otherwise that is told."""

    def forget(self, key: ModelKey) -> None:
        """Let go of a version that is not, or soon will not be, on the server."""

    # The screen

    @property
    def current(self) -> PaneName:
        """The pane in focus."""

    @property
    def offered(self) -> frozenset[PaneName]:
        """The panes there are."""

    @property
    def symbols(self) -> Symbols:
        """What charts and pictures are drawn with."""

    @property
    def models_pane(self) -> ModelsPane:
        """Pane 1."""

    @property
    def workers_pane(self) -> WorkersPane:
        """Pane 2."""

    @property
    def metrics_pane(self) -> MetricsPane:
        """Pane 3."""

    @property
    def digits_pane(self) -> DigitsPane:
        """Pane 4."""

    @property
    def table_pane(self) -> ModelsPane | WorkersPane:
        """The pane whose rows are filtered and sorted."""

    @property
    def is_mounted(self) -> bool:
        """Whether there is anything to draw on."""

    def focus_pane(self, name: PaneName) -> None:
        """Go to a pane."""

    def show(self, snapshot: Snapshot) -> None:
        """Show a tick in all panes."""

    def show_selected(self) -> None:
        """Render what is about the selected version anew."""

    def show_server(self) -> None:
        """Render the lines about the server anew."""

    def show_keys(self) -> None:
        """Name the keys that matter now."""

    # To tell and to ask

    @property
    def talk(self) -> Talk:
        """Notes, dialogs, and work beside the screen."""

    def offers(self, id_: str) -> bool:
        """Whether an action can be done now."""

    def check(self, id_: str) -> None:
        """Look whether the session allows an action now.

        Raises:
            Refused: it does not.
        """

    def post_message(self, message: Message) -> bool:
        """Tell the app."""

    def set_interval(self, interval: float, callback: Callable[[], None]) -> Timer:
        """Call something again and again."""
