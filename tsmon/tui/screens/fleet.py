"""All servers at a glance: the worst first, and from there into one of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from tsmon.fleet.arrange import FleetLine, Order, fleet_lines
from tsmon.fleet.grouping import NO_LABEL, grouped, groupings, member_of, narrowed
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.choose_server import ChooseServer
from tsmon.tui.screens.fleet_changes import FleetChanges
from tsmon.tui.screens.full_page import FullPage
from tsmon.tui.state.fleet_work import FleetWork
from tsmon.tui.state.messages import FleetRefreshed, SessionOpened
from tsmon.tui.state.opening import session_of, target_named
from tsmon.tui.text.fleet import fleet_bar, format_line, format_problems, how_to_begin
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.filter_bar import FilterBar
from tsmon.tui.widgets.fleet_table import ORDERS, FleetTable
from tsmon.tui.widgets.key_bar import KeyBar
from tsmon.tui.widgets.words import Words

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tsmon.fleet.fleet import Fleet
    from tsmon.fleet.snapshot import FleetSnapshot
    from tsmon.fleet.targets import FleetTarget
    from tsmon.tui.state.options import MonitorOptions
    from tsmon.tui.state.session import Session
    from tsmon.tui.widgets.live_table import LiveTable
    from tsmon.tui.widgets.long_table import LongTable


class FleetScreen(FullPage[None]):
    """Asks all servers as long as it is open; the monitor goes on below."""

    KEYS: ClassVar[tuple[keymap.Key, ...]] = (*keymap.FLEET_KEYS, *keymap.FLEET_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(
        (*keymap.FLEET_KEYS, *keymap.FLEET_SHARED_KEYS)
    )
    AUTO_FOCUS = "#fleet-table"

    def __init__(
        self,
        session: Session,
        fleet: Fleet,
        options: MonitorOptions,
        work: FleetWork | None = None,
    ) -> None:
        """`session` is what the monitor shows, `work` the change of servers that may go on."""
        super().__init__(session)
        named = (
            options.config.servers,
            options.config.fleet.file_sd,
            options.config.fleet.prometheus,
        )
        self._unnamed = not any(named)
        """Whether the servers were found, since no configuration names any."""
        self._fleet = fleet
        self._options = options
        self._snapshot = fleet.snapshot
        self._order = Order.WORST
        self._reverse = False
        self._models = True
        self._by = ""
        """What the servers are grouped by; empty where each has a row of its own."""
        self._beginning = True
        self._first: str | None = None
        """The row that the cursor was put on."""
        self._changes = FleetChanges(self, work or FleetWork(), options)

    @property
    def footer_keys(self) -> list[keymap.Key]:
        """Without what changes servers where that is refused."""
        refused = self._options.read_only
        return [key for key in super().footer_keys if not (refused and key.changes)]

    def compose(self) -> ComposeResult:
        """The line of counts, the table, what is known of the row in focus, the keys."""
        yield Words(id="fleet-bar")
        yield Words(id="fleet-problems")
        yield FilterBar(id="fleet-filter")
        yield Words(id="fleet-changes")
        yield Words(id="fleet-empty")
        yield FleetTable(id="fleet-table")
        yield Words(id="fleet-line")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show what is known, and begin to ask."""
        self._changes.begin()
        self._sort_by(Order.WORST)
        if not self._fleet.is_empty:
            self.run_worker(self._fleet.run(self._publish), group="fleet")

    def on_unmount(self) -> None:
        """A change of servers continues."""
        self._changes.end()

    def on_resize(self, event: events.Resize) -> None:
        """Lines for another width."""
        self.query_one(KeyBar).show(self.footer_keys)
        self._show()

    @property
    def _table(self) -> FleetTable:
        return self.query_one(FleetTable)

    @property
    def _filter(self) -> FilterBar:
        return self.query_one(FilterBar)

    def _publish(self, snapshot: FleetSnapshot) -> bool:
        self.post_message(FleetRefreshed(snapshot))
        return True

    def on_fleet_refreshed(self, message: FleetRefreshed) -> None:
        """Show the fleet's new snapshot."""
        self._snapshot = message.snapshot
        self._show()

    def _show(self) -> None:
        empty, unnamed = self._fleet.is_empty, self._unnamed
        snapshot, chosen = self._snapshot, self._filter.filter
        with self.app.batch_update():
            self.query_one("#fleet-bar", Words).say(
                fleet_bar(snapshot, self._order_shown, self.size.width)
            )
            self.query_one("#fleet-problems", Words).say(format_problems(snapshot.problems))
            kept = narrowed(snapshot, chosen.passes) if chosen else snapshot
            shown = fleet_lines(
                grouped(kept, self._by) if self._by else kept,
                self._order,
                reverse=self._reverse,
                models=self._models,
            )
            self._table.display = not empty
            self._table.show_lines(shown)
            self.show_changes()
            self._begin_at_the_worst()
            nothing = line((f"no row matches the filter {chosen.text}", Tone.MUTED))
            sentence = nothing if chosen and not shown else None
            self.query_one("#fleet-empty", Words).say(
                how_to_begin(keys_of(self)) if unnamed else sentence
            )
            self._show_line()

    def _begin_at_the_worst(self) -> None:
        """Keep the cursor on the first row until every server was heard of, if no one moves it."""
        if self._beginning and self._table.cursor_key == self._first:
            self._table.action_first()
        self._first = self._table.cursor_key if not self._table.cursor else None
        servers = self._snapshot.servers
        self._beginning = not servers or not all(row.settled for row in servers)

    def _show_line(self) -> None:
        chosen = self._table.line
        self.query_one("#fleet-line", Words).say(format_line(chosen) if chosen else None)

    def on_live_table_moved(self, event: LiveTable.Moved) -> None:
        """Show more of the row under the cursor."""
        event.stop()
        self._show_line()

    # Actions

    def on_long_table_opened(self, event: LongTable.Opened) -> None:
        """Enter, or a click on the row under the cursor."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Watch the server of the row in the monitor."""
        chosen, line = self._line, self._table.line
        if chosen is not None:
            self._open(chosen.server.target)
        elif line is not None:
            self._open_group(line.server.target.name)

    def _open_group(self, name: str) -> None:
        """Leave the servers of a group, each with a row of its own."""
        label, _, value = name.partition("=")
        without = f"! {label}="
        self._filter.put(without if value == NO_LABEL else f"~(^| ){re.escape(name)}( |$)")
        self._group_by("")

    @property
    def _line(self) -> FleetLine | None:
        """The server under the cursor, or its model; None on a group of servers."""
        chosen = self._table.line
        if chosen is None or not self._by:
            return chosen
        server = member_of(self._snapshot, chosen.model) if chosen.model else None
        return FleetLine(server) if server is not None else None

    def action_choose(self) -> None:
        """Choose a server by its name."""
        if self._options.config.servers:
            dialog = ChooseServer(self._options.config.servers, self.session.tag.name)
            self.app.push_screen(dialog, self._open_named)

    def _open_named(self, name: str | None) -> None:
        if name is not None:
            self._open(target_named(name, self._options))

    def _open(self, target: FleetTarget) -> None:
        self.talk.do(self._open_session(target), group="opening")

    async def _open_session(self, target: FleetTarget) -> None:
        session = await session_of(target, self._options)
        if self.was_left:  # the person went elsewhere meanwhile, and stays there
            await session.close()
        else:
            self.post_message(SessionOpened(session))

    def action_filter(self) -> None:
        """Ask which rows to show."""
        self._filter.open()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        self._show()

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        """Go on in the rows."""
        event.stop()
        self._table.focus()

    def action_back(self) -> None:
        """Clear the marks, the groups, then the filter; without any go back to the monitor."""
        if self._changes.clear():
            self.show_changes()
        elif self._by:
            self._group_by("")
        elif not self._filter.clear():
            self.dismiss(None)

    # Marks and what is done on them

    def show_changes(self) -> None:
        """Show the marks, and how far a change of servers is."""
        if self.was_left:
            return
        self._table.show_marks(self._changes.marked(self._snapshot))
        self.query_one("#fleet-changes", Words).say(self._changes.words())

    def on_live_table_mark_wanted(self, event: LiveTable.MarkWanted) -> None:
        """The mouse marks."""
        event.stop()
        if not self._by:
            self._changes.mark(self._table.line_of(event.key))
        self.show_changes()

    def action_mark(self) -> None:
        """Mark the row's server, or take its mark away, and go to the next server."""
        self._changes.mark(self._line)
        self._table.go_to_next_server()
        self.show_changes()

    def action_mark_shown(self) -> None:
        """Mark all servers that are shown, or unmark them."""
        kept = narrowed(self._snapshot, self._filter.filter.passes)
        self._changes.mark_shown([FleetLine(row) for row in kept.servers])
        self.show_changes()

    def action_change(self, kind: str) -> None:
        """Do something on all marked servers."""
        self._changes.ask(kind, self._snapshot, self._line)

    def action_undo(self) -> None:
        """Take the last change back."""
        self._changes.undo()

    def action_progress(self) -> None:
        """Show how far a change is."""
        self._changes.progress()

    def action_sort(self) -> None:
        """Sort by the next."""
        self._sort_by(self._order.following)

    def action_reverse(self) -> None:
        """Sort by the same the other way round."""
        self._sort_by(self._order, reverse=not self._reverse)

    def on_long_table_title_clicked(self, event: LongTable.TitleClicked) -> None:
        """Sort by the column whose title is clicked; a second click turns it round."""
        event.stop()
        order = ORDERS.get(event.column.id)
        if order:
            self._sort_by(order, reverse=order is self._order and not self._reverse)

    def _sort_by(self, order: Order, *, reverse: bool = False) -> None:
        self._order, self._reverse = order, reverse
        self._table.show_sorted(order, reverse=reverse)
        self._show()

    @property
    def _order_shown(self) -> str:
        order = f"by {self._order.value}{', reversed' if self._reverse else ''}"
        return f"grouped by {self._by}, {order}" if self._by else order

    def action_group(self) -> None:
        """Group by the next label, by model, then not at all."""
        ways = ("", *groupings(self._snapshot))
        self._group_by(ways[(ways.index(self._by) + 1) % len(ways) if self._by in ways else 0])

    def _group_by(self, by: str) -> None:
        self._by = by
        self._table.action_first()
        self._show()

    def action_fold(self) -> None:
        """Hide what is below the rows, or show it."""
        self._models = not self._models
        self._show()
