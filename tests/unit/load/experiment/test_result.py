"""What results tell, how they are kept, and how they are written."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from tests.unit.load.experiment.results import STARTED, measurement, result
from tsmon.load.experiment.files import write_result
from tsmon.load.experiment.kept import (
    ResultNotKept,
    keep_result,
    load_results,
    read_result,
    result_record,
    results_folder,
)
from tsmon.load.experiment.plan import Load
from tsmon.load.experiment.result import MeasuredPoint, measured_points, walkthrough_usage
from tsmon.load.experiment.table import ResultColumn, markdown, result_columns, result_csv, rows
from tsmon.torchserve.errors import InvalidArgument

SERVER = "127.0.0.1:8081"


@pytest.mark.parametrize(("workers", "inference", "queue"), [(1, 93.57, 9.70), (4, 88.31, 0.87)])
def test_the_walkthroughs_figures_follow_from_its_counters(
    workers: int, inference: float, queue: float
) -> None:
    usage = walkthrough_usage(Load(), measurement(workers))

    assert usage is not None
    assert usage.inference_ms == pytest.approx(inference, abs=0.005)
    assert usage.queue_ms == pytest.approx(queue, abs=0.005)


@pytest.mark.parametrize(
    ("load", "workers", "batch_size"),
    [
        (Load(), 2, 1),
        (Load(), 1, 8),
        (Load((10, 10)), 1, 1),
        (Load(concurrency=2), 1, 1),
        (Load(duration_s=5), 1, 1),
    ],
)
def test_other_settings_have_no_figure_of_the_walkthrough(
    load: Load, workers: int, batch_size: int
) -> None:
    assert walkthrough_usage(load, measurement(workers, batch_size=batch_size)) is None


def test_service_time_is_the_logs_or_what_the_counters_leave() -> None:
    assert measurement().service_ms == 9.0
    assert measurement(backend_ms=8.5).service_ms == 8.5
    assert measurement(inference_ms=None).service_ms is None


def test_points_of_the_curve_are_those_of_the_model_as_registered() -> None:
    found = result(
        measurement(1),
        measurement(2, batch_size=8),
        measurement(3, errors=1),
        measurement(4, foreign=1),
        measurement(5, inference_ms=None),
        measurement(6, backend_ms=7.0, backend_scv=0.1, memory_bytes=None),
    )

    assert measured_points(found) == [
        MeasuredPoint(1, 9.0, 40.0, 700_000_000),
        MeasuredPoint(6, 7.0, 40.0, None, scv=0.1),
    ]


def test_points_of_batches_are_those_whose_times_are_known() -> None:
    before = replace(result().before, batch_size=8)
    found = result(
        measurement(1, batch_size=8, backend_ms=9.0),
        measurement(2, batch_size=8, backend_ms=9.0, alone_ms=4.0, more_ms=1.0, largest_batch=3),
        before=before,
    )

    assert measured_points(found) == [
        MeasuredPoint(2, 4.0, 40.0, 1_400_000_000, more_ms=1.0, largest_batch=3)
    ]


def test_a_result_survives_its_json() -> None:
    kept = result(measurement(), measurement(2, backend_ms=3.0), load=Load((1, 2), 3))

    assert read_result(json.loads(json.dumps(result_record(kept)))) == kept


@pytest.mark.parametrize("record", [None, [], {}, {"format": 2}, {"format": 1, "load": {}}])
def test_other_json_is_no_result(record: object) -> None:
    with pytest.raises(ValueError, match=r"result|format"):
        read_result(record)


def test_results_of_a_model_are_loaded_the_newest_first(tmp_path: Path) -> None:
    old = result(measurement())
    new = replace(old, started=STARTED + timedelta(hours=1))
    for kept in (
        old,
        new,
        replace(old, model="cifar"),
        replace(old, server="gpu7:8081"),
        replace(old, version="2.0"),
    ):
        keep_result(kept, tmp_path)
    (results_folder(tmp_path) / "broken.json").write_text("{")

    assert load_results(SERVER, "mnist", "1.0", tmp_path) == [new, old]
    assert len(load_results(SERVER, "mnist", home=tmp_path)) == 3
    assert load_results(SERVER, "mnist", home=tmp_path / "elsewhere") == []


def test_a_folder_that_cannot_be_written_to_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "experiments").write_text("a file")
    with pytest.raises(ResultNotKept, match="experiments"):
        keep_result(result(measurement()), tmp_path)


def test_the_table_shows_what_is_needed_and_a_prediction_beside() -> None:
    found = result(measurement(1), measurement(2))
    prediction = ResultColumn("PREDICTED", lambda each: f"{each.workers * 10}")

    chosen = result_columns(found, [prediction])

    assert [column.title for column in chosen] == [
        *("WORKERS", "REQUESTS", "INFER_MS", "QUEUE_MS", "P95_MS", "REQ/S", "MEMORY"),
        *("WALKTHROUGH", "PREDICTED"),
    ]
    assert rows(found, chosen) == [
        ["1", "80", "9.50", "0.50", "12.00", "40.0", "668 MiB", "93.57 + 9.70", "10"],
        ["2", "80", "9.50", "0.50", "12.00", "40.0", "1.3 GiB", "–", "20"],
    ]


def test_varied_batch_sizes_and_failures_get_columns() -> None:
    found = result(measurement(), measurement(batch_size=8, errors=3, inference_ms=None))

    titles = [column.title for column in result_columns(found)]

    assert titles[:5] == ["WORKERS", "BATCH_SIZE", "DELAY_MS", "REQUESTS", "FAILED"]
    assert rows(found, result_columns(found))[1][5] == "–"


def test_markdown_has_table_and_notes() -> None:
    lines = markdown(result(measurement())).splitlines()

    assert lines[0].startswith("mnist 1.0 on 127.0.0.1:8081, 2026-11-22")
    assert lines[2].startswith("| WORKERS | REQUESTS |")
    assert lines[4].startswith("| 1 | 80 | 9.50 |")
    assert "- a note" in lines


def test_csv_has_every_number() -> None:
    (row,) = csv.DictReader(result_csv(result(measurement())).splitlines())

    assert (row["workers"], row["throughput"], row["service_ms"]) == ("1", "40.0", "9.0")
    assert float(row["walkthrough_queue_ms"]) == pytest.approx(9.6974, abs=1e-4)


def test_the_suffix_says_how_a_file_is_written(tmp_path: Path) -> None:
    found = result(measurement(), measurement(4))
    for suffix in (".md", ".csv", ".json", ".svg"):
        write_result(found, tmp_path / f"result{suffix}")

    assert (tmp_path / "result.md").read_text() == markdown(found)
    assert read_result(json.loads((tmp_path / "result.json").read_text())) == found
    assert "4,1,100,80" in (tmp_path / "result.csv").read_text()
    drawn = "".join(ElementTree.parse(tmp_path / "result.svg").getroot().itertext())
    assert "4\xa0workers" in drawn
    with pytest.raises(InvalidArgument, match=r"must end in one of \.md"):
        write_result(found, tmp_path / "result.txt")
    with pytest.raises(ResultNotKept, match="cannot write"):
        write_result(found, tmp_path / "nowhere" / "result.md")
