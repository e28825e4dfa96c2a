"""Answers, batches and comparisons as rows of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsmon.load.answers import Answer


def answer_status(answer: Answer) -> str:
    """How a request ended, in a word or two."""
    return answer.failure or ("failed" if answer.error else "ok")
