"""Changes say what they will do, ask by how much may be lost, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Button

from tests.fake import FakeTorchServe, Loading
from tests.tui.seat import Seat, watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.confirm import Confirm
from tsmon.tui.state.risk import Risk
from tsmon.tui.widgets.field import Field


async def asked(seat: Seat, severity: Risk, *words: str) -> None:
    """Wait for a question of this severity."""
    await seat.until(lambda: isinstance(seat.app.screen, Confirm))
    await seat.until(lambda: seat.app.focused is not None)
    await seat.sees(severity.words, *words)


async def accept(seat: Seat) -> None:
    seat.find(Button, "#accept").press()
    await seat.until(lambda: not isinstance(seat.app.screen, Confirm))


def put_file(options: MonitorOptions, name: str) -> Path:
    """An archive in the monitor's model store, of which only its being there counts."""
    assert options.model_store is not None
    path = options.model_store / name
    path.touch()
    return path


# What is asked


async def test_one_worker_more_is_no_question(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("plus")
        await seat.sees("2/2 ready")
        assert len(seat.app.screen_stack) == 1


async def test_a_worker_that_may_be_at_work_goes_after_a_question_with_no_in_focus(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=3).queued = 4
    async with watching(fake, options) as seat:
        await seat.sees("3/3 ready")
        await seat.press("minus")
        await asked(seat, Risk.LOSS, "workers   3 → 2", "PUT", "/models/mnist/1.0", "?min_worker=2")
        await seat.press("enter")
        await seat.misses(Risk.LOSS.words)
        assert not fake.sent("PUT")
        await seat.press("minus")
        await asked(seat, Risk.LOSS)
        await accept(seat)
        await seat.sees("2/2 ready")


async def test_the_last_worker_goes_only_when_the_models_name_is_typed(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("minus")
        await asked(seat, Risk.LAST, "No workers for mnist 1.0?", "workers   1 → 0", "503")
        await seat.press("enter")
        await seat.misses("No workers for mnist 1.0?")
        await seat.press("minus")
        await asked(seat, Risk.LAST)
        await seat.write("minst")
        await seat.press("enter")
        await seat.sees("'minst' is not 'mnist'")
        assert not fake.sent("PUT")
        await seat.write("mnist")
        await seat.press("enter")
        await seat.sees("○ 0/0", "0/0 ready")


async def test_the_last_version_goes_only_when_the_models_name_is_typed(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("u")
        await asked(
            seat, Risk.LAST, "Unregister mnist 1.0?", "versions  1 → 0", "default   1.0 → none",
            "DELETE", "/models/mnist/1.0", "Its 1 worker will stop",
        )  # fmt: skip
        await seat.press("enter")
        await seat.misses("Unregister mnist 1.0?")
        assert not fake.sent("DELETE")
        await seat.press("u")
        await asked(seat, Risk.LAST)
        await seat.write("mnist")
        await seat.press("enter")
        await seat.sees("No models are registered.", "mnist 1.0 is unregistered")
        assert fake.sent("DELETE") == ["DELETE /models/mnist/1.0"]


async def test_one_of_several_versions_goes_after_a_plain_question(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", "1.0")
    fake.load("mnist", "2.0")
    async with watching(fake, options) as seat:
        await seat.sees("1.0 ★", "2.0")
        await seat.press("down", "u")
        await asked(seat, Risk.LOSS, "Unregister mnist 2.0?", "default   1.0 → 1.0")
        await accept(seat)
        await seat.until(lambda: "2.0" not in fake.registry.models["mnist"].versions)


async def test_a_refusal_is_told_in_the_question(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", "1.0")
    fake.load("mnist", "2.0")
    async with watching(fake, options) as seat:
        await seat.sees("1.0 ★", "2.0")
        fake.model_api = False
        await seat.press("down", "u")
        await asked(seat, Risk.LOSS)
        seat.find(Button, "#accept").press()
        await seat.sees("405", "--enable-model-api")
        await seat.press("escape")
        await seat.sees("1.0 ★", "2.0")


async def test_a_default_version_without_workers_is_a_grave_matter(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", "1.0")
    fake.load("mnist", "2.0", workers=0)
    async with watching(fake, options) as seat:
        await seat.sees("1.0 ★", "2.0")
        await seat.press("down", "D")
        await asked(
            seat, Risk.LAST, "default   1.0 → 2.0", "PUT", "/models/mnist/2.0/set-default",
            "No worker of mnist 2.0 is ready",
        )  # fmt: skip
        await seat.press("escape")
        assert not fake.sent("PUT")


# The way back


async def test_undo_brings_the_workers_back_that_were_there_before_a_row_of_presses(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        seat.monitor.action_do("workers.more")
        seat.monitor.action_do("workers.more")
        await seat.sees("3/3 ready", "U back to 1 worker")
        await seat.press("U")
        await seat.sees("1/1 ready")
        await seat.misses("U back to")


async def test_undo_of_a_worker_that_may_be_at_work_asks_as_well(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    version = fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("plus")
        await seat.sees("2/2 ready")
        version.queued = 4
        await seat.until(lambda: _pending(seat) == 4)
        await seat.press("U")
        await asked(seat, Risk.LOSS, "workers   2 → 1")


def _pending(seat: Seat) -> int:
    model = seat.monitor.model
    return model.described.queue.pending if model and model.described.queue else 0


async def test_undo_makes_the_version_before_the_default_again(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", "1.0")
    fake.load("mnist", "2.0")
    async with watching(fake, options) as seat:
        await seat.sees("1.0 ★", "2.0")
        await seat.press("down", "D")
        await asked(seat, Risk.CHANGE, "PUT", "/models/mnist/2.0/set-default")
        await accept(seat)
        await seat.sees("2.0 ★", "U default 1.0 again")
        await seat.press("U")
        await asked(seat, Risk.CHANGE, "PUT", "/models/mnist/1.0/set-default")
        await accept(seat)
        await seat.sees("1.0 ★", "mnist 1.0 is the default version again")


async def test_undo_registers_again_with_the_settings_there_were(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    archive = put_file(options, "mnist-1.0.mar")
    version = fake.load("mnist", workers=2)
    version.settings |= {"batch_size": 4, "max_batch_delay": 30, "response_timeout": 7}
    fake.registry.scale(version, 2, 5)
    async with watching(fake, options) as seat:
        await seat.sees("2/2 ready")
        await seat.press("u")
        await asked(seat, Risk.LAST, "U registers it again")
        await seat.write("mnist")
        await seat.press("enter")
        await seat.sees("No models are registered.", "U register 1.0 again")
        await seat.press("U")
        await seat.sees("2/2 ready", "mnist 1.0 is registered again")
    (request,) = [r for r in fake.requests if r.method == "POST" and "url" in r.url.params]
    assert dict(request.url.params) == {
        "url": archive.name,
        "model_name": "mnist",
        "initial_workers": "2",
        "batch_size": "4",
        "max_batch_delay": "30",
        "response_timeout": "7",
        "startup_timeout": "120",
        "synchronous": "false",
    }
    assert fake.version("mnist").max_workers == 5


async def test_what_never_served_is_unregistered_without_typing_its_name(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("speech", loading=Loading.DIES).url = put_file(options, "speech.mar").name
    async with watching(fake, options) as seat:
        await seat.sees("0/1 ready")
        await seat.press("u")
        await asked(seat, Risk.CHANGE, "It serves no request now: none of its 1 worker is ready")
        await accept(seat)
        await seat.sees("No models are registered.")


@pytest.mark.parametrize("url", ["https://models/mnist.mar", "vanished.mar", "x" * 300])
async def test_where_there_is_no_way_back_it_is_said_before_and_after(
    fake: FakeTorchServe, options: MonitorOptions, url: str
) -> None:
    fake.load("mnist", workers=0).url = url
    why = "from a URL" if "://" in url else "no longer in the model store"
    async with watching(fake, options) as seat:
        await seat.sees("0/0 ready")
        await seat.press("u")
        await asked(seat, Risk.FINAL, "Cannot be undone:", why)
        await accept(seat)
        await seat.sees("No models are registered.", "cannot be undone:")
        await seat.press("U")
        await seat.sees("there is nothing to undo")
    assert not [r for r in fake.requests if "url" in r.url.params]


async def test_a_way_back_is_withdrawn_when_somebody_else_changed_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    version = fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("plus")
        await seat.sees("2/2 ready", "U back to 1 worker")
        fake.registry.scale(version, 4, 4)
        await seat.misses("U back to 1 worker")
        await seat.press("U")
        await seat.sees("nothing to undo", "has changed again since")
        assert len(version.workers) == 4


async def test_the_palette_says_what_would_be_taken_back(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        titles = {c.title for c in seat.app.get_system_commands(seat.monitor)}
        assert not [title for title in titles if "(U)" in title]
        await seat.press("plus")
        await seat.sees("2/2 ready")
        commands = {c.title: c.help for c in seat.app.get_system_commands(seat.monitor)}
        assert (
            commands["Models: back to 1 worker (U)"] == "Scale mnist 1.0 back to 1 worker, from 2."
        )


async def test_register_shows_the_request_as_it_is_filled_in(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options, size=(120, 40)) as seat:
        await seat.press("r")
        await seat.until(
            lambda: seat.app.focused is not None and bool(seat.app.screen.query("#url"))
        )
        seat.find(Field, "#url").text = "mnist.mar"
        seat.find(Field, "#workers").text = "3"
        await seat.sees("workers   0 → 3")
        await seat.sees("POST", "/models", "?url=mnist.mar&initial_workers=3&synchronous=false")


async def test_somebody_else_who_scales_meanwhile_is_named_and_has_the_last_word(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    version = fake.load("mnist", loading=Loading.HELD)
    fake.release("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("plus")
        await seat.until(lambda: version.min_workers == 2)
        fake.registry.scale(version, 4, 4)
        await seat.sees("someone else has scaled it to 4", "[-] 4 [+]")
        await seat.press("plus")
        await seat.until(lambda: version.min_workers == 5)


async def test_a_model_that_somebody_else_unregisters_meanwhile_is_told(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    version = fake.load("mnist", loading=Loading.HELD)
    fake.release("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("plus")
        await seat.until(lambda: version.min_workers == 2)
        fake.registry.remove(version)
        await seat.sees("mnist is no longer registered", "someone else unregistered it")
    assert len(fake.sent("PUT")) == 1


async def test_a_version_that_somebody_else_registered_first_is_a_conflict_in_the_dialog(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    url = fake.archive("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("No models are registered")
        await seat.press("r")
        await seat.sees("Register")
        fake.load("mnist")
        await seat.write(url)
        await seat.press("enter")
        await seat.sees("409", "already registered", "`tsmon models` lists it")
