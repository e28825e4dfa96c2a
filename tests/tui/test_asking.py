"""How a model is asked from the monitor, and where the class is in its answers."""

from __future__ import annotations

from pathlib import Path

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tests.tui.test_picker import MNIST, picking, sent
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.ask import AskPath
from tsmon.tui.screens.asking import AnswerDialog, FormDialog
from tsmon.tui.screens.picker import Picker
from tsmon.tui.widgets.field import Field


async def test_a_path_says_where_the_class_is_and_answers_are_read_again(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, desk):
        await seat.press("i")
        await sent(seat, desk, MNIST, 1)
        await seat.press("percent_sign")
        await seat.until(lambda: isinstance(seat.app.screen, AnswerDialog))
        await seat.sees("✓ 7", "91.0%", '"probabilities"')
        await seat.write("nothing.there")
        await seat.sees("no class there in the last answer")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, Picker))
        await seat.sees("class at nothing.there", "no class found in 1, % says where it is")
        assert desk.book.of(MNIST).score.accuracy is None
        await seat.press("percent_sign")
        await seat.until(lambda: isinstance(seat.app.screen, AnswerDialog))
        await seat.write("digit")
        await seat.press("enter")
        await seat.sees("0/1 correct", "class at digit")


async def test_a_path_that_is_none_is_said_and_stays(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, _):
        await seat.press("percent_sign")
        await seat.until(lambda: isinstance(seat.app.screen, AnswerDialog))
        await seat.write("...")
        await seat.press("enter")
        await seat.sees("'...' is not a valid path into an answer")
        assert isinstance(seat.app.screen, AnswerDialog)


async def test_the_form_is_used_by_all_that_is_sent(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready", "10 images")
        await seat.press("4")
        await seat.sees("image.0.png")
        await seat.press("P")
        await seat.until(lambda: isinstance(seat.app.screen, FormDialog))
        await seat.sees("POST /predictions/mnist")
        seat.find(Field, "#headers").text = "X-Token: hunter2, X-Tenant: a"
        seat.find(Field, "#method").text = "PUT"
        await seat.sees("PUT /predictions/mnist")
        await seat.press("enter")
        await seat.sees("PUT · headers X-Token, X-Tenant")
        assert "hunter2" not in seat.text
        await seat.press("i")
        await seat.sees("0/1 correct")
        assert fake.sent("PUT", "/predictions")
        await seat.press("P")
        await seat.until(lambda: isinstance(seat.app.screen, FormDialog))
        await seat.sees("X-Token: ***", "X-Tenant: a")
        seat.find(Field, "#kserve").text = "3"
        await seat.sees("'3' is not a version")
        await seat.press("escape")
        asking = seat.monitor.sending.desk.asking(MNIST)
        assert asking.form.headers == {"X-Token": "hunter2", "X-Tenant": "a"}


async def test_a_file_of_labels_chosen_by_key_judges_answers_again(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path, tmp_path: Path
) -> None:
    fake.load("mnist")
    async with picking(fake, options) as (seat, desk):
        await seat.sees("labels from file names")
        await seat.press("i")
        await sent(seat, desk, MNIST, 1)
        await seat.sees("0/1 correct")
        labels = tmp_path / "truth.csv"
        labels.write_text("image.0.png,7\n")
        await seat.press("L")
        await seat.until(lambda: isinstance(seat.app.screen, AskPath))
        await seat.write(str(labels))
        await seat.press("enter")
        await seat.sees("1/1 correct", "labels from truth.csv")
        await seat.press("R")
        await seat.sees("labels from truth.csv")
