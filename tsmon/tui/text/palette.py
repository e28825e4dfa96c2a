"""The colours of a few roles in every theme: shades of one hue each, chosen by their contrast.

A theme names colours by what they are. Charts need them by what they mean, and as far apart as that
theme's background allows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from textual.color import Color, ColorParseError

from tsmon.tui.text.contrast import LEAST_CONTRAST, contrast


class Hue(StrEnum):
    """What is measured."""

    COMPUTE = "compute"
    """What workers do, and what requests cost there."""
    QUEUE = "queue"
    """What is queued for them."""
    FAILURE = "failure"
    MEMORY = "memory"


class Shades(NamedTuple):
    """Three shades of one hue, by their contrast to the background: p50, p90 and p99."""

    calm: str
    middle: str
    strong: str


STRONGEST = 8.5
"""With more contrast little is left of a hue."""
STRONG_SHARE = 0.85
"""Of the contrast that white or black has on a background, so that a hue is left."""
LEAST_SATURATION, GREY = 0.5, 0.08
_STEPS = 100
_KEYS = ("primary", "success", "warning", "error", "foreground", "background", "surface", "panel")
_WORDS = ("text-primary", "text-success", "text-warning", "text-error")
_TERMINAL_DARK = {
    Hue.COMPUTE: Shades("ansi_blue", "ansi_bright_blue", "ansi_bright_cyan"),
    Hue.QUEUE: Shades("ansi_magenta", "ansi_bright_magenta", "ansi_bright_white"),
    Hue.FAILURE: Shades("ansi_red", "ansi_red", "ansi_bright_red"),
    Hue.MEMORY: Shades("ansi_default", "ansi_default", "ansi_default"),
}
_TERMINAL_LIGHT = {
    Hue.COMPUTE: Shades("ansi_bright_blue", "ansi_blue", "ansi_black"),
    Hue.QUEUE: Shades("ansi_bright_magenta", "ansi_magenta", "ansi_black"),
    Hue.FAILURE: Shades("ansi_bright_red", "ansi_red", "ansi_red"),
    Hue.MEMORY: Shades("ansi_default", "ansi_default", "ansi_default"),
}


def palette_variables(variables: Mapping[str, str], *, dark: bool) -> dict[str, str]:
    """The shades of each hue as variables of the theme, such as `queue-strong`.

    The theme's own colours of words are among them where they have too little contrast.
    """
    named = {
        f"{hue}-{name}": shade
        for hue, shades in palette(variables, dark=dark).items()
        for name, shade in zip(Shades._fields, shades, strict=True)
    }
    return named | _readable(variables, dark=dark)


def palette(variables: Mapping[str, str], *, dark: bool) -> Mapping[Hue, Shades]:
    """The shades of each hue in the theme that has these variables."""
    return _palette(tuple(variables.get(key, "") for key in _KEYS), dark)


def gradient(shades: Shades, steps: int) -> list[str]:
    """So many shades from the calm to the strong one; of a terminal's own colours just those."""
    calm, middle, strong = map(Color.parse, shades)
    if any(color.ansi is not None for color in (calm, middle, strong)):
        return [shades[min(3 * step // steps, 2)] for step in range(steps)]
    last = max(steps - 1, 1)
    return [
        (calm.blend(middle, 2 * at) if at <= 0.5 else middle.blend(strong, 2 * at - 1)).hex
        for at in (step / last for step in range(steps))
    ]


@lru_cache(8)
def _palette(names: tuple[str, ...], dark: bool) -> Mapping[Hue, Shades]:
    try:
        colors = dict(zip(_KEYS, map(Color.parse, names), strict=True))
    except ColorParseError:
        return _TERMINAL_DARK if dark else _TERMINAL_LIGHT
    if any(color.ansi is not None for color in colors.values()):
        return _TERMINAL_DARK if dark else _TERMINAL_LIGHT
    background = colors["background"]

    def shades(hue: float, saturation: float) -> Shades:
        most = contrast(Color.parse("white" if dark else "black"), background)
        strong = min(most * STRONG_SHARE, STRONGEST)
        middle = (LEAST_CONTRAST * strong) ** 0.5
        wanted = (LEAST_CONTRAST, middle, strong)
        return Shades(
            *(_shade(hue, saturation, [background], each, dark=dark).hex for each in wanted)
        )

    compute, failure = colors["primary"].hsl, colors["error"].hsl
    taken = [compute.h, failure.h, colors["success"].hsl.h, colors["warning"].hsl.h]
    queue = max((step / _STEPS for step in range(_STEPS)), key=lambda hue: _distance(hue, taken))
    saturation = max(compute.s, LEAST_SATURATION)
    return {
        Hue.COMPUTE: shades(compute.h, saturation),
        Hue.QUEUE: shades(queue, saturation),
        Hue.FAILURE: shades(failure.h, max(failure.s, LEAST_SATURATION)),
        Hue.MEMORY: shades(compute.h, GREY),
    }


def _readable(variables: Mapping[str, str], *, dark: bool) -> dict[str, str]:
    """The colours of words that cannot be read on one of the theme's backgrounds, as they can."""
    found = {}
    try:
        behind = [Color.parse(variables[key]) for key in ("background", "surface", "panel")]
        words = {key: Color.parse(variables[key]) for key in _WORDS}
    except (KeyError, ColorParseError):
        return {}
    if any(color.ansi is not None for color in (*behind, *words.values())):
        return {}
    for key, color in words.items():
        if min(_least_contrast(color, each) for each in behind) < LEAST_CONTRAST:
            hue, saturation, _ = color.hsl
            found[key] = _shade(hue, saturation, behind, LEAST_CONTRAST, dark=dark).hex
    return found


def _shade(
    hue: float, saturation: float, behind: Sequence[Color], least: float, *, dark: bool
) -> Color:
    """The shade of a hue that is nearest to the background and has at least this contrast to it."""

    def color(step: int) -> Color:
        lightness = step / _STEPS if dark else 1 - step / _STEPS
        return Color.from_hsl(hue, saturation, lightness)

    def is_enough(step: int) -> bool:
        return all(_least_contrast(color(step), other) >= least for other in behind)

    # On the way from the background to white or black the contrast only grows.
    nearest = max(each.hsl.l if dark else 1 - each.hsl.l for each in behind)
    steps = range(int(nearest * _STEPS), _STEPS + 1)
    return color(steps[min(bisect_left(steps, True, key=is_enough), len(steps) - 1)])


def _least_contrast(words: Color, behind: Color) -> float:
    """With colours and in the greys of NO_COLOR, in which blue and violet are far darker."""
    grey = contrast(words.monochrome, behind.monochrome)
    return min(contrast(words, behind), grey)


def _distance(hue: float, others: Iterable[float]) -> float:
    """How far a hue is from the nearest of others, on the circle."""
    return min(min((hue - other) % 1, (other - hue) % 1) for other in others)
