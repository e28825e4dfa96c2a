"""Making the TorchServe of this machine start and stop, with a line that shows progress."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.cli.console import talk
from tsmon.cli.outcome import fail
from tsmon.cli.output import say
from tsmon.serving.errors import StartFailed
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.serving.launch import ProgressCallback, StartProgress
    from tsmon.serving.local_server import LocalServer
    from tsmon.serving.plan import ServerPlan
    from tsmon.serving.record import ServerRecord

DEFAULT_STORE = Path("artifacts")


def make_model_store(folder: Path) -> None:
    """Make the folder for the archives."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"cannot make the model store {folder}: {error.strerror or error}")


@contextmanager
def progress_shown(first: str, *, may_take_long: bool = False) -> Iterator[ProgressCallback]:
    """Shows what a start does; what may take long gets lines where nothing can move.

    A start that fails is followed by the last lines it wrote.
    """
    phase = ""
    with talk.status(first) as spinner:

        def show(progress: StartProgress) -> None:
            nonlocal phase
            detail = f", {progress.detail}" if progress.detail else ""
            spinner.update(f"{progress.phase}{detail}, {duration(progress.elapsed)}")
            if may_take_long and progress.phase != phase and not talk.is_terminal:
                say(progress.phase)
            phase = progress.phase

        try:
            yield show
        except StartFailed as error:
            for line in error.log_lines:
                say(line)
            raise


def start_with_progress(
    server: LocalServer, plan: ServerPlan, *, owned: bool = False
) -> ServerRecord:
    """Start a process, saying on stderr what is waited for; `owned` as `LocalServer.start`."""
    with progress_shown("starting TorchServe…") as show:
        return server.start(plan, show, owned=owned)


def stop_with_progress(server: LocalServer) -> ServerRecord:
    """Stop a server, saying on stderr that it is waited for."""
    with talk.status("stopping TorchServe and its workers…"):
        return server.stop()
