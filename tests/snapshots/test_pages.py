"""The pages and the screens of digits, as pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.snapshots.conftest import Compare
from tests.tui.log_seat import reading, write
from tests.unit.telemetry.logbook.lines import OTHER, access, handled, printed, waited
from tsmon.tui.app import MonitorOptions
from tsmon.tui.widgets.raster import Symbols

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


def sized(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("size", SIZES, ids=sized)
@pytest.mark.parametrize("name", PAGES)
async def test_a_page_of_the_logs(
    fake: FakeTorchServe, logs: Path, same_as_taken: Compare, name: str, size: tuple[int, int]
) -> None:
    key, seen = PAGES[name]
    async with reading(fake, MonitorOptions(period_s=0.2), logs, size=size) as seat:
        await seat.press(key)
        await seat.sees(seen)
        same_as_taken(f"{name}-{sized(size)}", seat.text)


@pytest.mark.parametrize("symbols", [Symbols.BLOCK, Symbols.ASCII])
@pytest.mark.parametrize("size", SIZES, ids=sized)
@pytest.mark.parametrize("name", DIGITS)
async def test_a_screen_of_digits(
    fake: FakeTorchServe,
    logs: Path,
    same_as_taken: Compare,
    name: str,
    size: tuple[int, int],
    symbols: Symbols,
) -> None:
    key, seen = DIGITS[name]
    options = MonitorOptions(period_s=0.2, samples=SAMPLES, drawings=logs, symbols=symbols)
    async with reading(fake, options, logs, size=size) as seat:
        await seat.sees("120 images" if size[0] >= 120 else "mnist")
        await seat.press(key)
        await seat.sees(seen)
        same_as_taken(f"{name}-{sized(size)}-{symbols}", seat.text)
