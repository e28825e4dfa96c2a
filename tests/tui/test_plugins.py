"""Commands of a person's own on keys of the monitor."""

from __future__ import annotations

import sys

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.config.schema import Config, PluginSettings
from tsmon.notify.commands import how_ended
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.keymap.effective import BindError, resolve
from tsmon.tui.keymap.plugins import plugin_keys
from tsmon.tui.screens.confirm import Confirm
from tsmon.tui.screens.help import Help
from tsmon.tui.screens.whole_text import WholeText
from tsmon.tui.state.plugin_run import MOST_OUTPUT, PluginRun, run_beside

PRINTS = "import os, sys; print(sys.argv[1:], os.environ['TSMON_MODEL'])"


def with_plugins(options: MonitorOptions, **plugins: PluginSettings) -> MonitorOptions:
    keys = resolve("default", {}, plugin_keys(plugins))
    return replace(options, config=Config(plugins=plugins), keys=keys)


def python(*arguments: str, key: str = "ctrl+e", **settings: object) -> PluginSettings:
    command = (sys.executable, "-c", PRINTS, *arguments)
    return PluginSettings(key=key, command=command, output="page", **settings)  # type: ignore[arg-type]


async def test_its_key_runs_it_with_what_is_selected(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=1)
    plugin = python("{model}", "{version}", "{inference-url}")
    async with watching(fake, with_plugins(options, notes=plugin)) as seat:
        await seat.sees("● ready")
        await seat.press("ctrl+e")
        await seat.sees("notes ended with exit code 0", "['mnist', '1.0', 'http://", "mnist")


async def test_palette_help_and_command_line_have_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=1)
    plugin = python("{model}", label="my notes")
    async with watching(fake, with_plugins(options, notes=plugin)) as seat:
        await seat.sees("● ready")
        titles = [each.title for each in seat.app.get_system_commands(seat.monitor)]
        assert "Plugins: my notes (ctrl+e)" in titles
        await seat.press("question_mark")
        await seat.until(lambda: isinstance(seat.app.screen, Help))
        await seat.press("slash")
        await seat.write("plugins")
        await seat.sees("ctrl+e", "Run ")
        await seat.press("escape", "escape")
        await seat.until(lambda: seat.app.screen is seat.monitor)
        await seat.press("colon")
        await seat.write("my-notes")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, WholeText))


async def test_a_dangerous_one_is_marked_and_asks_first(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=1)
    plugin = python("{model}", dangerous=True)
    async with watching(fake, with_plugins(options, wipe=plugin)) as seat:
        await seat.sees("● ready")
        assert seat.monitor.all_keys[-1].label == "wipe !"
        await seat.press("ctrl+e")
        await seat.until(lambda: isinstance(seat.app.screen, Confirm))
        await seat.sees("Run wipe?", "What it does is known to you alone.")
        await seat.press("enter")
        await seat.until(lambda: seat.app.screen is seat.monitor)
        await seat.press("ctrl+e")
        await seat.until(lambda: isinstance(seat.app.screen, Confirm))
        await seat.press("tab", "enter")
        await seat.sees("wipe ended with exit code 0")


async def test_a_read_only_session_has_no_dangerous_ones(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=1)
    plugins = {"wipe": python(dangerous=True), "notes": python(key="ctrl+y")}
    async with watching(fake, with_plugins(options, **plugins), read_only=True) as seat:
        await seat.sees("● ready")
        titles = [each.title for each in seat.app.get_system_commands(seat.monitor)]
        assert "Plugins: notes (ctrl+y)" in titles
        assert not any("wipe" in title for title in titles)
        await seat.press("ctrl+e")
        await seat.sees("read-only: wipe ! is refused")
        await seat.press("ctrl+y")
        await seat.sees("notes ended with exit code 0")


async def test_a_hostile_name_reaches_no_argument(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("a;id", workers=1)
    async with watching(fake, with_plugins(options, notes=python("{model}"))) as seat:
        await seat.sees("● ready")
        await seat.press("ctrl+e")
        await seat.sees("not a plain word", "$TSMON_MODEL")


async def test_without_a_worker_selected_it_says_where_they_are(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=0)
    async with watching(fake, with_plugins(options, trace=python("{pid}", scope="worker"))) as seat:
        await seat.sees("mnist")
        await seat.press("ctrl+e")
        await seat.sees("no worker is selected", "2 goes to the workers")


async def test_a_program_that_is_not_there_is_named(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=1)
    missing = PluginSettings(key="ctrl+e", command=("no-such-program",), output="page")
    async with watching(fake, with_plugins(options, notes=missing)) as seat:
        await seat.sees("● ready")
        await seat.press("ctrl+e")
        await seat.sees("no-such-program cannot be started", "plugins.notes.command")


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "ended with exit code 0"), (3, "ended with exit code 3"), (-15, "was ended by SIGTERM")],
)
def test_how_it_ended_is_put_into_words(code: int, words: str) -> None:
    assert how_ended(code) == words


async def test_output_without_an_end_is_cut_and_said() -> None:
    script = f"print('x' * {MOST_OUTPUT + 1}); print('\\x1b[31mred')"
    end = await run_beside(PluginRun("big", [sys.executable, "-c", script], {}))

    assert end.is_cut
    assert end.code == 0
    assert len(end.output) == MOST_OUTPUT


async def test_orders_to_the_terminal_are_made_visible() -> None:
    script = "print('\\x1b[31mred')"
    end = await run_beside(PluginRun("red", [sys.executable, "-c", script], {}))

    assert "\x1b" not in end.output
    assert "red" in end.output


@pytest.mark.parametrize("key", ["r", "question_mark", "ctrl+i"])
def test_a_key_that_is_taken_is_refused(key: str) -> None:
    with pytest.raises(BindError):
        resolve("default", {}, plugin_keys({"notes": python(key=key)}))


def test_a_moved_key_gives_its_old_place_to_a_plugin() -> None:
    keys = resolve("default", {"model.register": "ctrl+r"}, plugin_keys({"notes": python(key="r")}))

    assert keys.plugins[0].keys == "r"
