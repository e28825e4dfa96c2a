"""The doctor: what is wrong with the server and this machine, and the remedy."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.reactive import var
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tsmon.doctor.examination import Examination, Report
from tsmon.doctor.findings import Check, Finding, Severity
from tsmon.tui import keymap
from tsmon.tui.screens.full_page import Page
from tsmon.tui.screens.whole_text import WholeText
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.motion import Choices
from tsmon.tui.widgets.words import Words
from tsmon.units import duration, plural

if TYPE_CHECKING:
    from tsmon.tui.state.session import Session

PROGRESS_S = 0.2
NAMED_FROM = 72
"""Columns from which on there is room for the names of the checks."""
MARGIN = 4
"""Columns beside the list: its padding, the scroll bar."""
LEAST_WORDS = 16
"""Columns for words, however narrow the terminal."""
_LOOKS = {
    Severity.ERROR: ("✗", Tone.BAD),
    Severity.WARNING: ("!", Tone.WARNING),
    Severity.NOTE: ("•", Tone.ACCENT),
    Severity.OK: ("✓", Tone.GOOD),
}
_NOT_CHECKED = ("–", Tone.MUTED)


class _Found(Struct, frozen=True):
    """A finding and the check that made it."""

    check: Check
    finding: Finding

    @property
    def look(self) -> tuple[str, Tone]:
        return _LOOKS[self.finding.severity] if self.finding.checked else _NOT_CHECKED

    @property
    def word(self) -> str:
        return self.finding.severity.value if self.finding.checked else "not checked"

    @property
    def is_fine(self) -> bool:
        return not self.finding.checked or self.finding.severity is Severity.OK


class Doctor(Page):
    """The findings of `tsmon doctor`, the worst first."""

    KEYS = (*keymap.DOCTOR_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#findings"

    with_fine = var(True, init=False)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._report: Report | None = None
        self._found: list[_Found] = []
        self._doing = ""
        self._began = 0.0

    def body(self) -> ComposeResult:
        """How it goes, and the findings."""
        yield Words(id="page-empty")
        yield Choices(id="findings", compact=True)

    def on_mount(self) -> None:
        """Begin at once."""
        self.query_one("#page-empty", Words).say(None)
        self.set_interval(PROGRESS_S, self._say)
        self.action_run()

    def action_run(self) -> None:
        """Examine, unless that is under way."""
        if self._doing:
            return
        if self.session.can_act:
            self._doing, self._began = "examining…", monotonic()
            self.talk.do(self._examine(), group="doctor")
        self._say()

    async def _examine(self) -> None:
        client = self.session.client
        try:
            examination = Examination(
                client,
                client.without_keys,
                on_progress=self._progress,
            )
            self._report = await examination.make()
        finally:
            self._doing = ""
        if self.is_open:
            self._show()

    def on_resize(self, event: events.Resize) -> None:
        """With the names of the checks, or without."""
        self._show()

    def _progress(self, doing: str) -> None:
        self._doing = doing

    def _say(self) -> None:
        """How it goes, as long as there is something to say of it."""
        words: Content | None = None
        if self._doing:
            seconds = monotonic() - self._began
            words = line((f"◌ {self._doing} {duration(seconds)}", Tone.WARNING))
        elif not self.session.can_act:
            what = f"this is a {self.session.word}: there is no server to check"
            words = line((what, Tone.WARNING), (f"\n→ {self.session.way_out}", Tone.PLAIN))
        self.query_one("#page-empty", Words).say(words)
        self.show_title()

    def _show(self) -> None:
        listed = self.query_one(OptionList)
        chosen = listed.highlighted
        self._found = list(_sorted(self._report)) if self._report else []
        listed.clear_options()
        listed.add_options(self._options())
        first = next((at for at, each in enumerate(listed.options) if not each.disabled), None)
        listed.highlighted = chosen if chosen and chosen < listed.option_count else first
        self._say()

    def _options(self) -> Iterator[Option]:
        word = ""
        for number, found in enumerate(self._found):
            if found.is_fine and not self.with_fine:
                continue
            if found.word != word:
                word = found.word
                alike = sum(each.word == word for each in self._found)
                glyph, tone = found.look
                yield Option(line((f"{glyph} {word}  {alike}", tone)), disabled=True)
            yield Option(_format(found, self.size.width), id=str(number))

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """How many findings there are of each severity."""
        left: list[Span] = [("Doctor", Tone.ACCENT)]
        left.append((self.session.monitor.latest.server.label, Tone.PLAIN))
        report = self._report
        if report is None:
            return left, [("not checked yet", Tone.MUTED)]
        counts: list[Span] = []
        for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE):
            glyph, tone = _LOOKS[severity]
            number = report.count(severity)
            words = f"{glyph} {plural(number, severity.value)}"
            counts.append((words, tone if number else Tone.MUTED))
        counts.append((f"✓ {report.count(Severity.OK)} ok", Tone.MUTED))
        counts.append((f"– {report.not_checked} not checked", Tone.MUTED))
        return left, counts

    @property
    def _chosen(self) -> _Found | None:
        option = self.query_one(OptionList).highlighted_option
        return self._found[int(option.id)] if option is not None and option.id else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click on a finding."""
        self.action_whole()

    def action_whole(self) -> None:
        """Show the whole finding."""
        found = self._chosen
        if found is None:
            return
        title = f"{found.look[0]} {found.word}: {found.check.id}"
        self.app.push_screen(WholeText(title, _whole(found), found.finding.remedy, "the remedy"))

    def action_copy(self) -> None:
        """Copy the remedy."""
        found = self._chosen
        if found is not None and found.finding.remedy:
            self.copy(found.finding.remedy)
        elif found is not None:
            self.talk.note(Note("there is nothing to fix here"), bad=False)

    def action_fine(self) -> None:
        """Show passed checks as well, or not."""
        self.with_fine = not self.with_fine
        self._show()


def _sorted(report: Report) -> Iterator[_Found]:
    """The findings, the worst first and those not checked last."""
    found = [_Found(each.check, finding) for each in report.results for finding in each.findings]
    order = list(_LOOKS)
    yield from sorted(found, key=lambda each: _rank(each, order))


def _rank(found: _Found, order: Sequence[Severity]) -> int:
    return order.index(found.finding.severity) if found.finding.checked else len(order)


def _format(found: _Found, width: int) -> Content:
    """A finding and its remedy, folded to lines of that width; where there is room it is named."""
    finding = found.finding
    glyph, tone = found.look
    name = f"{found.check.id:<16} " if width >= NAMED_FROM else ""
    spans: list[Span] = [(f"{glyph} ", tone), (name, Tone.MUTED)]
    indent = " " * (2 + len(name))
    if found.is_fine:
        title = finding.title.removeprefix("not checked: ")
        words = _folded(title, width, indent)
        return line(*spans, (words, Tone.MUTED if not finding.checked else Tone.PLAIN))
    spans.append((_folded(finding.title, width, indent), tone))
    if finding.remedy:
        remedy = _folded(finding.remedy, width, f"{indent}  ")
        spans.append((f"\n{indent}→ {remedy}", Tone.PLAIN))
    return line(*spans)


def _folded(text: str, width: int, indent: str) -> str:
    """A text whose first line begins after an indent as well; commands in it stay whole words."""
    return textwrap.fill(
        text,
        max(width - MARGIN, len(indent) + LEAST_WORDS),
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    ).removeprefix(indent)


def _whole(found: _Found) -> Content:
    """What is checked, the finding, its evidence and its remedy."""
    finding = found.finding
    spans: list[Span] = [(finding.title, found.look[1])]
    if finding.evidence:
        spans.append((f"\n\nEvidence: {finding.evidence}", Tone.PLAIN))
    if finding.remedy:
        spans.append((f"\n\n→ {finding.remedy}", Tone.PLAIN))
    looked = f"\n\nChecked: {found.check.about} ({found.check.group}, check {found.check.id})"
    return line(*spans, (looked, Tone.MUTED))
