"""The canvas: strokes stay inside it, and whatever was done can be undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.digits.canvas import UNDO_MOST, Brush, Canvas, Pen

anywhere = st.floats(-50, 80)
points = st.tuples(anywhere, anywhere)
pens = st.builds(Pen, st.sampled_from(Brush), st.booleans())
strokes = st.tuples(pens, st.lists(points, min_size=1, max_size=4))


def draw(canvas: Canvas, stroke: tuple[Pen, list[tuple[float, float]]]) -> None:
    pen, (first, *rest) = stroke
    canvas.press(first, pen)
    for point in rest:
        canvas.drag(point)
    canvas.lift()


@given(st.lists(strokes, max_size=6))
def test_undoing_everything_leads_back_through_every_picture(
    done: list[tuple[Pen, list[tuple[float, float]]]],
) -> None:
    canvas = Canvas()
    pictures = [canvas.pixels]
    for stroke in done:
        draw(canvas, stroke)
        pictures.append(canvas.pixels)
    for picture in reversed(pictures[:-1]):
        canvas.undo()
        assert canvas.pixels == picture
    assert canvas.is_blank
    assert not canvas.can_undo
    for picture in pictures[1:]:
        canvas.redo()
        assert canvas.pixels == picture
    assert not canvas.can_redo


@given(strokes)
def test_ink_only_adds_and_the_eraser_only_takes(
    stroke: tuple[Pen, list[tuple[float, float]]],
) -> None:
    canvas = Canvas()
    draw(canvas, (Pen(Brush.HUGE), [(5, 5), (22, 22)]))
    before = canvas.pixels.pixels
    draw(canvas, stroke)
    pairs = list(zip(before, canvas.pixels.pixels, strict=True))
    assert all(new <= old if stroke[0].erases else new >= old for old, new in pairs)


@given(pens, points, points)
def test_a_stroke_reaches_no_further_than_its_brush(
    pen: Pen, start: tuple[float, float], end: tuple[float, float]
) -> None:
    canvas = Canvas()
    draw(canvas, (Pen(pen.brush), [start, end]))
    reach = pen.brush.value + 0.5
    pixels = canvas.pixels
    for y in range(28):
        for x in range(28):
            if pixels.at(x, y):
                assert min(start[0], end[0]) - reach <= x + 0.5 <= max(start[0], end[0]) + reach
                assert min(start[1], end[1]) - reach <= y + 0.5 <= max(start[1], end[1]) + reach


def test_a_fast_line_has_no_gaps_and_soft_edges() -> None:
    canvas = Canvas()
    draw(canvas, (Pen(), [(2.5, 14.5), (25.5, 14.5)]))
    pixels = canvas.pixels
    assert all(pixels.at(x, 14) == 255 for x in range(3, 25))
    assert all(0 < pixels.at(x, 13) < 255 for x in range(3, 25))
    assert not any(pixels.at(x, 11) for x in range(28))


def test_something_new_ends_what_could_be_had_again() -> None:
    canvas = Canvas()
    draw(canvas, (Pen(), [(5, 5)]))
    canvas.undo()
    draw(canvas, (Pen(), [(20, 20)]))
    drawn = canvas.pixels
    canvas.redo()
    assert canvas.pixels == drawn


def test_clearing_is_undone_too_and_a_blank_canvas_stays_as_it_is() -> None:
    canvas = Canvas()
    canvas.clear()
    assert not canvas.can_undo
    draw(canvas, (Pen(), [(5, 5)]))
    drawn = canvas.pixels
    canvas.clear()
    assert canvas.is_blank
    canvas.undo()
    assert canvas.pixels == drawn


@pytest.mark.parametrize("move", [Canvas.undo, Canvas.redo, Canvas.lift])
def test_a_lifted_pen_draws_nothing(move: Callable[[Canvas], None]) -> None:
    canvas = Canvas()
    canvas.press((5, 5), Pen())
    move(canvas)
    now = canvas.pixels
    canvas.drag((20, 20))
    assert canvas.pixels == now


def test_what_is_remembered_is_bounded() -> None:
    canvas = Canvas()
    for _ in range(UNDO_MOST + 5):
        draw(canvas, (Pen(), [(5, 5)]))
    steps = 0
    while canvas.can_undo:
        canvas.undo()
        steps += 1
    assert steps == UNDO_MOST


def test_brushes_have_an_end_on_both_sides() -> None:
    assert Brush.FINE.smaller is Brush.FINE
    assert Brush.HUGE.larger is Brush.HUGE
    assert Brush.FINE.larger.smaller is Brush.FINE
    assert Brush.MEDIUM.word == "medium"
