"""Typing commands: what is completed, what each does, and what a mistake is told."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from textual.widgets import Input

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.config.schema import Config, ServerSettings
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.commands.command_line import CommandLine
from tsmon.tui.commands.table import COMMANDS
from tsmon.tui.screens.describe import Describe
from tsmon.tui.screens.picker import Picker
from tsmon.tui.screens.register import RegisterDialog
from tsmon.tui.state.session import LiveSession


async def open_line(seat: Seat) -> CommandLine:
    await seat.press("colon")
    await seat.until(lambda: isinstance(seat.app.screen, CommandLine) and seat.app.focused)
    assert isinstance(seat.app.screen, CommandLine)
    return seat.app.screen


async def command(seat: Seat, text: str) -> None:
    """Type a command and press enter."""
    await open_line(seat)
    await seat.write(text)
    await seat.press("enter")


async def test_every_action_and_every_command_is_listed(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        await open_line(seat)
        await seat.sees("server NAME", "model NAME [VERSION]", "scale N", "more")
        await seat.write("zoo")
        await seat.sees("view.zoom", "Zoom the focused pane")


async def test_actions_go_by_id_and_by_label(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await command(seat, "view.zoom")
        await seat.until(lambda: seat.monitor.zoomed)
        await command(seat, "zoom")
        await seat.until(lambda: not seat.monitor.zoomed)
        await command(seat, "register")
        await seat.until(lambda: isinstance(seat.app.screen, RegisterDialog))


async def test_tab_completes_and_a_click_too(fake: FakeTorchServe, options: MonitorOptions) -> None:
    async with watching(fake, options) as seat:
        await open_line(seat)
        await seat.press("t", "h", "tab")
        await seat.press("n", "tab", "enter")
        await seat.until(lambda: seat.app.theme == "nord")
        line = await open_line(seat)
        await seat.write("theme dra")
        await seat.sees("theme dracula")
        rows = seat.text.splitlines()
        y = next(at for at, row in enumerate(rows) if row.strip() == "▸ theme dracula")
        await seat.pilot.click(None, offset=(4, y))
        await seat.until(lambda: line._input.value == "theme dracula")


async def test_a_click_on_a_completion_that_is_no_longer_there_takes_none(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        line = await open_line(seat)
        await seat.write("theme dracula")
        line.action_take(7)
        assert seat.find(Input).value == "theme dracula"


async def test_the_likeliest_completion_stands_next_to_the_line_and_is_the_one_tab_takes(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options, size=(80, 24)) as seat:
        line = await open_line(seat)
        await seat.write("so")
        await seat.sees("▸ sort COLUMN")
        rows = [row.strip() for row in seat.text.splitlines()]
        at = next(place for place, row in enumerate(rows) if row.startswith(":so"))
        assert rows[at - 1].startswith("▸ sort COLUMN")
        assert "table.sort" in rows[at - 2]
        # The mark is stripped of the line that has none.
        assert rows[at - 1].index("Sort") == rows[at - 2].index("Sort") + 2
        await seat.press("tab")
        assert line._input.value == "sort "


async def test_undo_is_called_undo_and_says_what_it_would_do(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(160, 40)) as seat:
        await seat.sees("● ready")
        await command(seat, "scale 2")
        await seat.sees("1 → 2")
        await seat.press("enter")
        await seat.sees("2/2 ready", "U back to 1 worker")
        titles = [each.title for each in seat.app.get_system_commands(seat.monitor)]
        assert "Models: back to 1 worker (U)" in titles
        await open_line(seat)
        await seat.write("undo")
        await seat.sees("▸ model.undo")
        assert "back-to" not in seat.text
        await seat.press("enter")
        await seat.sees("1/1 ready")


async def test_the_lines_before_come_back(fake: FakeTorchServe, options: MonitorOptions) -> None:
    async with watching(fake, options) as seat:
        await command(seat, "period 5")
        await command(seat, "span 5m")
        line = await open_line(seat)
        await seat.press("up")
        assert line._input.value == "span 5m"
        await seat.press("up")
        assert line._input.value == "period 5"
        await seat.press("down", "down")
        assert line._input.value == ""
        await seat.press("escape")
        await seat.until(lambda: seat.app.screen is seat.monitor)


MISTAKES = {
    "regster": "did you mean model.register?",
    "s": "s matches several commands",
    "theme nrod": "similar: nord",
    "scale many": "many is not a number of workers",
    "scale 5000": "a version can have 0 to 1,000",
    "model mnits": "did you mean mnist?",
    "period 0": "use 0.2s to 1h",
    "span long": "use 30s, 5m or 1h",
    "span 3": "use 1m to 1h",
    "go yesterdayish": "yesterdayish",
    "filter ~[": "✗",
    "sort colour": "no column is called colour",
    "server prod": "add it to [servers] in the configuration",
}


async def test_a_mistake_is_told_and_the_line_stays(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        for typed, told in MISTAKES.items():
            await command(seat, typed)
            await seat.sees("✗", told, f":{typed}")
            await seat.press("escape")
            await seat.misses("✗")


async def test_each_command_does_what_it_says(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.load("other")
    async with watching(fake, options) as seat:
        await seat.sees("other")
        await command(seat, "model other")
        await seat.sees("2 Workers · other 1.0")
        await command(seat, "scale 2")
        await seat.sees("Workers of other 1.0", "1 → 2")
        await seat.press("enter")
        await seat.sees("2/2 ready")
        await command(seat, "filter mni")
        await seat.misses("│ other")
        await command(seat, "model other 1.0")
        await seat.sees("2 Workers · other 1.0", "mnist")
        await command(seat, "sort workers")
        await seat.sees("▼WORKERS")
        await command(seat, "period 0.5")
        await seat.sees("every 0.5 s")
        await command(seat, "span 5m")
        await seat.sees("last 5 min")
        await command(seat, "go -1s")
        await seat.sees("PAUSED")
        await command(seat, "q")
        await seat.until(lambda: not seat.app.is_running)


async def test_another_server_of_the_configuration_is_watched(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    # Nothing listens on port 9.
    servers = {"prod": ServerSettings(url="http://127.0.0.1:9", read_only=True)}
    options = replace(options, config=Config(servers=servers))
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        await command(seat, "server prod")
        await seat.sees("127.0.0.1:9", "READ-ONLY", "no models seen yet", "watching prod")
        assert seat.monitor.selected is None
        seat.app.servers.open(LiveSession(fake.client(), 0.2))
        await seat.sees("2 Workers · mnist 1.0")


async def test_other_screens_have_their_own_actions(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready", "10 images")
        await seat.press("b")
        await seat.until(lambda: isinstance(seat.app.screen, Picker))
        await command(seat, "picker.all")
        await seat.sees("10 marked")
        await command(seat, "scale 2")
        await seat.sees("there is no command scale")


async def test_the_palette_has_the_commands_with_their_arguments(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    servers = {"prod": ServerSettings(url="http://127.0.0.1:9")}
    options = replace(options, config=Config(servers=servers))
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        titles = [each.title for each in seat.app.get_system_commands(seat.monitor)]
        assert {"server prod", "model mnist 1.0", "theme nord", "period 2s"} <= set(titles)
        for each in COMMANDS:
            assert any(title.startswith(each.name) for title in titles)
        chosen = next(
            each for each in seat.app.get_system_commands(seat.monitor) if each.title == "period 2s"
        )
        await chosen.callback()
        await seat.sees("every 2 s")
        await seat.press("ctrl+p")
        await seat.pilot.pause()
        await seat.press(*"scale N")
        await seat.sees("scale N …")
        await seat.press("down", "enter")
        await seat.until(lambda: isinstance(seat.app.screen, CommandLine))
        await seat.sees(":scale")


async def test_a_command_that_is_not_offered_says_why(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, read_only=True) as seat:
        await seat.sees("● 1/1")
        await command(seat, "scale 2")
        await seat.sees("read-only: scale is refused", "start tsmon without --read-only")
        assert not fake.sent("PUT")


async def test_an_action_about_a_version_can_name_another_one(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("alpha")
    fake.load("mnist", "1.0")
    fake.load("mnist", "2.0")
    async with watching(fake, options) as seat:
        await seat.until(lambda: str(seat.monitor.selected) == "alpha 1.0")
        await open_line(seat)
        await seat.write("describe m")
        await seat.sees("▸ describe mnist 1.0", "describe mnist 2.0")
        await seat.write("describe mnist 2.0")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, Describe))
        assert str(seat.monitor.selected) == "mnist 2.0"


async def test_a_version_that_is_not_there_changes_nothing(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await command(seat, "unregister mnits")
        await seat.sees("no model is called mnits", "did you mean mnist?")
        assert str(seat.monitor.selected) == "mnist 1.0"


async def test_an_action_about_nothing_refuses_an_argument(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        await command(seat, "view.zoom mnist")
        await seat.sees("zoom takes no argument")
        assert not seat.monitor.zoomed


def history_at_rest(seat: Seat) -> bool:
    return not any(each.group == "history" and each.is_running for each in seat.app.workers)


async def test_commands_of_earlier_sessions_are_recalled(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    options = replace(options, history_file=tmp_path / "state" / "commands")
    async with watching(fake, options) as seat:
        await command(seat, "theme nord")
        await seat.until(lambda: seat.app.theme == "nord")
        await seat.until(lambda: history_at_rest(seat))
    async with watching(fake, options) as seat:
        await seat.until(lambda: history_at_rest(seat))
        line = await open_line(seat)
        await seat.press("up")
        await seat.until(lambda: line._input.value == "theme nord")
