"""Marked models, and the actions that act on all of them."""

from __future__ import annotations

import httpx
import pytest

from tests.fake import FakeTorchServe, Loading
from tests.tui.seat import Seat, watching
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.telemetry.traffic import Missing, Traffic
from tsmon.torchserve.records import ModelVersion
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.bulk import BulkProgress, ScaleMany
from tsmon.tui.state.bulk import Bulk, Stand, plan_removals
from tsmon.tui.widgets.models_pane import ModelsPane

NAMES = ("alpha", "beta", "gamma")


@pytest.fixture
def three(fake: FakeTorchServe) -> FakeTorchServe:
    for name in NAMES:
        fake.load(name)
    return fake


def marked(seat: Seat) -> list[str]:
    return [str(model.key) for model in seat.monitor.query_one(ModelsPane).marked]


def scalings(fake: FakeTorchServe) -> dict[str, str]:
    puts = (request for request in fake.requests if request.method == "PUT")
    return {put.url.path.split("/")[2]: put.url.params["min_worker"] for put in puts}


async def agree(seat: Seat, many: int = 2) -> None:
    """Type how many versions it is about, which is asked for where some of them serve."""
    await seat.sees(f"Type {many} to continue")
    await seat.write(str(many))
    await seat.press("enter")


async def test_space_marks_and_goes_on_and_esc_takes_marks_before_the_filter(
    three: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(three, options) as seat:
        await seat.sees("gamma")
        await seat.press("space", "space")
        await seat.sees("◆alpha", "◆beta", " gamma", "2 marked")
        assert seat.monitor.query_one(ModelsPane).table.cursor_key == "gamma 1.0"
        await seat.press("slash")
        await seat.write("beta")
        await seat.press("enter")
        await seat.sees("2 marked (1 hidden)", "filter beta: 1 of 3")
        await seat.press("escape")
        await seat.misses("marked")
        await seat.sees("filter beta: 1 of 3")
        await seat.press("escape")
        await seat.sees("gamma")


async def test_all_that_are_shown_are_marked_at_once_and_unmarked_again(
    three: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(three, options) as seat:
        await seat.sees("gamma")
        await seat.press("slash")
        await seat.write("!beta")
        await seat.press("enter", "M")
        await seat.until(lambda: marked(seat) == ["alpha 1.0", "gamma 1.0"])
        await seat.press("M")
        await seat.until(lambda: not marked(seat))


async def test_the_mouse_marks_and_unmarks(three: FakeTorchServe, options: MonitorOptions) -> None:
    async with watching(three, options) as seat:
        await seat.sees("gamma")
        table = seat.monitor.query_one(ModelsPane).table
        await seat.pilot.click(table, offset=(3, 2), control=True)
        await seat.until(lambda: marked(seat) == ["beta 1.0"])
        await seat.pilot.click(table, offset=(3, 3), button=3)
        await seat.until(lambda: marked(seat) == ["beta 1.0", "gamma 1.0"])
        await seat.pilot.click(table, offset=(3, 2), control=True)
        await seat.until(lambda: marked(seat) == ["gamma 1.0"])
        lines = seat.text.splitlines()
        row = next(row for row, line in enumerate(lines) if "1 marked [x]" in line)
        await seat.pilot.click(offset=(lines[row].index("marked [x]") + 8, row))
        await seat.until(lambda: not marked(seat))


async def test_space_in_another_pane_marks_nothing(
    three: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(three, options) as seat:
        await seat.sees("gamma")
        await seat.press("2", "space", "M")
        await seat.pilot.pause()
        assert not marked(seat)


async def test_one_dialog_scales_all_that_are_marked(
    three: FakeTorchServe, options: MonitorOptions
) -> None:
    three.registry.scale(three.version("beta"), 3, 3)
    async with watching(three, options) as seat:
        await seat.sees("● 3/3")
        await seat.press("space", "space", "s")
        await seat.until(lambda: isinstance(seat.app.screen, ScaleMany))
        await seat.sees("Workers of 2 versions", "alpha 1.0  1 worker", "beta 1.0   3 workers")
        await seat.write("2")
        await seat.sees("alpha 1.0  1 → 2 workers", "beta 1.0   3 → 2 workers", "4 → 4 workers")
        await seat.press("enter")
        await seat.sees("✓ alpha 1.0  2/2 ready", "✓ beta 1.0   2/2 ready", "2 versions scaled")
        await seat.press("escape")
        await seat.until(lambda: not isinstance(seat.app.screen, BulkProgress))
        assert scalings(three) == {"alpha": "2", "beta": "2"}


async def test_the_dialog_wants_a_number_and_leaves_alone_who_has_it_already(
    three: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(three, options) as seat:
        await seat.sees("gamma")
        await seat.press("M", "s")
        await seat.until(lambda: isinstance(seat.app.screen, ScaleMany))
        await seat.write("1")
        await seat.sees("1 worker, as now")
        await seat.press("backspace", "enter")
        await seat.sees("how many workers?")
        await seat.write("1")
        await seat.press("enter")
        await seat.sees("– gamma 1.0  already has 1 worker", "0 of 3 versions scaled")
        assert not scalings(three)


async def test_one_that_fails_stops_no_other_and_the_end_is_told_when_nobody_watches(
    three: FakeTorchServe, options: MonitorOptions
) -> None:
    three.version("gamma").archive.loading = Loading.HELD
    async with watching(three, options) as seat:
        await seat.sees("gamma")
        three.fail("/models/beta/1.0", httpx.Response(500, text="no more workers"))
        await seat.press("M", "s")
        await seat.until(lambda: isinstance(seat.app.screen, ScaleMany))
        await seat.write("2")
        await seat.press("enter")
        await seat.sees("✓ alpha 1.0  2/2 ready", "✗ beta 1.0   no more workers", "◌ gamma 1.0")
        await seat.press("escape")
        three.release("gamma")
        await seat.sees("2 of 3 versions scaled", "beta 1.0: no more workers")


async def test_plus_adds_a_worker_to_each_and_quick_presses_are_told_once(
    three: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(three, options) as seat:
        await seat.sees("gamma")
        await seat.press("space", "space")
        for _ in range(3):
            seat.monitor.action_do("workers.more")
        await seat.sees("2 versions scaled")
        assert scalings(three) == {"alpha": "4", "beta": "4"}
        assert len(seat.app._notifications) == 1


async def test_minus_asks_once_before_it_takes_the_last_worker_of_any(
    three: FakeTorchServe, options: MonitorOptions
) -> None:
    three.registry.scale(three.version("beta"), 2, 2)
    async with watching(three, options) as seat:
        await seat.sees("● 2/2")
        await seat.press("M", "minus")
        await seat.sees("No workers for 2 versions?", "alpha 1.0", "gamma 1.0")
        await seat.press("enter")
        await seat.misses("No workers for")
        assert not scalings(three)
        await seat.press("minus")
        await agree(seat)
        await seat.sees("3 versions scaled")
        assert scalings(three) == {"alpha": "0", "beta": "1", "gamma": "0"}


async def test_unregister_lists_what_is_lost_and_takes_the_default_version_last(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", "1.0")
    fake.load("mnist", "2.0", workers=2)
    fake.load("other")
    async with watching(fake, options) as seat:
        await seat.sees("other")
        await seat.press("space", "space", "u")
        await seat.sees("Unregister 2 versions?", "mnist 2.0    2 workers will stop")
        await agree(seat)
        await seat.sees("✓ mnist 2.0  unregistered", "✓ 2 versions unregistered")
        assert len([line for line in seat.text.splitlines() if "✓ mnist" in line]) == 2
        await seat.press("escape")
        await seat.misses("marked")
        assert fake.sent("DELETE") == ["DELETE /models/mnist/2.0", "DELETE /models/mnist/1.0"]


async def test_a_default_version_whose_others_stay_is_not_even_asked_for(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", "1.0")
    fake.load("mnist", "2.0")
    fake.load("zebra")
    async with watching(fake, options) as seat:
        await seat.sees("zebra")
        await seat.press("space", "down", "space", "u")
        await seat.sees("✗ mnist 1.0 ★", "stays: it is the default version and 2.0 remains")
        await agree(seat)
        await seat.sees("1 of 2 versions unregistered", "– mnist 1.0")
        assert fake.sent("DELETE") == ["DELETE /models/zebra/1.0"]


async def test_one_that_is_not_removed_stops_no_other(
    three: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(three, options) as seat:
        await seat.sees("gamma")
        three.fail("/models/alpha/1.0", httpx.Response(408, text="a worker does not stop"))
        await seat.press("space", "space", "u")
        await agree(seat)
        await seat.sees("✗ alpha 1.0  a worker does not stop", "1 of 2 versions unregistered")
        assert "DELETE /models/beta/1.0" in three.sent("DELETE")


def status(name: str, version: str, *, default: bool = False) -> ModelStatus:
    return ModelStatus(
        ModelVersion(name, version),
        default,
        Traffic.missing(Missing.NO_COUNTERS),
        (),
        ModelVerdict(ModelHealth.READY, "1 of 1 ready"),
    )


def test_default_versions_are_removed_after_all_others() -> None:
    first, second = status("a", "1.0", default=True), status("a", "2.0")
    alone = status("b", "1.0", default=True)
    plan = plan_removals([first, alone, second], [first, second, alone])
    assert [str(removal.model.key) for removal in plan] == ["a 2.0", "a 1.0", "b 1.0"]
    assert not any(removal.obstacle for removal in plan)
    (left,) = plan_removals([first], [first, second, alone])
    assert "2.0 remains;" in left.obstacle
    third = status("a", "3.0")
    (left,) = plan_removals([first], [first, second, third, alone])
    assert "2.0, 3.0 remain;" in left.obstacle


def test_a_bulk_tells_how_each_ended() -> None:
    one, two = ModelKey("a", "1.0"), ModelKey("b", "1.0")
    bulk = Bulk("Scale", "scaled", [one, two])
    bulk.put(one, Stand.DONE)
    half_way = bulk.ended
    bulk.put(two, Stand.FAILED, "no memory")
    assert (half_way, bulk.ended, bulk.failed) == (False, True, True)
    assert str(bulk.summary()) == "1 of 2 versions scaled\nb 1.0: no memory"


async def test_a_number_typed_as_a_command_is_asked_for_all_that_are_marked(
    three: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(three, options) as seat:
        await seat.sees("gamma")
        await seat.press("space", "space", "colon", *"scale", "space", "3", "enter")
        await seat.until(lambda: isinstance(seat.app.screen, ScaleMany))
        await seat.sees("workers each         3", "2 → 6 workers in total")
        await seat.press("enter")
        await seat.until(lambda: scalings(three) == {"alpha": "3", "beta": "3"})
