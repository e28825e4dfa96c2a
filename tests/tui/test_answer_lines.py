"""The lines of answers: the newest in sight, unless somebody reads older ones."""

from __future__ import annotations

from pathlib import Path

from textual.app import App, ComposeResult

from tsmon.digits.images import DigitImage
from tsmon.load.answers import Answer
from tsmon.tui.widgets.answer_lines import LONGEST, AnswerLines


class Reader(App[int]):
    """Nothing but the lines."""

    def compose(self) -> ComposeResult:
        yield AnswerLines()


def _answer(number: int) -> Answer:
    return Answer(DigitImage(Path(f"{number}.7.png"), "7"), "7", 0.99, 5.0)


def _in_sight(lines: AnswerLines) -> list[str]:
    return [lines.render_line(y).text.split()[-1] for y in range(lines.size.height)]


async def test_the_newest_answer_is_in_sight_until_somebody_scrolls_back() -> None:
    app = Reader()
    async with app.run_test(size=(60, 4)):
        lines = app.query_one(AnswerLines)
        for number in range(10):
            lines.add(_answer(number))
        assert _in_sight(lines) == ["6.7.png", "7.7.png", "8.7.png", "9.7.png"]

        lines.scroll_to(y=2, animate=False, force=True, immediate=True)
        lines.add(_answer(10))
        assert _in_sight(lines)[0] == "2.7.png"

        lines.scroll_end(animate=False, force=True, immediate=True)
        lines.add(_answer(11))
        assert _in_sight(lines)[-1] == "11.7.png"


async def test_only_so_many_answers_are_kept() -> None:
    app = Reader()
    async with app.run_test(size=(60, 4)):
        lines = app.query_one(AnswerLines)
        lines.show(_answer(number) for number in range(LONGEST + 5))
        lines.add(_answer(LONGEST + 5))

        assert lines.virtual_size.height == LONGEST
        assert _in_sight(lines)[-1] == f"{LONGEST + 5}.7.png"
