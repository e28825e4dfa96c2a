"""Typing the beginning of a name goes to its line in a list."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from tsmon.tui.widgets import motion
from tsmon.tui.widgets.motion import Choices

NAMES = ("mnist 1.0", "resnet-50 2.0", "kitten 1.0", "translate_en 1.0", "resnet-18 1.0")


class Listed(App[None]):
    """A list as dialogs have it."""

    def compose(self) -> ComposeResult:
        yield Choices(*NAMES)

    def on_mount(self) -> None:
        self.listed.type_ahead = True
        self.listed.focus()
        self.listed.highlighted = 0

    @property
    def listed(self) -> Choices:
        return self.query_one(Choices)

    @property
    def chosen(self) -> str:
        return NAMES[self.listed.highlighted or 0]


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        ("res", "resnet-50 2.0"),
        ("resnet-1", "resnet-18 1.0"),
        ("RESNET-1", "resnet-18 1.0"),
        ("tk", "translate_en 1.0"),  # of a k that fits nowhere nothing is taken
        ("18", "resnet-18 1.0"),  # inside a word, where none begins so
        ("2.0", "resnet-50 2.0"),
    ],
)
async def test_letters_go_to_the_first_line_with_them(
    keys: str, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(motion, "TYPING_S", 30.0)
    app = Listed()
    async with app.run_test() as pilot:
        await pilot.press(*keys)
        assert app.chosen == chosen


async def test_keys_that_move_still_do_unless_a_word_has_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(motion, "TYPING_S", 30.0)
    app = Listed()
    async with app.run_test() as pilot:
        await pilot.press("j", "j")
        assert app.chosen == "kitten 1.0"
        await pilot.press("t")
        assert app.chosen == "translate_en 1.0"
        await pilot.press("up", "k")
        assert app.chosen == "resnet-50 2.0"


async def test_a_pause_begins_another_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion, "TYPING_S", 0.0)
    app = Listed()
    async with app.run_test() as pilot:
        await pilot.press("r", "m")
        assert app.chosen == "mnist 1.0"


async def test_a_list_without_it_takes_no_letters() -> None:
    app = Listed()
    async with app.run_test() as pilot:
        app.listed.type_ahead = False
        await pilot.press("t")
        assert app.chosen == "mnist 1.0"
