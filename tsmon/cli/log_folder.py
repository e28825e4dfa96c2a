"""The folder of a server's logs, while a command needs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.cli.output import complain
from tsmon.logs.discovery import find_logs
from tsmon.logs.files import CAUSE_BYTES, MODEL_LOG, TS_LOG
from tsmon.logs.places import Container, LogPlace

if TYPE_CHECKING:
    from tsmon.torchserve.addresses import Addresses


@contextmanager
def log_folder(
    named: LogPlace | None,
    addresses: Addresses,
    files: Sequence[str] = (MODEL_LOG, TS_LOG),
    most_bytes: int = CAUSE_BYTES,
) -> Iterator[Path | None]:
    """The folder that --logs names, else that of a server of this machine, while it is needed.

    Of a container's logs it holds a copy, of these `files` and the end of each; None, and a word
    on stderr, where they cannot be read.
    """
    with ExitStack() as stack:
        place = named or (find_logs(addresses.management) if addresses.is_local else None)
        if not isinstance(place, Container):
            yield place
            return
        from tsmon.logs.containers import NoContainerLogs, copied, find_folder

        folder: Path | None = None
        try:
            folder = stack.enter_context(copied(find_folder(place), files, most_bytes))
        except NoContainerLogs as error:
            complain(f"the logs of {place} cannot be read: {error}")
        yield folder
