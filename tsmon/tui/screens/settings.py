"""The settings: what they are, where from; changed for the session or kept in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.theme import BUILTIN_THEMES
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tsmon.config.schema import Config, ServerSettings
from tsmon.threads import in_thread
from tsmon.tui import keymap
from tsmon.tui.screens.ask import AskPath, AskText
from tsmon.tui.screens.full_page import Page
from tsmon.tui.screens.list_dialog import Pick
from tsmon.tui.state.settings import SETTINGS, THEME, LiveSettings
from tsmon.tui.text.notes import Note
from tsmon.tui.text.setting import (
    CHANGED,
    SettingRow,
    command_line,
    format_row,
    format_value,
    in_sections,
    setting_detail,
)
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.motion import Choices
from tsmon.tui.widgets.words import Words
from tsmon.units import plural
from tsmon.untrusted.secrets import masked_address
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.config.changes import Given
    from tsmon.config.settings import Setting
    from tsmon.config.values import Dotted
    from tsmon.tui.state.session import Session

SETTINGS_REFRESH_S = 1.0


class SettingsPage(Page):
    """Lists the settings; follows what other keys change meanwhile."""

    KEYS = (*keymap.SETTING_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#settings-lines"

    def __init__(
        self,
        session: Session,
        live: LiveSettings,
        config: Config,
        in_force: Mapping[Dotted, Any],
    ) -> None:
        """`in_force` has what tsmon found itself where a setting says nothing."""
        super().__init__(session)
        self._live = live
        self._changes = live.changes
        self._config = config
        self._in_force = in_force
        self._rows: list[SettingRow] = []

    def body(self) -> ComposeResult:
        """The settings, and what is known of the one under the cursor."""
        yield Choices(id="settings-lines", compact=True)
        yield Words(id="setting-detail")

    def on_mount(self) -> None:
        """Show the current state, and follow it."""
        self._show()
        self.set_interval(SETTINGS_REFRESH_S, self._show)

    def on_resize(self, event: events.Resize) -> None:
        """The lines are as wide as the screen."""
        super().on_resize(event)
        self._rows = []
        self._show()

    # What exists

    def _all_rows(self) -> list[SettingRow]:
        changes = self._changes
        rows = [
            SettingRow(
                setting.key,
                setting.help,
                changes.value(setting.key),
                changes.origin(setting.key),
                setting,
                self._in_force.get(setting.key),
                changes.is_changed(setting.key),
            )
            for setting in SETTINGS
        ]
        return rows + [self._server_row(*server) for server in self._config.servers.items()]

    def _server_row(self, name: str, settings: ServerSettings) -> SettingRow:
        more = [word for word in (settings.color, "read-only" * settings.read_only) if word]
        address = masked_address(settings.url or settings.inference_url or settings.metrics_url)
        message = f"Opened by --server {name} or :server {name}: {', '.join((address, *more))}."
        return SettingRow(("servers", name), message, address, self._server_origin(name))

    def _server_origin(self, name: str) -> Path | Given | None:
        keys = (("servers", name, part) for part in ServerSettings.__dataclass_fields__)
        return next((found for key in keys if (found := self._changes.origin(key))), None)

    def _show(self) -> None:
        """Show what holds now; the cursor stays on its setting."""
        self._live.catch_up()
        rows = self._all_rows()
        if rows == self._rows:
            return
        listed = self.query_one(Choices)
        at = listed.highlighted
        self._rows = rows
        listed.clear_options()
        for title, section in in_sections(rows):
            listed.add_option(Option(line((title, Tone.PLAIN)), disabled=True))
            listed.add_options([Option(self._format(row), id=row.name) for row in section])
        listed.highlighted = 1 if at is None else min(at, listed.option_count - 1)
        self.show_title()
        self._show_detail()

    def _format(self, row: SettingRow) -> Any:
        return format_row(row, self._changes.own, self.size.width)

    @property
    def _chosen(self) -> SettingRow | None:
        option = self.query_one(Choices).highlighted_option
        return next((row for row in self._rows if option and row.name == option.id), None)

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """How many were changed, and where they are kept."""
        changed = len(self._changes.changed)
        left: list[Span] = [("Settings", Tone.ACCENT)]
        if changed:
            left.append((f"{CHANGED}: {changed}", Tone.WARNING))
        return left, [(str(self._changes.own), Tone.MUTED)]

    def _show_detail(self) -> None:
        row = self._chosen
        if row is None:
            self.query_one("#setting-detail", Words).say(None)
            return
        place = row.origin if isinstance(row.origin, Path) else self._changes.place(row.key)
        live = row.setting is not None and self._live.is_live(row.setting)
        self.query_one("#setting-detail", Words).say(setting_detail(row, live=live, place=place))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Another setting is under the cursor."""
        event.stop()
        self._show_detail()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click on a setting."""
        event.stop()
        self.action_change()

    # Changing

    def action_change(self) -> None:
        """Ask for another value."""
        row = self._chosen
        if row is None:
            return
        if row.setting is None:
            self._show_read_only(row)
        elif row.setting.key == THEME:
            self.talk.do(self._pick(row.setting, ("", *sorted(BUILTIN_THEMES))))
        elif row.setting.choices:
            self.talk.do(self._pick(row.setting, row.setting.choices))
        elif row.setting.is_path:
            start = row.value or self._in_force.get(row.key)
            use = partial(self._use_path, row.setting)
            self.app.push_screen(AskPath(row.name, row.help, start, use))
        else:
            words = f"{row.help} At least {row.setting.least:g} s."
            use_text = partial(self._use_text, row.setting)
            self.app.push_screen(AskText(row.name, words, "seconds", use_text, f"{row.value:g}"))

    async def _pick(self, setting: Setting, choices: Sequence[str]) -> None:
        now = self._changes.value(setting.key)
        offered = [(format_value(choice), choice) for choice in choices]
        picked = await self.app.push_screen_wait(Pick(setting.name, offered, now))
        if picked is not None:
            self._change(setting, picked.choice)

    async def _use_text(self, setting: Setting, text: str) -> None:
        self._change(setting, self._live.read(setting, text))

    async def _use_path(self, setting: Setting, path: Path) -> None:
        self._change(setting, self._live.read(setting, str(path)))

    def _change(self, setting: Setting, value: Any) -> None:
        self._live.change(setting, value)
        self._show()
        if not self._live.is_live(setting) and self._changes.is_changed(setting.key):
            message = f"{setting.name} applies from the next start"
            self.talk.note(Note(message, "{settings.keep} saves it"), bad=False)

    def action_default(self) -> None:
        """Put the default back."""
        row = self._chosen
        if row is not None and row.setting is not None:
            self.talk.do(self._set(row.setting, row.setting.default))
        elif row is not None:
            self._show_read_only(row)

    def action_take_back(self) -> None:
        """Let it be what it was."""
        row = self._chosen
        if row is not None and row.setting is not None and row.changed:
            self.talk.do(self._set(row.setting, self._changes.before(row.key)))
        elif row is not None:
            self.talk.note(Note(f"{row.name} was not changed"), bad=False)

    async def _set(self, setting: Setting, value: Any) -> None:
        self._change(setting, value)

    def _show_read_only(self, row: SettingRow) -> None:
        way = f"change {row.origin}, or: tsmon config set {row.name}.url URL"
        self.talk.note(Note("servers cannot be changed here", way), bad=False)

    # Keeping

    def action_save(self) -> None:
        """Write what was changed into the files."""
        self.talk.do(self._keep())

    async def _keep(self) -> None:
        self._live.catch_up()
        kept = self._changes.changed
        if not kept:
            self.talk.note(Note("there are no unsaved changes"), bad=False)
            return
        overruled = [given.by for key in kept if (given := self._changes.given(key))]
        try:
            files = await in_thread(self._live.keep)
        finally:
            self._show()
        where = ", ".join(map(str, files)) or "no file: every setting has its default"
        hint = f"{', '.join(overruled)} overrides it while it is set" if overruled else ""
        self.talk.note(Note(f"{plural(len(kept), 'setting')} saved in {where}", hint), bad=False)

    def action_copy(self) -> None:
        """Copy the command line that sets it so."""
        row = self._chosen
        if row is not None and row.setting is not None:
            self.copy(command_line(row, row.value))
        elif row is not None:
            self.copy(f"tsmon config set {shell_word(row.name)}.url {shell_word(row.value)}")
