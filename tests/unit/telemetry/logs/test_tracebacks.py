"""Tracebacks of many workers in one log."""

from __future__ import annotations

import traceback
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.logs.real_lines import model_lines
from tsmon.telemetry.logs.tracebacks import Traceback, tracebacks, worker_lines


def test_of_a_chain_the_first_is_the_root() -> None:
    (found,) = [each for each in _found("two_at_once") if each.worker.model == "nomod"]
    assert found.root == "ModuleNotFoundError: No module named 'captum_nope'"
    assert found.raised == (
        "ModuleNotFoundError: No module named 'captum_nope'",
        "ModuleNotFoundError: No module named 'ts.torch_handler.handler'",
    )
    assert found.announcement == "Backend worker process died."
    assert found.lines[0] == "Backend worker process died."
    assert found.lines[-1] == found.raised[-1]


def test_message_of_several_lines_is_read_to_its_end() -> None:
    found = _found("weights")[0]
    assert found.announcement.startswith("Failed to load model weights, exception Error(s)")
    assert found.root.endswith("the shape in current model is torch.Size([2, 3]).")
    assert found.details[1] == 'Missing key(s) in state_dict: "bias".'


def test_tracebacks_that_follow_each_other_stay_apart() -> None:
    assert [(each.announcement, each.root) for each in _found("refused")] == [
        ("Load model oomload cpu OOM, exception no room", "MemoryError: no room"),
        ("Backend worker process died.", "RuntimeError: 507 - System out of memory"),
    ]


def test_traceback_without_its_end_is_none() -> None:
    lines = model_lines("refused")
    end = next(number for number, line in enumerate(lines) if line.endswith(b"no room"))
    cut = next(n for n, line in enumerate(lines) if n > end and line.endswith(b": no room"))
    assert list(tracebacks(worker_lines(lines[:cut]))) == []
    assert len(list(tracebacks(worker_lines(lines[: cut + 1])))) == 1


@given(st.randoms(use_true_random=False), st.integers(2, 5))
def test_workers_that_interleave_are_told_apart(random: Random, workers: int) -> None:
    printed = {f"900{number}": _printed(number) for number in range(workers)}
    queues = {worker: list(lines) for worker, lines in printed.items()}
    log = []
    while queues:
        worker = random.choice(sorted(queues))
        log.append(_line(worker, queues[worker].pop(0)))
        queues = {key: lines for key, lines in queues.items() if lines}
    found = {each.worker.worker_id: each for each in tracebacks(worker_lines(log))}
    assert {key: each.root for key, each in found.items()} == {
        f"900{number}": f"KeyError: 'root {number}'" for number in range(workers)
    }
    for worker, each in found.items():
        assert list(each.lines) == printed[worker]


@given(st.lists(st.text(max_size=30)))
def test_any_output_is_read(texts: list[str]) -> None:
    lines = [_line("9000", text) for text in ["Traceback (most recent call last):", *texts]]
    for found in tracebacks(worker_lines(lines)):
        assert found.root == found.root.strip()


def _printed(number: int) -> list[str]:
    """What a chained exception prints."""
    try:
        try:
            raise KeyError(f"root {number}")
        except KeyError as error:
            raise ValueError("later") from error
    except ValueError:
        return ["Backend worker process died.", *traceback.format_exc().splitlines()]


def _line(worker: str, text: str) -> bytes:
    thread = f"W-{worker}-m_1.0-stdout"
    return f"2026-11-22T14:00:00,000 [INFO ] {thread} MODEL_LOG - {text}".encode()


def _found(name: str) -> list[Traceback]:
    return list(tracebacks(worker_lines(model_lines(name))))
