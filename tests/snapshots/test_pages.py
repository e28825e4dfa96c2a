"""The pages and the screens of digits, as pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.fake.workflows import WorkflowArchive
from tests.snapshots.album import at_each
from tests.tui.log_seat import reading, write
from tests.unit.telemetry.log_page.lines import OTHER, access, handled, printed, waited
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.text.symbols import Symbols

SIZES = [(80, 24), (140, 40)]
SAMPLES = Path("artifacts/samples")
PAGES = {"logs": ("l", "following"), "requests": ("Q", "3 seen")}
DIGITS = {"picker": ("b", "120 images"), "draw-pad": ("w", "brush")}


@pytest.fixture
def fake() -> FakeTorchServe:
    """A server with one model."""
    fake = FakeTorchServe()
    fake.load("mnist")
    return fake


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Three requests, of which one failed, and what the model printed."""
    folder = tmp_path / "logs"
    write(folder, [access(1, total_ms=5), waited(1.001, 1, 3), printed(2, "a warm day")])
    write(folder, [handled(61, 60.5), access(61.001, total_ms=900), waited(61.002, 800, 90)])
    write(folder, [access(122, 503, 40, thread=OTHER, what="POST /predictions/cifar")])
    return folder


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures name the samples by their folder in it."""
    monkeypatch.chdir(Path(__file__).parents[2])


async def test_the_pages_of_the_logs(fake: FakeTorchServe, logs: Path) -> None:
    async with reading(fake, MonitorOptions(period_s=0.2), logs, size=SIZES[-1]) as seat:
        for name, (key, seen) in PAGES.items():
            await seat.press(key)
            await seat.sees(seen)
            await at_each(seat, name, SIZES)
            await seat.press("escape")


@pytest.mark.parametrize("symbols", [Symbols.BLOCK, Symbols.ASCII])
async def test_the_screens_of_digits(fake: FakeTorchServe, logs: Path, symbols: Symbols) -> None:
    options = MonitorOptions(period_s=0.2, samples=SAMPLES, drawings=logs, symbols=symbols)
    async with reading(fake, options, logs, size=SIZES[-1]) as seat:
        await seat.sees("120 images", "to mnist 1.0")
        for name, (key, seen) in DIGITS.items():
            await seat.press(key)
            await seat.sees(seen)
            await at_each(seat, f"{name}-{symbols}", SIZES)
            await seat.press("escape")


@pytest.fixture
def payloads(tmp_path: Path) -> Path:
    """Files of several kinds, with labels."""
    folder = tmp_path / "cinema" / "reviews"
    folder.mkdir(parents=True)
    (folder / "film.json").write_text('{"text": "a warm film", "language": "en", "ids": [1, 2]}')
    (folder / "letter.txt").write_text("Dear all, the second act was too long for me.\n")
    (folder / "lines.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    (folder / "noise.bin").write_bytes(bytes(range(256)))
    (folder / "labels.csv").write_text("film.json,7\nletter.txt,3\n")
    return folder


async def test_payloads_that_are_no_images(
    fake: FakeTorchServe, logs: Path, payloads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(payloads.parent)
    options = MonitorOptions(period_s=0.2, samples=Path("reviews"), drawings=logs)
    async with reading(fake, options, logs, size=SIZES[-1]) as seat:
        await seat.sees("4 payloads")
        await seat.press("b")
        await seat.sees(
            "film.json", "lines of JSON, 32 B", "labels from labels.csv", '"language": "en"'
        )
        await at_each(seat, "payloads", SIZES)
        await seat.press("P")
        await seat.sees("content type", "KServe")
        await at_each(seat, "payloads-form", SIZES)


async def test_the_page_of_workflows(fake: FakeTorchServe, logs: Path) -> None:
    fake.archive("cut")
    fake.archive("read")
    fake.workflow_store["post.war"] = WorkflowArchive("post", ("cut.mar", "read.mar"))
    async with fake.client() as client:
        await client.workflows.register("post.war")
    async with reading(fake, MonitorOptions(period_s=0.2), logs, size=SIZES[-1]) as seat:
        await seat.press("ampersand")
        await seat.sees("cut → read")
        await at_each(seat, "workflows", SIZES)
