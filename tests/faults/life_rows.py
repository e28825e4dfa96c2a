"""Faults of a server's life, its workers and its keys."""

from __future__ import annotations

import os
from pathlib import Path

from tests.fake import Loading
from tests.fake.server import FakeTorchServe
from tests.faults.connection_rows import AWAY, REFUSED, STARTS, STRANGE
from tests.faults.rows import SERVES, Ground, Group, Row
from tests.faults.scene import Scene, Step, both, done, harmless, wire


def _other_models(fake: FakeTorchServe) -> None:
    fake._at_start.clear()
    fake.load("llama", at_start=True)
    fake.restart()


def _former_models(fake: FakeTorchServe) -> None:
    fake._at_start.clear()
    for model in ("mnist", "cifar"):
        fake.load(model, at_start=True)
    fake.restart()


def _again(scene: Scene) -> None:
    scene.change(_former_models)
    scene.heal()


def _crash(fake: FakeTorchServe) -> None:
    fake.crash("mnist")


def _revive(scene: Scene) -> None:
    scene.change(lambda fake: fake.release("mnist"))


def _looping(fake: FakeTorchServe) -> None:
    version = fake.version("mnist")
    fake.crash("mnist")
    for worker in version.workers:
        worker.loading = Loading.DIES


def _queue_full(fake: FakeTorchServe) -> None:
    version = fake.version("mnist")
    version.queued = version.queue_size


def _queue_empty(scene: Scene) -> None:
    scene.change(lambda fake: setattr(fake.version("mnist"), "queued", 0))


def _keys(change: Step) -> Step:
    """Something happens to the key file, and the server does not take the former keys any more."""

    def begin(scene: Scene) -> None:
        assert scene.key_file is not None
        path = scene.key_file
        scene.change(lambda fake: fake.keys.renew("management", "inference"))
        change(scene)

        def restore() -> None:
            if path.is_dir():
                path.rmdir()
            path.unlink(missing_ok=True)
            scene.change(lambda fake: fake.keys.renew("management", "inference", "API"))

        scene.undo.append(restore)

    return begin


def _path(scene: Scene) -> Path:
    assert scene.key_file is not None
    return scene.key_file


def _replace(content: bytes) -> Step:
    return lambda scene: void(_path(scene).write_bytes(content))


def void(_: object) -> None:
    """Nothing, of something that gives a value."""


def _remove(scene: Scene) -> None:
    _path(scene).unlink()


def _pipe(scene: Scene) -> None:
    _path(scene).unlink()
    os.mkfifo(_path(scene))


def _folder(scene: Scene) -> None:
    _path(scene).unlink()
    _path(scene).mkdir()


def _endless(scene: Scene) -> None:
    _path(scene).unlink()
    _path(scene).symlink_to("/dev/zero")


def _key_row(id_: str, fault: str, change: Step, says: tuple[str, ...]) -> Row:
    return Row(
        id=id_,
        group=Group.FILES,
        fault=fault,
        begin=_keys(change),
        shows=("✗ token refused",),
        says=says,
        code=1,
        recovery="by itself, once the file has the keys",
        ground=Ground.TOKENS,
    )


LIFE_ROWS = (
    Row(
        id="killed",
        group=Group.LIFE,
        fault="the server is killed, and started again later",
        begin=both(wire("refused"), done(lambda fake: fake.kill())),
        end=both(done(lambda fake: fake.start()), Scene.heal),
        shows=(AWAY, "stale", REFUSED, "mnist"),
        says=(REFUSED, STARTS),
        code=3,
    ),
    Row(
        id="restarted",
        group=Group.LIFE,
        fault="the server restarts between two looks at it",
        begin=done(lambda fake: fake.restart()),
        end=harmless,
        shows=SERVES,
        says=("mnist", "ready"),
        code=0,
        is_harmless=True,
    ),
    Row(
        id="restarted-with-other-models",
        group=Group.LIFE,
        fault="the server restarts with another model than it had",
        begin=done(_other_models),
        end=_again,
        shows=("● up", "llama", "✗ gone"),
        says=("llama",),
        code=0,
        recovery="by itself; what is gone stays on the screen until it is dismissed",
        stays=True,
    ),
    Row(
        id="other-program",
        group=Group.LIFE,
        fault="the server ends and another program takes its ports",
        begin=wire("404"),
        shows=(STRANGE, "mnist"),
        says=("404",),
        code=1,
    ),
    Row(
        id="slow-start",
        group=Group.LIFE,
        fault="the server starts: its ports refuse for a while",
        begin=both(done(lambda fake: fake.restart()), wire("refused")),
        shows=(AWAY, REFUSED),
        says=(REFUSED,),
        code=3,
    ),
    Row(
        id="stops-accepting",
        group=Group.LIFE,
        fault="the server stops accepting connections while it runs",
        begin=wire("backlog full"),
        shows=(AWAY, "does not accept connections"),
        says=("does not accept connections",),
        code=3,
    ),
    Row(
        id="metrics-mode-changed",
        group=Group.LIFE,
        fault="the server restarts with metrics_mode log",
        begin=done(lambda fake: setattr(fake, "metrics_mode", "log")),
        end=done(lambda fake: setattr(fake, "metrics_mode", "prometheus")),
        shows=("● up", "metrics_mode is log"),
        command=("metrics",),
        says=("metrics_mode",),
        code=1,
    ),
    Row(
        id="model-api-off",
        group=Group.LIFE,
        fault="the model API is off",
        begin=done(lambda fake: setattr(fake, "model_api", False)),
        end=done(lambda fake: setattr(fake, "model_api", True)),
        shows=SERVES,
        command=("unregister", "mnist", "--yes"),
        says=("enable_model_api=true",),
        code=1,
        is_harmless=True,
        recovery="after a restart with --enable-model-api",
    ),
)

WORKER_ROWS = (
    Row(
        id="worker-died",
        group=Group.WORKERS,
        fault="the only worker of a model dies",
        begin=done(_crash),
        end=_revive,
        shows=("● up", "0/1"),
        says=("mnist",),
        code=0,
    ),
    Row(
        id="crash-loop",
        group=Group.WORKERS,
        fault="a worker dies at each start",
        begin=done(_looping),
        end=_revive,
        shows=("● up", "0/1"),
        says=("mnist",),
        code=0,
    ),
    Row(
        id="no-worker-for-a-request",
        group=Group.WORKERS,
        fault="a request finds no worker",
        begin=done(lambda fake: fake.registry.scale(fake.version("mnist"), 0, 0)),
        end=done(lambda fake: fake.registry.scale(fake.version("mnist"), 1, 1)),
        shows=("● up", "no workers"),
        command=("predict", "mnist", __file__),
        says=("no worker",),
        code=1,
    ),
    Row(
        id="queue-full",
        group=Group.WORKERS,
        fault="the queue of a model is full",
        begin=done(_queue_full),
        end=_queue_empty,
        shows=("● up", "overloaded"),
        command=("predict", "mnist", __file__),
        says=("no worker",),
        code=1,
    ),
)

FILE_ROWS = (
    _key_row("key-file-missing", "the key file is gone", _remove, ("cannot read",)),
    _key_row(
        "key-file-garbage",
        "the key file has something else in it",
        _replace(b"\x00\xff no"),
        ("key file",),
    ),
    _key_row("key-file-empty", "the key file is empty", _replace(b""), ("key file",)),
    _key_row(
        "key-file-folder",
        "the key file is a folder",
        _folder,
        ("cannot read", "regular file"),
    ),
    _key_row(
        "key-file-nested",
        "the key file is nested 60,000 levels deep",
        _replace(b"[" * 60_000),
        ("key file", "nested"),
    ),
    _key_row("key-file-pipe", "the key file is a FIFO", _pipe, ("regular file",)),
    _key_row(
        "key-file-endless",
        "the key file leads to /dev/zero",
        _endless,
        ("regular file",),
    ),
    Row(
        id="key-replaced",
        group=Group.FILES,
        fault="the keys are replaced, in the file as well",
        begin=done(lambda fake: fake.keys.renew("management", "inference")),
        end=harmless,
        shows=SERVES,
        says=("mnist", "ready"),
        code=0,
        ground=Ground.TOKENS,
        is_harmless=True,
    ),
    Row(
        id="keys-expired",
        group=Group.FILES,
        fault="the keys expire",
        begin=done(lambda fake: fake.keys.expire("management", "inference")),
        end=done(lambda fake: fake.keys.renew("management", "inference")),
        shows=("✗ token refused", "expired"),
        says=("expired", "token refresh"),
        code=1,
        recovery="by itself, once the file has the keys",
        ground=Ground.TOKENS,
    ),
)
