"""A seat in front of a monitor whose server's logs are in a folder of the test's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, seated
from tsmon.logs.files import TS_LOG
from tsmon.logs.places import LogPlace
from tsmon.telemetry.live import LiveSource
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import LiveSession


def write(folder: Path, lines: Iterable[bytes], name: str = TS_LOG) -> None:
    """Append lines to a log file."""
    folder.mkdir(exist_ok=True)
    with (folder / name).open("ab") as file:
        file.writelines(line + b"\n" for line in lines)


@asynccontextmanager
async def reading(
    fake: FakeTorchServe,
    options: MonitorOptions,
    place: LogPlace,
    *,
    size: tuple[int, int] = (120, 30),
) -> AsyncIterator[Seat]:
    """A monitor with `--logs PLACE`."""
    client = fake.client()
    source = LiveSource(client, place)
    session = LiveSession(client, options.period_s, source)
    with closing(source):
        async with seated(TsmonApp(session, options), size=size) as seat:
            yield seat
