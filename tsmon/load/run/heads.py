"""Answers whose heads are alike, most of which therefore need no parser.

A server that answers the same kind of request again and again sends the same head again and again,
but for the id of the request. What the parser found out about the first holds for the others.
"""

from __future__ import annotations

_END = b"\r\n\r\n"
_ID = b"\r\nx-request-id: "
MOST = 256
"""Heads that are kept, one for each length of an answer."""


class KnownHeads:
    """Heads of answers that came in one piece, said their length and left the connection open."""

    def __init__(self) -> None:
        self._heads: dict[int, tuple[bytes, bytes, int, int]] = {}
        """By the length of the answer: the head up to the id, what follows it and from where on,
        and the head's size."""

    def body_in(self, data: bytes) -> bytes | None:
        """The body of a whole answer with a known head; None for anything else."""
        head = self._heads.get(len(data))
        if head is None:
            return None
        before_id, after_id, id_end, size = head
        if data.startswith(before_id) and data.startswith(after_id, id_end):
            return data[size:]
        return None

    def learn(self, data: bytes, body: bytes) -> None:
        """Know the head of an answer from now on, if it is one of the kind.

        The answer must have been parsed: a 200 with this body that leaves the connection open.
        """
        size = data.find(_END) + len(_END)
        if data[size:] != body or len(self._heads) >= MOST:
            return
        before, header, rest = data[:size].partition(_ID)
        after_id = rest[rest.find(b"\r") :] if header else b""
        self._heads[len(data)] = (before + header, after_id, size - len(after_id), size)
