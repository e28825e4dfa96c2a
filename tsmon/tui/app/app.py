"""The monitor's app: a session in, an exit code out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.filter import LineFilter
from textual.reactive import var
from textual.scrollbar import ScrollBar

from tsmon.tui.app.isolating import IsolatingApp
from tsmon.tui.app.no_markup import take_no_markup
from tsmon.tui.app.terminal import AsciiOnly, Harmless
from tsmon.tui.monitor import layout
from tsmon.tui.monitor.panes import Panes
from tsmon.tui.monitor.screen import MonitorScreen
from tsmon.tui.screens.digit_screen import DigitScreen
from tsmon.tui.state.messages import ExperimentBegun, ProcedureBegun
from tsmon.tui.state.options import MonitorOptions
from tsmon.tui.state.session import Session
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.themes import opposite, readable
from tsmon.tui.widgets.scroll_bar import WholeCells

__all__ = ["MonitorOptions", "TsmonApp"]

ScrollBar.renderer = WholeCells
take_no_markup()


class TsmonApp(IsolatingApp):
    """Watches a session; its result is the exit code."""

    TITLE = "tsmon"
    CSS_PATH = Path(__file__).with_name("tsmon.tcss")
    HORIZONTAL_BREAKPOINTS = layout.WIDTHS
    VERTICAL_BREAKPOINTS = layout.HEIGHTS

    symbols = var(Symbols.BRAILLE, init=False)
    """What charts are drawn with; with ASCII the whole screen is."""

    def __init__(
        self,
        session: Session,
        options: MonitorOptions = MonitorOptions(),  # noqa: B008 (frozen)
    ) -> None:
        super().__init__(session, options)
        self.animation_level = "none"
        self.theme = options.theme
        self.set_reactive(TsmonApp.symbols, options.symbols)
        self._harmless = Harmless()
        self._ascii = AsciiOnly()
        self.wants_demo = False
        """Whether it was left for the demo."""

    def get_default_screen(self) -> MonitorScreen:
        """The monitor itself."""
        return MonitorScreen(self.session, self._options, self)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line goes through on its way to the terminal."""
        filters = [*super().get_line_filters(), self._harmless]
        return [*filters, self._ascii] if self.symbols is Symbols.ASCII else filters

    def get_css_variables(self) -> dict[str, str]:
        """The colours of the theme; those of the muted words as readable as they have to be."""
        variables = super().get_css_variables()
        return variables | readable(variables)

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw everything with other characters."""
        for screen in self.screen_stack:
            if isinstance(screen, Panes | DigitScreen):
                screen.symbols = symbols
            screen.query("*").refresh()

    def action_symbols(self) -> None:
        """Draw with the next kind of characters."""
        self.symbols = self.symbols.following

    def action_theme(self) -> None:
        """Change between dark and light."""
        self.theme = opposite(self.theme, dark=self.current_theme.dark)

    def on_demo_wanted(self) -> None:
        """Leave; whoever opened the monitor goes on with the demo."""
        self.wants_demo = True
        self.exit(0)

    def on_experiment_begun(self, message: ExperimentBegun) -> None:
        """Remember what has to be put back before leaving."""
        self.experiment = message.job

    def on_procedure_begun(self, message: ProcedureBegun) -> None:
        """Remember what has to be made safe before leaving."""
        self.procedure = message.job

    def on_mount(self) -> None:
        """Paint the screen anew when the shell gives it back; show the fleet if asked for."""
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        if self._options.fleet:
            self.action_fleet()

    async def action_quit(self) -> None:
        """Leave; all is well. What is under way first leaves its model as it should be."""
        self.run_worker(self._leave(), group="leaving", exclusive=True)

    async def _leave(self) -> None:
        await self._end_jobs()
        self.exit(0)

    async def _end_jobs(self) -> None:
        """Stop what is under way, and wait until its model is put back or safe."""
        for job in (self.experiment, self.procedure):
            if job is not None:
                job.stop()
                await job.ended()

    async def on_unmount(self) -> None:
        """Let go of the session; requests under way get a moment."""
        await self._end_jobs()
        await self.close_fleet()
        await self.session.close()
