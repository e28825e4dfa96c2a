"""Whether the server of a home folder runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.serving.processes import find_server
from tsmon.serving.record import ServerRecord

if TYPE_CHECKING:
    import psutil

    from tsmon.serving.home import Home


def find_running(home: Home) -> ServerRecord | None:
    """The server that runs from *home*; None if there is none or it is still starting.

    Raises:
        BadHome: its record cannot be read.
        ContainerError: it is in a container, and docker does not answer.
    """
    record = ServerRecord.load(home.record)
    return record if record is not None and record.ready and runs(record) else None


def find_process(record: ServerRecord) -> psutil.Process | None:
    """The server's Java process; None where it has ended, and in a container."""
    return find_server(record.temp_dir) if record.temp_dir else None


def runs(record: ServerRecord) -> bool:
    """Whether the server is there.

    Raises:
        ContainerError: it is in a container, and docker does not answer.
    """
    if not record.container_id:
        return find_process(record) is not None
    from tsmon.docker.containers import find_container
    from tsmon.serving.container import docker_asked

    with docker_asked():
        facts = find_container(record.container_id)
    return facts is not None and facts.running
