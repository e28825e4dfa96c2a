"""What is asked before several servers change, and how far that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct
from textual.app import ComposeResult
from textual.widgets import Button, Input, Static

from tsmon.declared.applying import StepOutcome
from tsmon.declared.changes import (
    Change,
    RegisterOn,
    ReplaceBy,
    ScaleTo,
    ServerPlan,
    Unregister,
    plan_for,
)
from tsmon.declared.difference import Action
from tsmon.declared.many import MOST_AT_ONCE, ServerProgress, Stand
from tsmon.declared.state import DeclaredState, DeclaredVersion
from tsmon.torchserve.changes import check_workers
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.ask import read_number
from tsmon.tui.screens.bulk import Many, in_lines
from tsmon.tui.screens.confirm import Question
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.state.risk import Risk, gravest
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.field import Field
from tsmon.tui.widgets.words import Words
from tsmon.units import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tsmon.declared.difference import Step
    from tsmon.tui.state.fleet_work import ChangeJob

_SIGNS = {
    Stand.WAITING: ("○", Tone.MUTED),
    Stand.UNDER_WAY: ("◌", Tone.WARNING),
    Stand.DONE: ("✓", Tone.GOOD),
    Stand.UNCHANGED: ("–", Tone.MUTED),
    Stand.FAILED: ("✗", Tone.BAD),
    Stand.STOPPED: ("■", Tone.WARNING),
    Stand.NOT_TRIED: ("·", Tone.MUTED),
}


class Kind(Enum):
    """What can be done on several servers."""

    REGISTER = "Register"
    SCALE = "Scale"
    REPLACE = "Replace"
    UNREGISTER = "Unregister"


class Asked(Struct, frozen=True):
    """What servers are to get, and how."""

    title: str
    plans: tuple[ServerPlan, ...]
    at_once: int


class ChangeServers(Dialog[Asked]):
    """Asks for one change, and shows while it is typed what that means for each server."""

    def __init__(
        self,
        kind: Kind,
        found: Mapping[str, DeclaredState],
        names: Mapping[str, str],
        chosen: DeclaredVersion | None,
    ) -> None:
        """`found` is what the servers have, by their keys; `chosen` is filled in."""
        super().__init__()
        self._kind = kind
        self._found = found
        self._names = names
        self._chosen = chosen

    @property
    def heading(self) -> str:
        """What is done on how many."""
        return f"{self._kind.value} on {plural(len(self._found), 'server')}"

    @property
    def accept_label(self) -> str:
        """What is done."""
        return self._kind.value

    def body(self) -> ComposeResult:
        """The change, and the plan for each server."""
        chosen, kind = self._chosen, self._kind
        if kind is Kind.REGISTER:
            archive = chosen.archive if chosen else ""
            yield Field("archive or URL", archive, id="archive", placeholder="mnist.mar, https://…")
        yield Field("model", chosen.name if chosen else "", id="model")
        if kind is Kind.REPLACE:
            yield Field("new archive or URL", id="archive", placeholder="mnist-2.mar, https://…")
            yield Field("its version", id="new", placeholder="as in the archive")
        which = {
            Kind.REGISTER: "as in the archive",
            Kind.UNREGISTER: "all versions",
        }.get(kind, "the default one")
        version = chosen.version if chosen and kind is not Kind.REPLACE else ""
        label = "instead of version" if kind is Kind.REPLACE else "version"
        yield Field(label, version, id="version", placeholder=which)
        if kind in {Kind.SCALE, Kind.REGISTER}:
            workers = str(chosen.min_workers) if chosen else "1"
            yield Field("workers", workers, id="workers", number=True)
        if len(self._found) > 1:
            yield Field("servers at a time", "1", id="at-once", number=True)
        with Many():
            yield Static(id="server-plans")

    def on_mount(self) -> None:
        """Begin with what has to be typed or is most likely changed."""
        super().on_mount()
        first = {Kind.SCALE: "workers", Kind.REPLACE: "archive"}.get(self._kind)
        if first and self._chosen is not None:
            self.query_one(f"#{first} Input").focus()
        self._show()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Plan while it is typed."""
        event.stop()
        self._show()

    def _show(self) -> None:
        try:
            spans = format_plans(self._plans(self._change()), self._names)
        except InvalidArgument as error:
            spans = [(str(error), Tone.MUTED)]
        self.query_one("#server-plans", Static).update(line(*spans))

    def _plans(self, change: Change) -> tuple[ServerPlan, ...]:
        return tuple(plan_for(key, change, found) for key, found in self._found.items())

    def _change(self) -> Change:
        """What is typed.

        Raises:
            InvalidArgument: something is missing, or not valid.
        """
        model, version = self._needed("model"), self._text("version")
        match self._kind:
            case Kind.REGISTER:
                return RegisterOn(self._registration(model))
            case Kind.SCALE:
                return ScaleTo(model, version, self._workers())
            case Kind.REPLACE:
                return ReplaceBy(model, version, self._needed("archive"), self._needed("new"))
            case Kind.UNREGISTER:
                return Unregister(model, version, every=not version)

    def _registration(self, model: str) -> DeclaredVersion:
        """As the version that was chosen, as far as that is the one."""
        archive, version, workers = (
            self._needed("archive"),
            self._needed("version"),
            self._workers(),
        )
        wanted = DeclaredVersion(model, version, archive, min_workers=workers, max_workers=workers)
        chosen = self._chosen
        if chosen is not None and (chosen.name, chosen.archive) == (model, archive):
            wanted = DeclaredVersion(
                model,
                version,
                archive,
                min_workers=workers,
                max_workers=workers,
                batch_size=chosen.batch_size,
                max_batch_delay=chosen.max_batch_delay,
                response_timeout=chosen.response_timeout,
                startup_timeout=chosen.startup_timeout,
            )
        wanted.registration.parameters()
        return wanted

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Field).text

    def _needed(self, name: str) -> str:
        if text := self._text(name):
            return text
        words = {"model": "which model?", "archive": "which archive?"}
        raise InvalidArgument(words.get(name, "which version does the archive have?"))

    def _workers(self) -> int:
        workers = self.query_one("#workers", Field).number
        if workers is None:
            raise InvalidArgument("how many workers?", "enter a number, 0 or more")
        check_workers(workers)
        return workers

    def accept(self) -> None:
        """Give the plans, where there is something to do and nothing in the way."""
        try:
            change = self._change()
            at_once = 1
            if len(self._found) > 1:
                field = self.query_one("#at-once", Field)
                at_once = read_number(field, "servers at a time", MOST_AT_ONCE)
        except InvalidArgument as error:
            self.show_note(Note.of(error))
            return
        plans = self._plans(change)
        obstacles = [
            f"{self._names[each.server]}: {each.obstacle}" for each in plans if each.obstacle
        ]
        if obstacles:
            self.show_note(Note("nothing is begun", "\n".join(obstacles)))
        elif not any(each.steps for each in plans):
            self.show_note(Note("there is nothing to do on any of them"))
        else:
            self.dismiss(Asked(str(change), plans, at_once))


def format_plans(plans: Sequence[ServerPlan], names: Mapping[str, str]) -> list[Span]:
    """A line for each step of each server, from what is there to what will be."""
    width = max((len(names[each.server]) for each in plans), default=0)
    lines: list[list[Span]] = []
    for plan in plans:
        name = f"{names[plan.server]:<{width}}  "
        if plan.obstacle:
            lines.append([(f"✗ {name}", Tone.BAD), (f"not possible: {plan.obstacle}", Tone.PLAIN)])
        elif not plan.steps:
            lines.append(
                [(f"– {name}", Tone.MUTED), (f"nothing to do: {plan.why_not}", Tone.MUTED)]
            )
        for at, step in enumerate(plan.steps):
            sign, tone = ("!", Tone.WARNING) if step.interrupts else (" ", Tone.PLAIN)
            shown = name if at == 0 else " " * len(name)
            lines.append([(f"{sign} {shown}", tone), (_step_words(step), Tone.PLAIN)])
    return in_lines(lines)


def _step_words(step: Step) -> str:
    if step.action is Action.UNREGISTER:
        return f"{step}: {plural(step.version.min_workers, 'worker')} → none"
    return str(step)


def about_plans(asked: Asked, *, always: bool = False) -> Question | None:
    """What is asked again, graded by how bad it is; None where nothing is lost, unless `always`."""
    changed = [each for each in asked.plans if each.steps]
    severity = gravest(_risk(each, step) for each in changed for step in each.steps)
    if severity is None and not always:
        return None
    words = {
        None: "",
        Risk.LAST: "Requests to what is removed, or has no workers, fail until it is put back.",
        Risk.LOSS: "Requests that are being processed there meanwhile get a 500.",
    }[severity]
    return Question(
        f"{asked.title} on {plural(len(changed), 'server')}?",
        line((words, Tone.PLAIN)),
        severity or Risk.CHANGE,
        "Go on",
        typed=str(len(changed)),
    )


def _risk(plan: ServerPlan, step: Step) -> Risk | None:
    version = step.version
    before = plan.before.find(version.name, version.version)
    match step.action:
        case Action.REGISTER_AGAIN:
            return Risk.LAST
        case Action.UNREGISTER:
            remain = {
                each.version.version
                for each in plan.steps
                if each.version.name == version.name and each.action is Action.REGISTER
            }
            others = {each.version for each in plan.before.of(version.name)} - {version.version}
            return Risk.LOSS if remain or others else Risk.LAST
        case Action.SCALE if before is not None and version.min_workers < before.min_workers:
            return Risk.LOSS if version.min_workers else Risk.LAST
    return None


class ServersProgress(Dialog[bool]):
    """How far each server is; it continues when this is closed. True asks for the way back."""

    CANCEL = "Close"
    LEAVES = "closes"
    AUTO_FOCUS = "#cancel"

    def __init__(self, job: ChangeJob, listen: Callable[[Callable[[], None]], None]) -> None:
        """`listen` takes what is to be called at each step."""
        super().__init__()
        self._job = job
        self._listen = listen

    @property
    def heading(self) -> str:
        """What is done."""
        return self._job.title

    @property
    def accept_label(self) -> str:
        """Stop it, or take it back."""
        return "Stop" if self._job.running else "Undo …"

    def body(self) -> ComposeResult:
        """A line for each server, and how it ended below them."""
        with Many():
            yield Words(id="bulk-parts")
        yield Words(id="bulk-end")

    def on_mount(self) -> None:
        """Follow it until it ends."""
        super().on_mount()
        self._listen(self.show)
        self.show()

    def show(self) -> None:
        """Show how it stands."""
        if self.was_left:
            return
        job = self._job
        width = max(len(job.name(key)) for key in job.work.servers)
        lines = in_lines(
            _format_progress(f"{job.name(key):<{width}}", each)
            for key, each in job.work.servers.items()
        )
        self.query_one("#bulk-parts", Words).say(line(*lines))
        sign, tone = ("✗", Tone.BAD) if job.failed else ("✓", Tone.GOOD)
        ended = line((f"{sign} {job.counts}", tone))
        stopping = line(("◌ stopping after the step in progress …", Tone.WARNING))
        under_way = stopping if job.stopped else line((job.counts, Tone.MUTED))
        self.query_one("#bulk-end", Words).say(under_way if job.running else ended)
        button = self.query_one("#accept", Button)
        button.label = self.accept_label
        button.display = not job.stopped if job.running else job.can_be_undone
        words = "closes, it continues" if job.running else "closes"
        box = self.query_one("#dialog")
        box.border_subtitle = keys_of(self).expand(f"{{dialog.cancel}} {words}")

    def accept(self) -> None:
        """Stop after the steps in progress; once it is over, ask for the way back."""
        if self._job.running:
            self._job.stop()
            self.query_one("#cancel", Button).focus()
            self.show()
        elif self._job.can_be_undone:
            self.dismiss(True)


def _format_progress(name: str, server: ServerProgress) -> list[Span]:
    sign, tone = _SIGNS[server.stand]
    now = next((each for each in server.steps if each.outcome is StepOutcome.UNDER_WAY), None)
    done = sum(each.outcome is StepOutcome.DONE for each in server.steps)
    steps = f"{done} of {plural(len(server.plan.steps), 'step')}"
    words: str = server.stand
    if server.stand is Stand.UNDER_WAY:
        words = f"{now.step} …" if now else "…"
    elif server.stand is Stand.FAILED:
        words = f"{server.why}" + (f" ({steps} done)" if server.steps else "")
    elif server.stand is Stand.UNCHANGED:
        words = f"nothing to do: {server.plan.why_not}"
    elif server.stand in {Stand.DONE, Stand.STOPPED}:
        words = f"{server.stand}, {steps}"
    return [(f"{sign} {name}  ", tone), (words, Tone.PLAIN)]
