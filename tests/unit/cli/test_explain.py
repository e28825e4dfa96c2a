"""explain."""

from __future__ import annotations

from tests.unit.cli.conftest import Tsmon


def test_a_number_is_explained_by_the_word_on_the_screen(tsmon: Tsmon) -> None:
    ended = tsmon("explain", "req/s")

    assert ended.code == 0
    assert ended.stdout.startswith("requests per second (From the counters)\n")
    assert "formula  Δts_inference_requests_total / Δt" in ended.stdout


def test_a_word_of_several_sections_is_explained_in_each(tsmon: Tsmon) -> None:
    records = tsmon("explain", "queue", "--json").json

    assert [record["section"] for record in records] == [
        "From the counters",
        "Percentiles",
        "Load runs",
    ]
    assert records[0]["number"] == "queue ms per request"


def test_a_name_of_several_words_needs_no_quotes(tsmon: Tsmon) -> None:
    assert "tries no longer" in tsmon("explain", "given", "up").stdout


def test_without_a_number_all_are_listed(tsmon: Tsmon) -> None:
    names = [record["number"] for record in tsmon("explain", "--json").json]

    assert {"p99", "stuck", "requests waiting"} <= set(names)
    assert all(name in tsmon("explain").stdout for name in names)


def test_a_typo_names_what_was_meant(tsmon: Tsmon) -> None:
    ended = tsmon("explain", "infrence")

    assert (ended.code, ended.stdout) == (2, "")
    assert "there is no number called infrence" in ended.stderr
    assert "did you mean inference" in ended.stderr
