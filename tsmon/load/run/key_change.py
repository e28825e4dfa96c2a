"""The key of a run, which may be replaced while requests with the old one are under way.

TorchServe voids a key the moment it makes another, so requests that are on their way are refused.
They are kept until the process that started the run gives the current key, and sent again with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from tsmon.load.run.lane import Lane
    from tsmon.load.run.requests import ReadyRequest


class RefusedRequest(Struct, frozen=True):
    """A request that was refused for its key, and the answer that said so."""

    lane: Lane
    request: ReadyRequest
    sent_at: float
    """By which it is seen whether the lane has given it up since."""
    status: int
    body: bytes

    @property
    def given_up(self) -> bool:
        """Whether the lane waits for its answer no longer."""
        return self.lane.request is not self.request or self.lane.sent_at != self.sent_at


class KeyChange(Struct):
    """The key in use, and what waits for another."""

    authorization: str
    settled: bool = False
    """Whether there is no other key than the one in use, although it was refused."""
    waiting: list[RefusedRequest] = field(default_factory=list)

    def decide(self, authorization: str) -> list[RefusedRequest]:
        """Take the key there is now; gives the requests that waited for it."""
        self.settled = authorization == self.authorization
        self.authorization = authorization
        waiting, self.waiting = self.waiting, []
        return waiting
