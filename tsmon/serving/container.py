"""A container from TorchServe's image: the command lines that make, ask and end it."""

from __future__ import annotations

import csv
import io
import re
import signal
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.docker.containers import ContainerFacts, find_container, processes
from tsmon.docker.engine import DockerError, NoEngine, run_docker
from tsmon.serving.configuration import Surroundings, render
from tsmon.serving.environment import thread_variables
from tsmon.serving.errors import ContainerError, PortTaken
from tsmon.serving.image import CONFIG, DEFAULT_IMAGE, HOME, LOGS, MODEL_STORE
from tsmon.serving.ports import LOOPBACK, Ports
from tsmon.torchserve.records import WORKER_SCRIPT

if TYPE_CHECKING:
    from tsmon.serving.plan import ServerPlan

DEFAULT_NAME = "tsmon"
INSIDE = Ports()
"""Where TorchServe listens in its container."""
_EVERYWHERE = "0.0.0.0"  # noqa: S104 (inside; published on the loopback address alone)
_SERVER = "org.pytorch.serve.ModelServer"
# The image's entry point runs this after TorchServe was started, so the container outlives it.
_IDLE = "tail -f /dev/null"
# Prints what cannot be read of a folder and its archives, without the folder's own path.
_SHUT = """\
[ -r "$1" ] && [ -x "$1" ] || { echo; exit; }
for file in "$1"/*.mar; do [ ! -e "$file" ] || [ -r "$file" ] || echo "${file#$1}"; done
"""
_TAKEN = re.compile(r"(?:Bind for|listen \S+|bind host port(?: for)?) ([\d.]+:\d+)")
_STOPPED = {0, 128 + signal.SIGKILL, 128 + signal.SIGTERM}
"""The exit codes after `docker stop` and `docker kill`."""
_STOP_SECONDS = 30.0
_END_SECONDS = 60.0


class Share(Struct, frozen=True):
    """A folder of this machine that a container sees."""

    source: Path
    inside: str
    read_only: bool = False


class ContainerPlan(Struct, frozen=True, kw_only=True):
    """Which container to make."""

    name: str = DEFAULT_NAME
    image: str = DEFAULT_IMAGE
    shares: tuple[Share, ...] = ()
    logs: Path | None = None
    """The folder of this machine that TorchServe logs to; None leaves its logs inside."""


class ContainerUse(Struct, frozen=True):
    """What runs in a container.

    Attributes:
        memory: resident bytes of the Java process; None when there is none.
        worker_memory: those of the workers, by the pid that the engine's machine knows them by.
        idle: whether what the container does, it does after TorchServe was started.
    """

    memory: int | None
    worker_memory: dict[int, int]
    idle: bool

    @property
    def serves(self) -> bool:
        """Whether TorchServe runs in it."""
        return self.memory is not None


def create_command(plan: ServerPlan, container: ContainerPlan) -> list[str]:
    """The arguments of `docker` that make the container, still without its configuration."""
    own = [Share(plan.model_store.resolve(), MODEL_STORE)]
    own += [Share(container.logs, LOGS)] if container.logs is not None else []
    threads = thread_variables(plan.threads_per_worker, {})
    return [
        *("create", "--name", container.name),
        # Each request is some 1.3 kB on the console, and it is not rotated by default.
        *("--log-driver", "json-file", "--log-opt", "max-size=20m", "--log-opt", "max-file=2"),
        *_each("--publish", _published(plan.ports)),
        *_each("--mount", (_mount(share) for share in (*own, *container.shares))),
        *_each("--env", (f"{name}={value}" for name, value in threads.items())),
        container.image,
    ]


def create(plan: ServerPlan, container: ContainerPlan) -> str:
    """Make the container with a configuration of ours in it; its id.

    Raises:
        BadConfiguration: a further setting of the plan cannot be set like that.
        DockerError: docker refused.
    """
    configuration = _packed(CONFIG, configuration_of(plan).encode("ascii"))
    id_ = run_docker(*create_command(plan, container), patience_s=_END_SECONDS).decode().strip()
    try:
        run_docker("cp", "-", f"{id_}:{HOME}", stdin=configuration)
    except BaseException:
        remove(id_)
        raise
    return id_


def configuration_of(plan: ServerPlan) -> str:
    """The text of the container's config.properties.

    Raises:
        BadConfiguration: a further setting of the plan cannot be set like that.
    """
    around = Surroundings(
        address=_EVERYWHERE,
        ports=INSIDE,
        why_address="All addresses inside; outside it is published on the loopback address alone.",
        model_store=MODEL_STORE,
        token_auth=False,
        why_tokens="The image's start command turns them off.",
        tokens_instead="The image's start command turns tokens off",
        heading="Written by tsmon when it made the container, over the image's own.",
    )
    return render(plan, around)


def start(id_: str) -> None:
    """Start it, or start it again.

    Raises:
        PortTaken: someone has one of its ports.
        DockerError: docker refused.
    """
    try:
        run_docker("start", id_, patience_s=_END_SECONDS)
    except DockerError as error:
        if match := _TAKEN.search(error.message):
            raise PortTaken(match[1]) from None
        raise


def check_store(id_: str, model_store: Path) -> None:
    """Check that its user, who is another one than here, can read the archives.

    Raises:
        ContainerError: that user cannot.
    """
    try:
        shut = run_docker("exec", id_, "sh", "-c", _SHUT, "sh", MODEL_STORE).decode().splitlines()
    except DockerError:  # it has ended already, which waiting for it reports
        return
    if shut:
        raise ContainerError(
            f"The user of the container cannot read {model_store}{shut[0]}",
            f"Make it readable: chmod -R o+rX {model_store}",
        )


def look(id_: str) -> ContainerUse:
    """What runs in it.

    Raises:
        DockerError: it does not run.
    """
    found = processes(id_)
    java = [each.memory for each in found if _SERVER in each.command]
    workers = {each.pid: each.memory for each in found if WORKER_SCRIPT in each.command}
    idle = any(each.command == _IDLE for each in found)
    return ContainerUse(java[0] if java else None, workers, idle)


def stop(id_: str, seconds: float = _STOP_SECONDS) -> None:
    """Have TorchServe end, then the container, which stays.

    The container's first process takes no notice of the signal that `docker stop` sends, so that
    command alone waits without effect and then kills TorchServe.

    Raises:
        DockerError: docker refused.
    """
    with suppress(DockerError):
        run_docker("exec", id_, "torchserve", "--stop", patience_s=seconds)
    run_docker("stop", "-t", "1", id_, patience_s=_END_SECONDS)


def end(id_: str, seconds: float, *, keep: bool) -> None:
    """Stop it, or remove it; nothing happens where it is not there.

    Raises:
        DockerError: docker refused.
    """
    facts = find_container(id_)
    if facts is None:
        return
    if not keep:
        remove(id_)
    elif facts.running:
        stop(id_, seconds)


def was_stopped(facts: ContainerFacts | None) -> bool:
    """Whether someone ended or removed it, rather than that it ended by itself."""
    return facts is None or (facts.exit_code in _STOPPED and not facts.out_of_memory)


def remove(id_: str) -> None:
    """Remove it with what runs in it, if it is there.

    Raises:
        DockerError: docker refused.
    """
    run_docker("rm", "--force", "--volumes", id_, patience_s=_END_SECONDS)


@contextmanager
def docker_asked() -> Iterator[None]:
    """Turns what docker says into an error of this package.

    Raises:
        ContainerError: docker refused, or cannot be asked.
    """
    try:
        yield
    except NoEngine as error:
        hint = f"{_sentence(error.hint)}; or run TorchServe without Docker: tsmon serve start"
        raise ContainerError(_sentence(error.message), hint) from None
    except DockerError as error:
        raise ContainerError(_sentence(error.message), error.hint) from None


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _published(ports: Ports) -> Iterator[str]:
    for here, inside in zip(ports.bound, INSIDE.bound, strict=True):
        yield f"{LOOPBACK}:{here}:{inside}"


def _mount(share: Share) -> str:
    """A bind mount in the comma-separated form, where a path may have a colon or a comma."""
    fields = ["type=bind", f"source={share.source}", f"target={share.inside}"]
    text = io.StringIO()
    write = csv.writer(text, lineterminator="").writerow  # noqa: TID251 (Docker reads it)
    write([*fields, *["readonly"] * share.read_only])
    return text.getvalue()


def _packed(name: str, content: bytes) -> bytes:
    """A tar archive of one file that everybody may read."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
