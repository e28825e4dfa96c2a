"""The text of /metrics, as TorchServe writes it and as it should not be."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake import FakeTorchServe
from tests.fake.counters import sample
from tests.unit.telemetry.scrapes import MNIST, at
from tsmon.telemetry.scrape import (
    INFERENCE_US,
    QUEUE_US,
    REQUESTS,
    Counters,
    MetricsMode,
    Scrape,
    ScrapeReader,
    SeriesKey,
    UnreadableScrape,
    parse_scrape,
)
from tsmon.telemetry.series.layout import read_layout
from tsmon.telemetry.series.published import MOST_LINES

numbers = st.floats(0, 1e15)
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n"\\,{}'),
    min_size=1,
    max_size=20,
)
series = st.dictionaries(
    st.builds(SeriesKey, names, names), st.builds(Counters, numbers, numbers, numbers), max_size=5
)


@given(series)
def test_every_series_is_read_with_its_sums(series: dict[SeriesKey, Counters]) -> None:
    assert _parse(_text(series)).series == series


@given(st.lists(series, min_size=2, max_size=4), st.booleans())
def test_a_reader_that_knows_the_scrape_before_reads_the_next_alike(
    scrapes: list[dict[SeriesKey, Counters]], from_several_hosts: bool
) -> None:
    reader = ScrapeReader()
    # The same series with other numbers, and none twice, as a server goes on.
    scrapes += [{key: counters + counters for key, counters in scrapes[-1].items()}]
    for each in scrapes:
        text = _text(each)
        text += text.replace('"vm"', '"other"') if from_several_hosts else "MemoryUsed 1.0\n"
        assert reader.read(text, at(0)) == _parse(text)


def test_what_was_read_before_stays_as_it_was() -> None:
    reader = ScrapeReader()
    before = reader.read(_text({MNIST: Counters(3, 2000, 100)}), at(0))
    reader.read(_text({MNIST: Counters(4, 3000, 200)}), at(1))
    assert before.series == {MNIST: Counters(3, 2000, 100)}


@pytest.mark.parametrize("line", ["a{} 1 1700000000000", "a{b = 'c'} 1", ' a{b="c"}  1 ', "a 1"])
def test_lines_that_no_number_alone_changes_are_read_each_time(line: str) -> None:
    reader = ScrapeReader()
    text = _text({MNIST: Counters(3, 2000, 100)})
    for number in ("1", "2", "NaN"):
        changed = f"# TYPE a gauge\n{line.replace('1', number, 1)}\n{text}"
        assert reader.read(changed, at(0)) == _parse(changed)


@pytest.mark.parametrize("number", ["1.0E7", "10000000.0", "1e+07"])
def test_a_series_is_called_alike_however_its_number_is_written(number: str) -> None:
    line = r'a{b="\"",c="d",}'
    assert _parse(f"{line} {number}\n").published.layout == f"{line}\n"


@given(st.text() | st.text('ts_inference_requests_total{}"=,#HELPTYPE counter.0123456789\n\\ '))
def test_any_other_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UnreadableScrape):
        _parse(text)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "-1.0", "9" * 400])
def test_value_no_counter_can_have_costs_its_own_series_alone(value: str) -> None:
    other = SeriesKey("other", "1.0")
    text = _text({MNIST: Counters(3, 2000, 100), other: Counters(1, 10, 1)})
    scrape = _parse(text.replace(" 2000.0", f" {value}"))
    assert (scrape.series, scrape.lost_lines) == ({other: Counters(1, 10, 1)}, 1)


@pytest.mark.parametrize(
    "line", ["ts_inference_requests_total{model_name=", "{{{", "x y z", "# TYPE a", "\x1b[2J"]
)
def test_line_that_cannot_be_read_is_counted_and_costs_no_other(line: str) -> None:
    text = _text({MNIST: Counters(3, 2000, 100)})
    lines = text.splitlines()
    for place in range(len(lines)):
        scrape = _parse("\n".join([*lines[:place], line, *lines[place:]]))
        assert scrape.series == {MNIST: Counters(3, 2000, 100)}
        assert scrape.lost_lines in {0, 1}  # an unfinished comment is none to some parsers


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1.0"])
def test_a_gauge_may_have_any_value(value: str) -> None:
    text = FakeTorchServe().counters.text("prometheus").replace("2216.953125", value)
    assert str(_value(text, "MemoryUsed")) == str(float(value))


def test_what_is_no_metric_is_quoted_in_one_short_line() -> None:
    for text in ("x" * 1_000_000, "\x1b[31m\x00 <html>\nno\nmetrics</html>"):
        with pytest.raises(UnreadableScrape) as refused:
            _parse(text)
        assert len(str(refused.value)) < 150
        assert str(refused.value).isprintable()


def test_series_of_several_hosts_are_added_up() -> None:
    text = _text({MNIST: Counters(3, 2000, 100)})
    assert _parse(text + text.replace('"vm"', '"other"')).series == {MNIST: Counters(6, 4000, 200)}


def test_request_without_a_latency_yet_has_counted_only() -> None:
    server = FakeTorchServe()
    server.arrive("mnist", "1.0", n=2)
    text = server.counters.text("prometheus")
    assert _parse(text).series == {SeriesKey("mnist", "1.0"): Counters(requests=2)}


def test_gauges_of_the_host_are_read_by_name() -> None:
    text = FakeTorchServe().counters.text("prometheus")
    assert _value(text, "MemoryUsed") == 2216.953125
    published = _parse(text).published
    assert published.lines_of("GPUUtilization") == []  # declared without a sample
    assert "GPUUtilization" in read_layout(published.layout).families


def test_two_devices_are_two_series() -> None:
    text = "# TYPE GPUUtilization gauge\n" + "".join(
        f'GPUUtilization{{Level="Host",DeviceId="{device}",Hostname="h",}} {use}\n'
        for device, use in ((0, 10.0), (1, 90.0))
    )
    reader = ScrapeReader()
    reader.read(text, at(0))
    published = reader.read(text.replace("90.0", "95.0"), at(1)).published
    found = [published.value(line) for line in published.lines_of("GPUUtilization")]
    assert found == [10.0, 95.0]


def test_more_lines_than_are_kept_are_counted() -> None:
    text = "".join(f'a{{n="{n}"}} {n}\n' for n in range(MOST_LINES + 5))
    published = _parse(text).published
    assert len(published.values()) == MOST_LINES
    assert published.left_out == 6  # the empty one behind the last line break as well


def _value(text: str, name: str) -> float:
    published = _parse(text).published
    (line,) = published.lines_of(name)
    return published.value(line)


@pytest.mark.parametrize("mode", MetricsMode)
def test_mode_is_told_by_what_is_declared_before_any_sample(mode: MetricsMode) -> None:
    assert _parse(FakeTorchServe().counters.text(mode)).mode is mode


def test_another_address_than_that_of_the_metrics_is_suspected() -> None:
    with pytest.raises(UnreadableScrape) as error:
        _parse("<!doctype html>\n<html>")
    assert "metrics address" in error.value.hint


def _parse(text: str) -> Scrape:
    return parse_scrape(text, at(0))


def _text(series: dict[SeriesKey, Counters]) -> str:
    """Exposition text in TorchServe's dialect."""
    lines = []
    for name, field in (
        (REQUESTS, "requests"),
        (INFERENCE_US, "inference_us"),
        (QUEUE_US, "queue_us"),
    ):
        lines += [f"# HELP {name} Torchserve prometheus counter metric", f"# TYPE {name} counter"]
        for key, counters in series.items():
            labels = {"model_name": key.model, "model_version": key.version, "hostname": "vm"}
            lines.append(sample(name, labels, getattr(counters, field)))
    return "\n".join(lines) + "\n"
