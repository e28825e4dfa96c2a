"""The colours of the charts in every theme that can be chosen."""

from __future__ import annotations

from itertools import pairwise

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.text.contrast import LEAST_CONTRAST, contrast
from tsmon.tui.text.palette import Hue, Shades, gradient, palette, palette_variables
from tsmon.tui.text.symbols import Symbols, TimedValue
from tsmon.tui.text.tones import Tone
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.time_axis import TimeSpan

COLOURED = sorted(name for name in BUILTIN_THEMES if not name.startswith("ansi-"))
"""The others have the colours of the terminal, which nobody knows here."""
LEAST_APART = {False: 1.3, True: 1.2}
"""By so much more contrast one shade is told from another, in colour and in grey."""
HUES_APART = 40 / 360


def variables(theme: str) -> dict[str, str]:
    """The theme's own."""
    return BUILTIN_THEMES[theme].to_color_system().generate()


def shades(theme: str) -> dict[Hue, Shades]:
    return dict(palette(variables(theme), dark=BUILTIN_THEMES[theme].dark))


@pytest.mark.parametrize("in_grey", [False, True])
@pytest.mark.parametrize("theme", COLOURED)
def test_each_shade_is_told_from_the_background_and_from_the_one_before(
    theme: str, in_grey: bool
) -> None:
    """Also with NO_COLOR, which makes all of them grey."""

    def seen(name: str) -> Color:
        return Color.parse(name).monochrome if in_grey else Color.parse(name)

    background = seen(variables(theme)["background"])
    for each in shades(theme).values():
        contrasts = [contrast(seen(shade), background) for shade in each]
        assert contrasts[0] >= LEAST_CONTRAST
        apart = LEAST_APART[in_grey]
        assert all(later >= apart * earlier for earlier, later in pairwise(contrasts))


@pytest.mark.parametrize("theme", COLOURED)
def test_queue_and_compute_are_two_hues_and_neither_is_a_verdict(theme: str) -> None:
    found = shades(theme)
    queue = Color.parse(found[Hue.QUEUE].middle).hsl.h
    others = [Color.parse(found[Hue.COMPUTE].middle)]
    others += [Color.parse(variables(theme)[role]) for role in ("success", "warning", "error")]
    for other in others:
        apart = abs(queue - other.hsl.h)
        assert min(apart, 1 - apart) >= HUES_APART


@pytest.mark.parametrize("theme", COLOURED)
def test_the_words_of_every_role_can_be_read_on_every_background(theme: str) -> None:
    own = variables(theme)
    all_of_them = own | palette_variables(own, dark=BUILTIN_THEMES[theme].dark)
    behind = [Color.parse(own[name]) for name in ("background", "surface", "panel")]
    for role in (Tone.GOOD, Tone.WARNING, Tone.BAD, Tone.ACCENT):
        words = Color.parse(all_of_them[role])
        assert min(contrast(words, each) for each in behind) >= LEAST_CONTRAST, role


@pytest.mark.parametrize("theme", sorted(BUILTIN_THEMES))
def test_every_tone_is_a_colour_of_every_theme(theme: str) -> None:
    own = variables(theme)
    all_of_them = own | palette_variables(own, dark=BUILTIN_THEMES[theme].dark)
    for tone in set(Tone) - {Tone.PLAIN, Tone.MUTED}:
        Color.parse(all_of_them[tone])


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
def test_a_terminal_of_16_colours_has_only_those(theme: str) -> None:
    for each in shades(theme).values():
        assert all(Color.parse(shade).ansi is not None for shade in gradient(each, 7))


@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_a_gradient_goes_from_calm_to_strong(steps: int) -> None:
    each = shades("textual-dark")[Hue.COMPUTE]
    found = [Color.parse(shade) for shade in gradient(each, steps)]
    assert len(found) == steps
    assert found[0] == Color.parse(each.calm)
    assert steps == 1 or found[-1] == Color.parse(each.strong)
    behind = Color.parse("black")
    assert all(contrast(b, behind) > contrast(a, behind) for a, b in pairwise(found))


async def test_a_chart_is_stronger_higher_up_and_its_band_further_out() -> None:
    class Paper(App[int]):
        def compose(self) -> ComposeResult:
            yield Chart()

    app = Paper()
    async with app.run_test(size=(28, 6)) as pilot:
        chart = app.query_one(Chart)
        chart.symbols = Symbols.BLOCK
        each = palette(app.theme_variables, dark=True)[Hue.COMPUTE]
        ages = range(119, 0, -1)
        chart.plot([TimedValue(age, 6.0) for age in ages], TimeSpan(120), 3)
        await pilot.pause()
        rows = [style_at(chart, y) for y in range(6)]
        assert len(set(rows)) == len(rows)
        assert rows[-1].color == Color.parse(each.calm).rich_color
        chart.plot([TimedValue(age, 2.0, (4.0, 6.0)) for age in ages], TimeSpan(120), 3)
        await pilot.pause()
        colours = [style_at(chart, y).color for y in (5, 3, 1)]
        assert colours == [Color.parse(shade).rich_color for shade in each]


def style_at(chart: Chart, y: int) -> Style:
    """The style of the middle of a line."""
    (segment,) = list(chart.render_line(y).crop(17, 18))
    assert segment.style is not None
    return segment.style


async def test_the_heading_of_a_chart_has_the_shades_of_its_percentiles(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1")
        chart = seat.find(Chart, "#inference-chart")
        chart.plot([], TimeSpan(120), 3, heading=[("p50", Tone.P50), ("p99", Tone.P99)])
        each = palette(seat.app.theme_variables, dark=True)[Hue.COMPUTE]
        strips = list(chart.render_line(0))
        colours = [segment.style.color for segment in strips[:2] if segment.style]
        expected = [Color.parse(shade).rich_color for shade in (each.calm, each.strong)]
        assert colours == expected
