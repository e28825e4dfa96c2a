from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tsmon.serving.errors import BadHome
from tsmon.serving.record import ServerRecord

RECORD = ServerRecord(
    pid=42,
    temp_dir=Path("/tmp/tsmon-1"),
    inference="http://127.0.0.1:8080",
    management="http://127.0.0.1:8081",
    metrics="http://127.0.0.1:8082",
    model_store=Path("/models/mödels"),
    key_file=Path("/home/key_file.json"),
    started_at=1795354028.47,
    version="0.12.0",
    ready=True,
)


@pytest.mark.parametrize("record", [RECORD, replace(RECORD, pid=None, key_file=None, ready=False)])
def test_what_is_saved_is_loaded(tmp_path: Path, record: ServerRecord) -> None:
    record.save(tmp_path / "server.json")

    assert ServerRecord.load(tmp_path / "server.json") == record
    assert [path.name for path in tmp_path.iterdir()] == ["server.json"]


def test_no_record(tmp_path: Path) -> None:
    assert ServerRecord.load(tmp_path / "server.json") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"key_file": null, "temp_dir": 1}'])
def test_what_is_no_record(tmp_path: Path, text: str) -> None:
    path = tmp_path / "server.json"
    path.write_text(text)

    with pytest.raises(BadHome, match="Cannot read") as caught:
        ServerRecord.load(path)

    assert "delete" in caught.value.hint


def test_a_record_with_more_than_we_know(tmp_path: Path) -> None:
    path = tmp_path / "server.json"
    RECORD.save(path)
    path.write_text(path.read_text().replace('"pid"', '"future": 1, "pid"'))

    with pytest.raises(BadHome):
        ServerRecord.load(path)
