"""A seat in front of a monitor whose server's logs are in a folder of the test's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, seated
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.logs.files import TS_LOG
from tsmon.tui.app import MonitorOptions, TsmonApp
from tsmon.tui.session import LiveSession


def write(folder: Path, lines: Iterable[bytes], name: str = TS_LOG) -> None:
    """Append lines to a log file."""
    folder.mkdir(exist_ok=True)
    with (folder / name).open("ab") as file:
        file.writelines(line + b"\n" for line in lines)


@asynccontextmanager
async def reading(
    fake: FakeTorchServe,
    options: MonitorOptions,
    folder: Path,
    *,
    size: tuple[int, int] = (120, 30),
) -> AsyncIterator[Seat]:
    """A monitor with `--logs FOLDER`, once the model is ready if there is one."""
    client = fake.client()
    session = LiveSession(client, options.period_s, LiveSource(client, folder))
    async with seated(TsmonApp(session, options), size=size) as seat:
        yield seat
