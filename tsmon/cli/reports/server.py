"""A server of ours in words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.cli.output import emit, emit_json, say
from tsmon.units import byte_size, duration, plural
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.serving.local_server import LocalServerStatus
    from tsmon.serving.record import ServerRecord

ORPHANED = "the tsmon that would have stopped this TorchServe was killed"


def started(record: ServerRecord, as_json: bool) -> None:
    """Report a server that answers now."""
    if as_json:
        emit_json(server_record(record))
        return
    emit(f"TorchServe {record.version} runs at {record.management}, {_whereabouts(record)}")
    say(f"inference {record.inference}, metrics {record.metrics}/metrics")
    say(f"model store {record.model_store}, keys {record.key_file or 'not needed'}")


def stopped(record: ServerRecord, as_json: bool) -> None:
    """Report a server that was stopped."""
    if as_json:
        emit_json(server_record(record))
        return
    emit(f"stopped the TorchServe at {record.management}")
    if record.container:
        say(container_stays(record.container))


def container_stays(name: str) -> str:
    """What to do with a container that was stopped."""
    name = shell_word(name)
    return (
        f"it still exists: `tsmon serve resume --name {name}` starts it, `docker rm {name}` "
        "removes it"
    )


def server_record(record: ServerRecord) -> dict[str, object]:
    """What is known of a server, as JSON has it."""
    return {
        "pid": record.pid,
        "container": record.container or None,
        "inference": record.inference,
        "management": record.management,
        "metrics": record.metrics,
        "model_store": str(record.model_store),
        "key_file": str(record.key_file) if record.key_file else None,
        "version": record.version,
        "started_at": record.started_at,
    }


def status_record(found: LocalServerStatus) -> dict[str, object]:
    """How a server is, as JSON has it."""
    return {
        "state": found.state.value,
        "home": str(found.home),
        "server": server_record(found.server) if found.server else None,
        "uptime_seconds": found.uptime,
        "memory_bytes": found.memory,
        "worker_memory_bytes": found.worker_memory,
    }


def status_lines(found: LocalServerStatus) -> list[str]:
    """How a server is, for a person."""
    facts = [("state", found.state.value), ("home", str(found.home))]
    server = found.server
    if server is not None:
        facts += [
            ("inference", server.inference),
            ("management", server.management),
            ("metrics", server.metrics),
            ("models", str(server.model_store)),
            ("keys", str(server.key_file or "not needed")),
        ]
        if server.container:
            facts.append(("container", server.container))
        if server.orphaned and found.uptime is not None:
            facts.append(("left", f"{ORPHANED}; `tsmon serve stop` stops it"))
    if found.uptime is not None and server is not None:
        up = f"up {duration(found.uptime)}"
        facts += [
            ("pid", f"{server.pid}, {up}") if server.pid else ("time", up),
            ("memory", byte_size(found.memory)),
            ("workers", _worker_memory(found)),
        ]
    return [f"{name:<11}{value}" for name, value in facts]


def _whereabouts(record: ServerRecord) -> str:
    return f"container {record.container}" if record.container else f"pid {record.pid}"


def _worker_memory(found: LocalServerStatus) -> str:
    total = sum(found.worker_memory.values())
    return f"{plural(len(found.worker_memory), 'process', 'processes')}, {byte_size(total)}"
