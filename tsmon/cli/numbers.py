"""Whole numbers separated by commas, as an option takes them."""

from __future__ import annotations

from typing import Any

import click


class Numbers(click.ParamType[tuple[int, ...]]):
    """`1,2,4` as a tuple."""

    name = "numbers"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What stands behind the option in its help."""
        return "N,N,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read the numbers; what is none is wrong usage."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is no list of whole numbers such as 1,2,4", param, ctx)


NUMBERS = Numbers()
