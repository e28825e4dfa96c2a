"""One real TorchServe for all that does not need a server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.commands import Shell

PAST = "a-past-one"
"""Stands before all others."""


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell whose server runs on free ports and is stopped at the end."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    started = shell.tsmon("serve", "start", "--ports", "free")
    assert started.code == 0, started.stderr
    try:
        _give_it_a_past(shell)
        yield shell
    finally:
        stopped = shell.tsmon("serve", "stop")
    assert stopped.code == 0, stopped.stderr


def _give_it_a_past(shell: Shell) -> None:
    """Leave the counters of a model that is unregistered, as other tests do: no test may mind."""
    for words in (
        ("archive", "--model-name", PAST),
        ("register", f"{PAST}.mar", "--workers", "1"),
        ("send", PAST, "-n", "1"),
        ("unregister", PAST, "--yes"),
    ):
        ended = shell.tsmon(*words)
        assert ended.code == 0, ended.stderr


@pytest.fixture(scope="session")
def archive(shell: Shell) -> Path:
    """The digit model, archived in the model store."""
    ended = shell.tsmon("archive", "--force", "--json")
    assert ended.code == 0, ended.stderr
    return shell.directory / Path(ended.json["archive"])
