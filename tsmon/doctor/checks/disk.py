"""Checks of what the server leaves on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsmon.doctor.checks.evidence import models_of, process_of
from tsmon.doctor.findings import Finding, NotChecked, error, note, ok, warning
from tsmon.units import byte_size, plural

if TYPE_CHECKING:
    from tsmon.doctor.facts import Facts, FolderSize

LARGE_LOGS = 2e9
LITTLE_FREE = 1e9
SOME_FREE = 5e9


def free_space(facts: Facts) -> Iterator[Finding]:
    """Whether the disks of logs and unpacked models have room."""
    folders = [each for each in (facts.machine.logs, facts.machine.models) if each]
    if not folders:
        raise _no_folder(facts, "neither logs nor unpacked models can be found")
    least = min(folders, key=lambda folder: folder.free)
    evidence = f"{byte_size(least.free)} free at {least.path}"
    remedy = "free some space there; TorchServe cannot register models on a full disk"
    if least.free < LITTLE_FREE:
        yield error("the disk is nearly full", evidence, remedy)
    elif least.free < SOME_FREE:
        yield warning("little disk space is left", evidence, remedy)
    else:
        yield ok("enough disk space", evidence)


def logs(facts: Facts) -> Iterator[Finding]:
    """How much the logs take."""
    folder = facts.machine.logs
    if folder is None:
        raise _no_folder(facts, "the log folder cannot be found")
    evidence = f"{byte_size(folder.size)} in {folder.path}"
    if folder.size > LARGE_LOGS or folder.size > folder.free:
        yield warning(
            "the logs are large",
            evidence,
            f"delete the old ones: find {folder.path} -name '*.log.gz' -delete; to write fewer, "
            "start the server with --log-config and a log4j2.xml of level INFO",
        )
    else:
        yield ok("the logs are small", evidence)


def leftovers(facts: Facts) -> Iterator[Finding]:
    """Whether unpacked models were left behind, as refused registrations do."""
    folder = facts.machine.models
    if folder is None:
        raise _no_folder(facts, "the server has not unpacked a model yet")
    try:
        registered = len(models_of(facts))
    except NotChecked as reason:
        if "no model" not in str(reason):
            raise
        registered = 0
    evidence = f"{plural(len(folder.entries), 'folder')} with {byte_size(folder.size)} in "
    evidence += f"{folder.path}, {plural(registered, 'model version')} registered"
    surplus = len(folder.entries) - registered
    if surplus <= 0:
        yield ok("no leftover unpacked models", evidence)
        return
    report = warning if folder.size > SOME_FREE or folder.size > folder.free else note
    title = plural(surplus, "unpacked model was", "unpacked models were")
    yield report(f"{title} left behind", evidence, _removal(facts, folder, surplus))


def _removal(facts: Facts, folder: FolderSize, surplus: int) -> str:
    """How to remove them; by name only where it is sure that no model needs them."""
    process = process_of(facts)
    used = {worker.directory.name for worker in process.workers if worker.directory}
    unused = [name for name in folder.entries if name not in used]
    if len(unused) == surplus:  # workers stand in all others
        return f"cd {folder.path} && rm -r {' '.join(unused[:4])}" + (" …" if surplus > 4 else "")
    return f"stop the server, then: rm -r {folder.path}"


def _no_folder(facts: Facts, reason: str) -> NotChecked:
    if not process_of(facts).files_here:
        return NotChecked("the server's files are in a container")
    return NotChecked(reason)
