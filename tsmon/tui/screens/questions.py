"""What is asked before a change that may lose something: how bad it is, and what it will do."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.torchserve.changes import default_change, scale_change, unregister_change
from tsmon.tui.screens.confirm import Question
from tsmon.tui.state.risk import NewDefault, Removal, Risk, WorkerChange, serves, weigh
from tsmon.tui.text.preview import PreviewRow, preview_change, worker_rows
from tsmon.tui.text.tones import Tone, line
from tsmon.units import plural
from tsmon.untrusted.text import visible

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus
    from tsmon.tui.keymap.effective import Keymap
    from tsmon.tui.state.plugin_run import PluginRun

NEWEST_FIRST = "The newest workers go first; requests they are processing get a 500."


def about_fewer_workers(model: ModelStatus, now: int, then: int) -> Question:
    """Workers are to go that may be at work, or the last one."""
    key = model.key
    shown = preview_change(
        worker_rows(model, now, then), [scale_change(key.name, then, version=key.version)]
    )
    if then:
        heading, accept, words = f"Scale {key} to {plural(then, 'worker')}?", "Scale", NEWEST_FIRST
    else:
        heading, accept = f"No workers for {key}?", "Remove"
        words = "Every request to it gets a 503 until it has a worker again."
    return Question(
        heading,
        shown + line((f"\n\n{words}", Tone.PLAIN)),
        weigh(model, WorkerChange(now, then)) or Risk.CHANGE,
        accept,
        typed=key.name,
    )


def about_default(model: ModelStatus, before: ModelStatus | None) -> Question:
    """Requests without a version are to go to another one."""
    key = model.key
    rows: list[PreviewRow] = [
        ("default", before.key.version if before else "none", key.version),
        ("ready", str(before.ready) if before else "0", plural(model.ready, "worker")),
    ]
    shown = preview_change(rows, [default_change(key.name, key.version)])
    if model.ready:
        words = f"Requests to {key.name} without a version go to {key.version}."
    else:
        words = f"No worker of {key} is ready: requests without a version fail until one is."
    return Question(
        f"Make {key} the default version?",
        shown + line((f"\n\n{words}", Tone.PLAIN)),
        weigh(model, NewDefault(before)) or Risk.CHANGE,
        "Set default",
        typed=key.name,
    )


def about_unregistering(
    model: ModelStatus, others: Sequence[ModelStatus], no_way_back: str, keys: Keymap
) -> Question:
    """A version is to go."""
    key = model.key
    default = next((each.key.version for each in others if each.is_default), "none")
    rows = [
        *worker_rows(model, len(model.workers), 0),
        ("versions", str(len(others) + 1), str(len(others))),
        ("default", key.version if model.is_default else default, default),
    ]
    shown = preview_change(rows, [unregister_change(key.name, key.version)])
    queue = model.described.queue
    waiting = f" {queue.pending} requests are queued for it." if queue and queue.pending else ""
    workers = plural(len(model.workers), "worker")
    if serves(model):
        stop = f"Its {workers} will stop, and requests to it get a 404.{waiting}"
    elif model.workers:
        stop = (
            f"It serves no request now: none of its {workers} is ready, and TorchServe stops "
            f"trying to start them. Requests to it get a 404.{waiting}"
        )
    else:
        stop = "It serves no request now, as it has no workers. Requests to it get a 404."
    undo = keys.expand("{model.undo} registers it again with these settings.")
    way_back = (
        (f"\n\nCannot be undone: {no_way_back}.", Tone.WARNING)
        if no_way_back
        else (f"\n\n{undo}", Tone.MUTED)
    )
    return Question(
        f"Unregister {key}?",
        shown + line((f"\n\n{stop}", Tone.PLAIN), way_back),
        weigh(model, Removal(others, no_way_back)) or Risk.CHANGE,
        "Unregister",
        typed=key.name,
    )


def about_new_tokens(key_file: Path | None) -> Question:
    """The tokens in use are to be void."""
    words = (
        "The current tokens stop working at once, for every client. The server writes new ones to "
        f"its key_file.json; tsmon reads them from {key_file}."
    )
    return Question(
        "Make the server issue new tokens?", line((words, Tone.PLAIN)), Risk.LOSS, "Renew"
    )


def about_plugin(run: PluginRun, *, dangerous: bool) -> Question:
    """A command of the person's own is to be run."""
    words = "\n\nThe configuration calls it dangerous." if dangerous else ""
    command = visible(shlex.join(run.command))
    shown = line((command, Tone.ACCENT), (words, Tone.WARNING))
    return Question(f"Run {run.name}?", shown, Risk.UNKNOWN, "Run")
