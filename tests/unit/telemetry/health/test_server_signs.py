"""What /ping and the version show of workers, and how often /ping is asked."""

from __future__ import annotations

import pytest

from tests.unit.telemetry.health.worlds import model, worker
from tsmon.telemetry.health import server_signs
from tsmon.telemetry.health.server_signs import PingWatch, ServerSigns
from tsmon.telemetry.source import Description
from tsmon.torchserve.errors import TimedOut

KEY = ("mnist", "1.0")
ONE = frozenset({KEY})
DEAD = Description(model(worker(ready=False)), is_default=True)
WELL = Description(model(worker()), is_default=True)


class _Inference:
    """Answers /ping as it is set."""

    def __init__(self, answer: str | TimedOut) -> None:
        self.answer, self.asked = answer, 0

    async def ping(self) -> str:
        self.asked += 1
        if isinstance(self.answer, TimedOut):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("signs", "given_up"),
    [
        (ServerSigns("0.12.0", "Unhealthy", ONE), KEY),
        (ServerSigns("0.8.2", "Unhealthy", ONE), KEY),
        (ServerSigns("0.12.0", "Healthy", ONE), None),
        (ServerSigns("0.12.0", "", ONE), None),
        (ServerSigns("0.12.0", "Unhealthy", ONE | {("b", "1")}), None),  # it may be either
        (ServerSigns("0.12.0", "Unhealthy"), None),
        (ServerSigns("0.7.1", "Unhealthy", ONE), None),  # it means now, not for five minutes
        (ServerSigns("", "Unhealthy", ONE), None),
    ],
)
def test_ping_says_of_one_version_that_it_is_given_up(
    signs: ServerSigns, given_up: tuple[str, str] | None
) -> None:
    assert signs.given_up == given_up


@pytest.mark.parametrize(
    ("version", "early"), [("0.4.2", True), ("0.5.3", True), ("0.6.0", False), ("0.10.0", False),
                           ("1.0", False), ("", False), ("nightly", False)],
)  # fmt: skip
def test_ready_means_running_before_0_6(version: str, early: bool) -> None:
    assert ServerSigns(version).ready_means_running is early


async def test_ping_is_asked_only_while_a_default_version_has_trouble() -> None:
    inference = _Inference("Healthy")
    watch = PingWatch(inference)  # type: ignore[arg-type]
    assert await watch.look([WELL]) == ""
    assert await watch.look([Description(DEAD.model, is_default=False)]) == ""
    assert inference.asked == 0
    assert await watch.look([DEAD]) == "Healthy"
    assert await watch.look([DEAD]) == "Healthy"
    assert inference.asked == 1


async def test_unhealthy_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """TorchServe counts each such answer as an error."""
    monkeypatch.setattr(server_signs, "PING_AGAIN_S", 0.0)
    inference = _Inference("Healthy")
    watch = PingWatch(inference)  # type: ignore[arg-type]
    await watch.look([DEAD])
    inference.answer = "Unhealthy"
    assert [await watch.look([DEAD]) for _ in range(3)] == ["Unhealthy"] * 3
    assert inference.asked == 2
    assert await watch.look([WELL]) == ""


async def test_ping_without_an_answer_shows_nothing() -> None:
    assert await PingWatch(_Inference(TimedOut("slow"))).look([DEAD]) == ""  # type: ignore[arg-type]
