"""How each screen above the monitor is made; a class that is missing here fails a test."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textual.content import Content

from tests.tui.seat import Seat
from tests.unit.load.run.test_server_side import FULL, report
from tests.unit.telemetry.log_page.lines import access, waited
from tsmon.config.changes import Changes
from tsmon.config.schema import Config, ServerSettings
from tsmon.declared.changes import ScaleTo, plan_for
from tsmon.declared.many import ChangeOfMany
from tsmon.declared.state import DeclaredState, DeclaredVersion
from tsmon.digits.folders import read_folder
from tsmon.digits.images import DigitImage
from tsmon.fleet.fleet import Fleet
from tsmon.fleet.targets import FleetTarget
from tsmon.load.answers import Answer
from tsmon.load.run.record import past_run, run_record
from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.log_page.requests import RequestFollower
from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.torchserve.management import Registration
from tsmon.torchserve.replacement import Replacement, ReplacementPlan
from tsmon.tui import screens
from tsmon.tui.commands.command_line import CommandLine
from tsmon.tui.keymap import PaneName
from tsmon.tui.monitor.sending import Sending
from tsmon.tui.screens.above import Above, AboveInPart, Palette
from tsmon.tui.screens.all_metrics import AllMetrics
from tsmon.tui.screens.answer_view import AnswerView
from tsmon.tui.screens.archive import ArchiveDialog
from tsmon.tui.screens.archive_list import ArchiveListDialog
from tsmon.tui.screens.ask import Ask, AskAmount, AskCount, AskPath, AskText
from tsmon.tui.screens.asking import AnswerDialog, FormDialog
from tsmon.tui.screens.bulk import BulkProgress, ConfirmMany, ScaleMany
from tsmon.tui.screens.canary import Canary
from tsmon.tui.screens.change_servers import ChangeServers, Kind, ServersProgress
from tsmon.tui.screens.choose_server import ChooseServer
from tsmon.tui.screens.confirm import Confirm, Question
from tsmon.tui.screens.copy_choice import Copyable, CopyChoice
from tsmon.tui.screens.describe import Describe
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.screens.digit_screen import DigitScreen
from tsmon.tui.screens.doctor import Doctor
from tsmon.tui.screens.draw_pad import DrawPad
from tsmon.tui.screens.events import Events
from tsmon.tui.screens.filtered_page import FilteredPage
from tsmon.tui.screens.fleet import FleetScreen
from tsmon.tui.screens.full_page import FullPage, Page
from tsmon.tui.screens.help import Help
from tsmon.tui.screens.incident import IncidentDialog
from tsmon.tui.screens.list_dialog import ChooseVersion, ListDialog, Pick
from tsmon.tui.screens.load import LoadDialog, LoadSettings
from tsmon.tui.screens.logs import Logs
from tsmon.tui.screens.one_request import OneRequest, RequestPage
from tsmon.tui.screens.picker import Picker
from tsmon.tui.screens.picker_actions import PickerActions
from tsmon.tui.screens.plan_experiment import PlanExperiment
from tsmon.tui.screens.register import RegisterDialog
from tsmon.tui.screens.replace import ReplaceDialog
from tsmon.tui.screens.requests import Requests
from tsmon.tui.screens.runs import ComparedRuns, Runs
from tsmon.tui.screens.scale import ScaleDialog
from tsmon.tui.screens.settings import SettingsPage
from tsmon.tui.screens.start_server import StartServerDialog
from tsmon.tui.screens.steps import StepsScreen
from tsmon.tui.screens.store import Store
from tsmon.tui.screens.timeline import Timeline
from tsmon.tui.screens.welcome import Welcome
from tsmon.tui.screens.whole_text import WholeText
from tsmon.tui.screens.why import NO_FIXES, Why, WhyStart
from tsmon.tui.screens.workflows import WorkflowsPage
from tsmon.tui.state.amount import Amount
from tsmon.tui.state.asking import AS_USUAL
from tsmon.tui.state.bulk import Bulk
from tsmon.tui.state.digits import Desk
from tsmon.tui.state.fleet_work import FleetWork
from tsmon.tui.state.log_sources import LogSources
from tsmon.tui.state.risk import Risk
from tsmon.tui.state.settings import LiveSettings
from tsmon.tui.state.troubles import Trouble

BASES = frozenset(
    (
        Above,
        AboveInPart,
        ArchiveListDialog,
        Ask,
        Dialog,
        DigitScreen,
        FullPage,
        ListDialog,
        Page,
        PickerActions,
    )
) | {RequestPage, FilteredPage}
"""What other screens are made from, and nobody opens."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a screen is made from."""

    seat: Seat
    samples: Path

    @property
    def model(self) -> ModelStatus:
        found = self.seat.monitor.model
        assert found is not None
        return found

    @property
    def client(self) -> Any:
        return self.seat.app.session.client

    @property
    def sources(self) -> LogSources:
        return LogSources(self.seat.app.session)

    @property
    def desk(self) -> Desk:
        sending: Sending = self.seat.monitor.sending
        return sending.desk

    def question(self) -> Question:
        return Question("Go on?", Content("Something happens."), Risk.CHANGE)


async def _nothing(_answer: object = None) -> None:
    """What a question does with its answer."""


def _replacement(room: Room) -> Replacement:
    wanted = Registration("mnist-2.0.mar", initial_workers=1)
    return Replacement(room.client, ReplacementPlan(room.model.described, True, wanted))


def _settings(room: Room) -> SettingsPage:
    app = room.seat.app
    changes = Changes(Config(), room.seat.monitor.options.origins)
    return SettingsPage(app.session, LiveSettings(changes, {}), Config(), {})


def _one_request(room: Room) -> OneRequest:
    folder = room.samples.parent / "logs"
    folder.mkdir(exist_ok=True)
    (folder / "ts_log.log").write_bytes(b"\n".join((access(1, total_ms=5), waited(1.1, 1, 3), b"")))
    feed = RequestFollower(folder, LogZone(None))
    while feed.read():
        pass
    return OneRequest(room.sources, feed, feed.buffer.kept()[0])


MNIST = DeclaredVersion("mnist", "1.0", "mnist.mar", True, 1, 1)


def _servers_progress(room: Room) -> ServersProgress:
    plan = plan_for("a", ScaleTo("mnist", "", 2), DeclaredState((MNIST,)))
    work = ChangeOfMany([plan], lambda _: room.client, lambda *_: Path("a.toml"))
    targets = {"a": FleetTarget("a", ServerSettings())}
    job = FleetWork().begin("Scale mnist to 2 workers", work, targets)
    job.stop()
    return ServersProgress(job, lambda _: None)


def _bulk(room: Room) -> BulkProgress:
    return BulkProgress(Bulk("Unregister", "unregistered", [room.model.key]))


def _why(room: Room) -> Why:
    snapshot = room.seat.monitor.session.monitor.latest
    return Why(room.sources, WhyStart(snapshot, (Trouble(room.model.key),)), NO_FIXES)


RECORD = run_record(report(60, {FULL: 40}), datetime.now(UTC))
SERVERS = {"one": ServerSettings(url="http://one:8081")}
MAKERS: Mapping[type[Above[Any]], Callable[[Room], Above[Any]]] = {
    AnswerView: lambda room: AnswerView(
        Answer(DigitImage(room.samples / "a.7.png", "7"), "7", text="7"), room.seat.app.symbols
    ),
    AnswerDialog: lambda room: AnswerDialog("mnist", "predictions.0", None),
    FormDialog: lambda room: FormDialog("mnist", AS_USUAL, "text/plain"),
    ArchiveDialog: lambda room: ArchiveDialog(room.samples),
    AskAmount: lambda room: AskAmount(Amount()),
    AskCount: lambda room: AskCount("How many?", "images", 1, 9),
    AskPath: lambda room: AskPath("Where?", "A path.", room.samples, _nothing),
    AskText: lambda room: AskText("What?", "A text.", "text", _nothing, "x"),
    BulkProgress: _bulk,
    Canary: lambda room: Canary(
        room.desk,
        room.model.key,
        [ModelKey(room.model.key.name, "2.0")],
        offers=lambda _: True,
        promote=lambda _: None,
        stop=lambda: None,
    ),
    ChooseServer: lambda room: ChooseServer(SERVERS, "one"),
    ChooseVersion: lambda room: ChooseVersion("Version", "One.", [room.model], None),
    CommandLine: lambda room: CommandLine([]),
    Confirm: lambda room: Confirm(room.question(), _nothing),
    ChangeServers: lambda room: ChangeServers(
        Kind.SCALE, {"a": DeclaredState((MNIST,))}, {"a": "a"}, MNIST
    ),
    ConfirmMany: lambda room: ConfirmMany(room.question(), []),
    CopyChoice: lambda room: CopyChoice([Copyable("a", "a row", "row"), Copyable("b", "b", "c")]),
    Describe: lambda room: Describe(room.model, room.model.described),
    Doctor: lambda room: Doctor(room.seat.app.session),
    DrawPad: lambda room: DrawPad(room.desk, room.seat.app.symbols, aim=lambda _: None),
    Events: lambda room: Events(room.sources, room.model.key),
    FleetScreen: lambda room: FleetScreen(
        room.seat.app.session, Fleet(Config(), lambda: None), room.seat.monitor.options
    ),
    Help: lambda room: Help(read_only=False, pane=PaneName.MODELS),
    LoadDialog: lambda room: LoadDialog(room.model.key, LoadSettings()),
    IncidentDialog: lambda room: IncidentDialog(
        "now", [("a minute", 60.0)], room.samples, lambda _, folder: folder
    ),
    Logs: lambda room: Logs(room.sources),
    OneRequest: _one_request,
    Palette: lambda room: Palette(id="--command-palette"),
    Pick: lambda room: Pick("Which?", [("one", 1), ("two", 2)]),
    Picker: lambda room: Picker(
        room.desk, room.seat.app.symbols, aim=lambda _: None, stop=lambda: None
    ),
    PlanExperiment: lambda room: PlanExperiment(
        room.model, read_folder(room.samples).payloads, AS_USUAL
    ),
    RegisterDialog: lambda room: RegisterDialog(
        room.client.management, room.samples, [], model_api=True
    ),
    ReplaceDialog: lambda room: ReplaceDialog(
        room.model, room.client, room.samples, [room.model.key], test=None
    ),
    AllMetrics: lambda room: AllMetrics(
        room.seat.app.session, room.seat.app.symbols, do=lambda _: None, pin=lambda _: None
    ),
    Requests: lambda room: Requests(room.sources, room.model.key),
    Runs: lambda room: Runs(
        room.seat.app.session, room.seat.app.symbols, room.samples, room.model.key
    ),
    ComparedRuns: lambda room: ComparedRuns(
        room.seat.app.session, room.seat.app.symbols, [past_run(RECORD)] * 2
    ),
    ScaleDialog: lambda room: ScaleDialog(room.model, 1, local=True),
    ServersProgress: _servers_progress,
    ScaleMany: lambda room: ScaleMany([(room.model, 1)], local=True),
    SettingsPage: _settings,
    StartServerDialog: lambda room: StartServerDialog(room.samples / "home", None, 9),
    StepsScreen: lambda room: StepsScreen("Replace", _replacement(room)),
    Store: lambda room: Store(
        room.seat.app.session, room.samples, serve=lambda _: None, select=lambda _: None
    ),
    Timeline: lambda room: Timeline(
        room.seat.app.session,
        room.model.key,
        room.seat.app.symbols,
        do=lambda _: None,
        look_at_age=lambda _: None,
    ),
    Welcome: lambda room: Welcome("nowhere"),
    WholeText: lambda room: WholeText("Text", Content("text"), "text"),
    Why: _why,
    WorkflowsPage: lambda room: WorkflowsPage(room.seat.app.session, may_change=lambda: None),
}
"""By class."""


def all_screens() -> set[type[Above[Any]]]:
    """Every screen above the monitor that tsmon has, found by looking."""
    for module in pkgutil.iter_modules(screens.__path__, f"{screens.__name__}."):
        importlib.import_module(module.name)
    found: set[type[Above[Any]]] = set()
    unseen: list[type[Above[Any]]] = [Above]
    while unseen:
        kind = unseen.pop()
        found.add(kind)
        unseen += kind.__subclasses__()
    return {kind for kind in found - BASES if kind.__module__.startswith("tsmon.")}
