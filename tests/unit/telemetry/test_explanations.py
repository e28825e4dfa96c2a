"""Reading the page that explains the numbers."""

from __future__ import annotations

from tsmon.telemetry.explanations import Explanation, parse_explanations

PAGE = """# A page

Words before the first section.

## Counters

Two lines of
`one` paragraph.

| number | formula | limits |
|---|---|---|
| queue ms `queue` `QUEUE` | Δ`a` / Δb | |
| `p50` | the median | exact |

After the table.

## Times

| time | from |
|:--|--:|
| queue time `queue` | *arrival* |
"""
EXPLANATIONS = parse_explanations(PAGE)
QUEUE = Explanation("Counters", "queue ms", ("queue", "QUEUE"), (("formula", "Δa / Δb"),))


def test_a_row_is_an_entry_with_its_names_and_what_its_columns_tell() -> None:
    assert EXPLANATIONS.entries == (
        QUEUE,
        Explanation("Counters", "p50", ("p50",), (("formula", "the median"), ("limits", "exact"))),
        Explanation("Times", "queue time", ("queue",), (("from", "arrival"),)),
    )


def test_paragraphs_stay_with_their_section() -> None:
    section = EXPLANATIONS.section("Counters")

    assert section is not None
    assert section.text == "Two lines of one paragraph.\n\nAfter the table."
    assert EXPLANATIONS.section("Nothing") is None


def test_an_entry_is_found_by_its_name_and_by_the_words_on_the_screen() -> None:
    assert EXPLANATIONS.named("Queue MS") == (QUEUE,)
    assert [entry.section for entry in EXPLANATIONS.named("queue")] == ["Counters", "Times"]
    assert EXPLANATIONS.named("nothing") == ()


def test_of_a_word_with_two_meanings_the_first_section_decides() -> None:
    assert EXPLANATIONS.find("queue", ("Counters", "Times")) == QUEUE
    found = EXPLANATIONS.find("queue", ("Times", "Counters"))
    assert found is not None
    assert found.name == "queue time"
    assert EXPLANATIONS.find("p50", ("Times",)) is None


def test_the_nearest_names_are_those_of_a_slip_of_the_fingers() -> None:
    assert EXPLANATIONS.nearest("qeue")[0].casefold() == "queue"
    assert EXPLANATIONS.nearest("xyz") == []
