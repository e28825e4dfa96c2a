"""The settings page: what it shows, what enter changes, what is kept and where."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets import OptionList

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.config.changes import Given, Origins
from tsmon.config.files import load
from tsmon.config.values import Dotted
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.keymap.effective import resolve
from tsmon.tui.keymap.presets import PRESETS
from tsmon.tui.screens.fleet import FleetScreen
from tsmon.tui.screens.list_dialog import Pick
from tsmon.tui.screens.settings import SettingsPage
from tsmon.tui.text.setting import CHANGED
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.motion import Choices

WIDE = (220, 30)
"""Shows the path of the file in one line, however long it is."""
WRITTEN = """\
# mine
[monitor]
span = 300  # five minutes
[servers.prod]
url = "http://127.0.0.1:9"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(WRITTEN)
    return file


@asynccontextmanager
async def settings(
    fake: FakeTorchServe,
    options: MonitorOptions,
    file: Path,
    size: tuple[int, int] = (120, 30),
) -> AsyncIterator[Seat]:
    """The page of a monitor with that file, whose period an option gave."""
    loaded = load(file, folder=file.parent)
    given: dict[Dotted, Given] = {("monitor", "period"): Given(options.period_s, "--period")}
    options = replace(
        options,
        config=loaded.config,
        span_s=loaded.config.monitor.span,
        origins=Origins(loaded.origins, given, loaded.own, loaded.files),
    )
    async with watching(fake, options, size=size) as seat:
        await seat.press("C")
        await seat.until(lambda: isinstance(seat.app.screen, SettingsPage))
        yield seat


def written(file: Path) -> str:
    return file.read_text()


def write(file: Path, text: str) -> None:
    file.write_text(text)


async def go_to(seat: Seat, name: str) -> None:
    listed = seat.find(Choices, "#settings-lines")
    listed.highlighted = listed.get_option_index(name)
    await seat.pilot.pause()


def row(seat: Seat, name: str) -> str:
    return next((line for line in seat.text.splitlines() if f"  {name} " in line), "")


async def pick(seat: Seat, choice: str) -> None:
    await seat.press("enter")
    await seat.until(lambda: isinstance(seat.app.screen, Pick))
    listed = seat.find(OptionList, "#choices")
    words = [str(option.prompt) for option in listed.options]
    listed.highlighted = words.index(choice)
    await seat.press("enter")
    await seat.until(lambda: isinstance(seat.app.screen, SettingsPage))


async def test_it_tells_each_value_and_where_it_is_from(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file) as seat:
        await seat.sees("monitor.period", "--period", "your file", "default")
        assert "300 s" in row(seat, "monitor.span")
        assert "automatic: braille" in row(seat, "monitor.symbols")
        await seat.sees(
            "Seconds between two samples", "at least 0.2 s", "From --period, which overrides"
        )
        await go_to(seat, "monitor.span")
        await seat.sees("Seconds of history the charts show", f"From {file}.", "applies at once")
        await go_to(seat, "monitor.model_store")
        await seat.sees("applies from the next start")
        await seat.press("escape")
        await seat.until(lambda: seat.app.screen is seat.monitor)


async def test_a_number_is_changed_within_its_bounds_and_holds_at_once(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file, WIDE) as seat:
        await seat.press("enter")
        await seat.sees("At least 0.2 s.")
        await seat.write("0.1")
        await seat.press("enter")
        await seat.sees("✗ monitor.period: 0.1 is less than 0.2")
        await seat.write("soon")
        await seat.press("enter")
        await seat.sees("✗ monitor.period: 'soon' is not a number")
        await seat.write("3")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, SettingsPage))
        await seat.until(lambda: CHANGED in row(seat, "monitor.period"))
        assert seat.monitor.session.monitor.period_s == 3.0
        await seat.sees(f"{CHANGED}: 1", f"it would be saved in {file}")
        assert written(file) == WRITTEN


async def test_choices_hold_at_once(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file) as seat:
        await go_to(seat, "monitor.theme")
        await pick(seat, "nord")
        assert seat.app.theme == "nord"
        await go_to(seat, "monitor.symbols")
        await pick(seat, "block")
        assert seat.app.symbols is Symbols.BLOCK
        await seat.until(lambda: CHANGED in row(seat, "monitor.symbols"))


async def test_a_preset_moves_the_keys_at_once_and_back(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file) as seat:
        await go_to(seat, "keys.preset")
        await seat.sees("applies at once")
        await pick(seat, "vim")
        assert CHANGED in row(seat, "keys.preset")
        moved = next(iter(PRESETS["vim"]))
        assert seat.app.keys == resolve("vim")
        assert seat.app.keys.by_id(moved).keys != resolve().by_id(moved).keys
        await seat.press("u")
        await seat.until(lambda: CHANGED not in row(seat, "keys.preset"))
        assert seat.app.keys.by_id(moved).keys == resolve().by_id(moved).keys


async def test_what_the_footer_names_moves_with_the_keys(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        await seat.sees("? help")
        seat.app.use_keys(resolve(bind={"app.help": "f1", "view.zoom": "f2"}))
        await seat.sees("f1 help")
        await seat.press("f2")
        await seat.until(lambda: seat.monitor.zoomed)


async def test_the_period_of_the_fleet_holds_when_it_is_opened_the_next_time(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file) as seat:
        await go_to(seat, "fleet.period")
        await seat.sees("applies at once")
        await seat.press("enter")
        await seat.sees("At least 0.5 s.")
        await seat.write("7")
        await seat.press("enter")
        await seat.until(lambda: CHANGED in row(seat, "fleet.period"))
        assert seat.app.fleet_period_s == 7.0
        await seat.press("escape", "F")
        await seat.until(lambda: isinstance(seat.app.screen, FleetScreen))
        fleet = seat.app.servers._fleet
        assert fleet is not None
        assert fleet.config.fleet.period == 7.0
        seat.app.set_fleet_period(3.0)
        assert fleet.config.fleet.period == 3.0


async def test_a_path_is_asked_for_until_it_is_a_folder(
    fake: FakeTorchServe, options: MonitorOptions, file: Path, tmp_path: Path
) -> None:
    async with settings(fake, options, file) as seat:
        await go_to(seat, "monitor.samples")
        await seat.press("enter")
        await seat.sees("Folder of images to send.")
        await seat.write(str(tmp_path / "nowhere"))
        await seat.press("enter")
        await seat.sees("✗ no such folder")
        await seat.write("long" * 100)
        await seat.press("enter")
        await seat.sees("File name too long")
        await seat.write(str(file))
        await seat.press("enter")
        await seat.sees("is not a folder")
        await seat.write(str(tmp_path / "store"))
        await seat.press("enter")
        await seat.until(lambda: CHANGED in row(seat, "monitor.samples"))
        await seat.sees(
            "No effect yet", "monitor.samples applies from the next start", "s saves it"
        )
        await seat.press("s")
        await seat.sees("1 setting saved in")
        assert 'samples = "store"' in written(file)


async def test_what_is_kept_is_in_the_file_whose_other_lines_stay(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file) as seat:
        await seat.press("s")
        await seat.sees("there are no unsaved changes")
        await go_to(seat, "monitor.span")
        await seat.press("enter")
        await seat.sees("At least 60 s.")
        await seat.write("900")
        await seat.press("enter")
        await seat.until(lambda: CHANGED in row(seat, "monitor.span"))
        assert seat.monitor.session.playhead.span_s == 900.0
        await seat.press("s")
        await seat.until(lambda: "your file" in row(seat, "monitor.span"))
        assert written(file) == WRITTEN.replace("span = 300 ", "span = 900 ")


async def test_what_other_keys_change_can_be_kept(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file) as seat:
        await seat.press("t")
        await seat.until(lambda: CHANGED in row(seat, "monitor.theme"))
        await seat.press("escape", "right_parenthesis", "left_parenthesis", "left_parenthesis", "C")
        await seat.until(lambda: CHANGED in row(seat, "monitor.period"))
        await seat.press("s")
        await seat.sees("2 settings saved in", "--period overrides it while it is set")
        config = load(file, folder=file.parent).config.monitor
        assert (config.theme, config.period) == ("textual-light", 1.0)
        await seat.press("t")
        await seat.until(lambda: CHANGED in row(seat, "monitor.theme"))
        await seat.press("t")
        await seat.until(lambda: CHANGED not in row(seat, "monitor.theme"))


async def test_the_default_comes_back_and_a_change_is_taken_back(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file) as seat:
        await go_to(seat, "monitor.span")
        await seat.press("u")
        await seat.sees("monitor.span was not changed")
        await seat.press("d")
        await seat.until(lambda: "120 s" in row(seat, "monitor.span"))
        await seat.press("u")
        await seat.until(lambda: "300 s" in row(seat, "monitor.span"))
        assert seat.monitor.session.playhead.span_s == 300.0
        await seat.press("d", "s")
        await seat.until(lambda: "default" in row(seat, "monitor.span"))
        assert written(file) == WRITTEN.replace("span = 300  # five minutes\n", "")


async def test_a_preset_that_a_binding_of_ones_own_forbids_is_refused(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    write(file, "[keys.bind]\n'view.symbols' = 'g'\n")
    async with settings(fake, options, file) as seat:
        await go_to(seat, "keys.preset")
        await pick(seat, "vim")
        await seat.sees("keys.bind.view.symbols: g is move.first as well")
        assert CHANGED not in row(seat, "keys.preset")


async def test_a_file_that_is_wrong_is_left_alone(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file) as seat:
        write(file, "[monitor\n")
        await go_to(seat, "monitor.span")
        await seat.press("d", "s")
        await seat.sees("TOML")  # how the words before it break depends on the file's path
        assert CHANGED in row(seat, "monitor.span")
        assert written(file) == "[monitor\n"


async def test_servers_are_told_and_not_changed(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file) as seat:
        await go_to(seat, "servers.prod")
        await seat.sees("http://127.0.0.1:9", "your file", "Read-only here")
        for key in ("enter", "d"):
            await seat.press(key)
            await seat.sees("servers cannot be changed here")
        await seat.press("y")
        assert seat.app.clipboard == "tsmon config set servers.prod.url http://127.0.0.1:9"


async def test_the_command_that_sets_it_is_copied(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file) as seat:
        await go_to(seat, "monitor.span")
        await seat.press("y")
        assert seat.app.clipboard == "tsmon config set monitor.span 300"
        await go_to(seat, "monitor.symbols")
        await seat.press("y")
        assert seat.app.clipboard == "tsmon config unset monitor.symbols"


async def test_everything_fits_on_a_small_screen(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file, (60, 20)) as seat:
        await go_to(seat, "monitor.span")
        await seat.press("d")
        await seat.sees(CHANGED, "  span ")


async def test_it_opens_by_command_and_a_click_changes(
    fake: FakeTorchServe, options: MonitorOptions, file: Path
) -> None:
    async with settings(fake, options, file) as seat:
        await seat.press("escape", "colon")
        await seat.sees("more")
        await seat.write("settings")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, SettingsPage))
        await seat.sees("monitor.span")
        y = seat.text.splitlines().index(row(seat, "monitor.span"))
        await seat.pilot.click(None, offset=(4, y))
        await seat.sees("At least 60 s.")
