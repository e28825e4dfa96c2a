"""After every test: what tsmon wrote is searched for the keys that were in use.

Keys come to be known in one place each: those of the fake when it makes them, those of a real
server by its key file. Searched are the test's folders and the state folder, every screen that the
test looked at, the output of commands, and command line and environment of the processes started.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner, Result

from tsmon.torchserve.tokens import KeyFileError, parse_key_file

KEY_FILE = "key_file.json"
"""How the names of key files end: what TorchServe writes itself, and what a test makes of it."""
LARGEST = 64 * 2**20
"""Bytes of a file that is still searched; nothing that tsmon writes is larger."""


class Watch:
    """The keys in use, and where one of them turned up."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._files: set[Path] = set()
        self._allowed: set[Path] = set()
        self._children = False
        self.leaks: list[str] = []

    def hand_out(self, key: str) -> None:
        """A key is in use from now on."""
        self._keys.add(key)

    def hand_out_file(self, file: Path) -> None:
        """So are those of a key file, whatever is in it when something is searched."""
        self._files.add(file.absolute())

    def allow(self, file: Path) -> None:
        """A key may be in this file."""
        self._allowed.add(file.absolute())

    def forget(self) -> None:
        """The test is over; servers that live on keep their key files."""
        self._keys.clear()
        self.leaks.clear()
        self._allowed.clear()
        self._children = False
        self._files = {file for file in self._files if file.exists()}

    @property
    def keys(self) -> set[str]:
        """All that are in use now."""
        found = set(self._keys)
        for file in self._files:
            with suppress(OSError, KeyFileError):
                found |= {key.value for key in parse_key_file(file.read_text()).values()}
        return found

    def look_at(self, what: str, text: str) -> None:
        """Search what somebody was shown."""
        self.leaks += [f"{key} on {what}" for key in self.keys if key in text]

    def look_into(self, folder: Path) -> None:
        """Search all files below a folder."""
        keys = self.keys
        if not keys:
            return
        for file in _files(folder):
            if file.name.endswith(KEY_FILE) or file.absolute() in self._files | self._allowed:
                continue
            content = _content(file)
            self.leaks += [f"{key} in {file}" for key in keys if key.encode() in content]

    def started(self, words: Iterable[str], environment: Iterable[str]) -> None:
        """Search what everybody on the machine, or a process's own code, can read of it."""
        self._children = True
        words = [*words]
        self.look_at(f"the command line of {words[:3]}", " ".join(words))
        self.look_at(f"the environment of {words[:3]}", " ".join(environment))

    def look_at_children(self) -> None:
        """Search the processes that the test started and that still run, and their children."""
        if not self._children:
            return
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                self.started(process.cmdline(), process.environ().values())


WATCH = Watch()


def hand_out(key: str, file: Path) -> str:
    """A server made this key and writes it into that file."""
    WATCH.hand_out(key)
    WATCH.allow(file)
    return key


def hand_out_file(file: Path) -> None:
    """A server writes its keys there."""
    WATCH.hand_out_file(file)


def shown(text: str) -> str:
    """A person sees this."""
    WATCH.look_at("a screen or in an output", text)
    return text


@pytest.fixture(autouse=True)
def no_key_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test leaves a key where it does not belong."""
    WATCH.forget()
    folders = [Path(os.environ["XDG_STATE_HOME"])]
    if "tmp_path" in request.fixturenames:
        folders.append(request.getfixturevalue("tmp_path"))
    yield
    WATCH.look_at_children()
    for _, what, text in request.node._report_sections:
        WATCH.look_at(what, text)
    for folder in folders:
        WATCH.look_into(folder)
    assert not WATCH.leaks, "a key of the test was written:\n" + "\n".join(WATCH.leaks)


@pytest.fixture(autouse=True, scope="session")
def nothing_of_mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tsmon keeps for whoever runs the tests stays out of them, and they out of it."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        _overhear(patch)
        yield


def _overhear(patch: pytest.MonkeyPatch) -> None:
    """Listen where commands print, tests read what was printed, and processes start."""

    def output(result: Result) -> None:
        shown(result.output)

    def captured(result: Any) -> None:
        shown(str(result.out))
        shown(str(result.err))

    patch.setattr(CliRunner, "invoke", _then(CliRunner.invoke, output))
    read = pytest.CaptureFixture.readouterr
    patch.setattr(pytest.CaptureFixture, "readouterr", _then(read, captured))
    start = subprocess.Popen.__init__

    @wraps(start)
    def init(self: Any, args: Any, *more: Any, **settings: Any) -> None:
        words = [args] if isinstance(args, str | bytes | Path) else args
        environment = settings.get("env") or os.environ
        WATCH.started(map(_text, words), map(_text, environment.values()))
        start(self, args, *more, **settings)

    patch.setattr(subprocess.Popen, "__init__", init)


def _then(call: Callable[..., Any], look: Callable[[Any], None]) -> Callable[..., Any]:
    @wraps(call)
    def both(*args: Any, **settings: Any) -> Any:
        result = call(*args, **settings)
        look(result)
        return result

    return both


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place) / name for name in names)


def _content(file: Path) -> bytes:
    with suppress(OSError):
        if file.is_file() and not file.is_symlink() and file.stat().st_size <= LARGEST:
            return file.read_bytes()
    return b""


def _text(word: Any) -> str:
    return os.fsdecode(word)
