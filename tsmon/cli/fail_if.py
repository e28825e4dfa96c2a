"""`--fail-if CONDITION`: a run that judges itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

from tsmon.cli.outcome import fail
from tsmon.cli.output import complain
from tsmon.conditions import OF_RUN, BadCondition, Condition, Measure, parse_condition
from tsmon.load.judging import ERRORS, OF_MEASUREMENT, Judgement

F = TypeVar("F", bound=Callable[..., Any])


def _option(known: Mapping[str, Measure]) -> Callable[[F], F]:
    def read(
        _ctx: click.Context, _option: click.Parameter, texts: tuple[str, ...]
    ) -> tuple[Condition, ...]:
        try:
            return tuple(parse_condition(text, known) for text in texts)
        except BadCondition as error:
            raise click.BadParameter(f"{error}; {error.hint}") from None

    return click.option(
        "--fail-if",
        "conditions",
        metavar="CONDITION",
        multiple=True,
        callback=read,
        help="Exit with 1 where this holds, such as 'p95>50ms' or 'errors>1%'; repeatable. With a "
        f"condition on errors, it alone decides on them. Of {', '.join(known)}.",
    )


fail_if_option = _option(OF_RUN)
fail_if_setting_option = _option({name: OF_RUN[name] for name in OF_MEASUREMENT})


def decides_on_errors(conditions: Iterable[Condition]) -> bool:
    """Whether a condition says how many requests may fail."""
    return any(condition.quantity == ERRORS for condition in conditions)


def end_by(judgements: Iterable[Judgement]) -> None:
    """End the command where a condition holds, and say which and by what figure."""
    failed = [each for each in judgements if each.failed]
    for each in failed[:-1]:
        complain(f"failed by {each}")
    if failed:
        fail(f"failed by {failed[-1]}")
