from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from pipeline.replay.source import Source
from pipeline.replay.tables import MappingError


def line(second: int, **more: object) -> bytes:
    return json.dumps(
        {"time": f"2026-03-02T10:{second // 60:02}:{second % 60:02}Z", **more}
    ).encode()


def written(folder: Path, *lines: bytes, name: str = "events.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"\n".join(lines))
    return path


def numbers(path: Path, start: int = 0) -> list[int]:
    with Source.open(path) as source:
        return [each.number for each in source.lines(start)]


def test_a_file_in_order_is_read_as_it_stands(tmp_path: Path):
    assert numbers(written(tmp_path, *(line(10 * n) for n in range(5)))) == [1, 2, 3, 4, 5]


def test_small_disorder_is_left_as_it_is(tmp_path: Path):
    assert numbers(written(tmp_path, line(60), line(0), line(90), line(30))) == [1, 2, 3, 4]


def test_a_file_in_disorder_is_read_in_order_of_time(tmp_path: Path):
    assert numbers(written(tmp_path, line(600), line(0), line(300), line(300))) == [2, 3, 4, 1]


def test_reading_begins_where_it_is_told(tmp_path: Path):
    path = written(tmp_path, line(600), line(0), line(300))
    assert numbers(path, start=1) == [3, 1]


@pytest.mark.parametrize("bad", [b"", b"{", b"\xff\xfe", b'{"time": 5}', b"[" * 100_000, b"{}"])
def test_a_line_without_a_readable_time_keeps_its_place(tmp_path: Path, bad: bytes):
    path = written(tmp_path, line(0), bad, line(600), bad, line(300))
    assert numbers(path) == [1, 2, 5, 3, 4]


def test_a_packed_file_reads_like_a_plain_one(tmp_path: Path):
    plain = written(tmp_path, line(600), line(0))
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert numbers(packed) == numbers(plain)


@pytest.mark.parametrize("kept", [40, -1])
def test_a_damaged_packed_file_is_an_error_of_reading(tmp_path: Path, kept: int):
    packed = gzip.compress(b"\n".join(line(n) for n in range(100)))
    path = written(tmp_path, packed[:kept])
    with pytest.raises(OSError, match="damaged"):
        numbers(path)


def test_an_empty_file_has_no_lines(tmp_path: Path):
    assert numbers(written(tmp_path)) == []


def test_a_line_of_a_table_has_its_number_in_the_table(tmp_path: Path):
    path = written(tmp_path, b"at,n", b"2026-03-02T10:00:00Z,1", b"2026-03-02T10:01:00Z,2")
    with Source.open(path, {"time": "at", "runs.started": "n"}) as source:
        rows = {each.number: json.loads(each.raw) for each in source.lines() if each.raw}
    assert {number: row["data"]["runs"]["started"] for number, row in rows.items()} == {2: 1, 3: 2}


@pytest.mark.parametrize("table", [b"at,n\n\xff\xfe,1", b"at,n\n" + b"x" * 200_000 + b",1"])
def test_what_is_no_table_says_so(tmp_path: Path, table: bytes):
    path = written(tmp_path, table)
    with pytest.raises(MappingError), Source.open(path, {"time": "at"}):
        pass


def test_a_changed_file_is_told_from_the_one_it_was(tmp_path: Path):
    found = set()
    for content in (line(1), line(2), line(1) + b"\n", line(1) + b"\n" + line(1)):
        with Source.open(written(tmp_path, content)) as source:
            found.add(source.fingerprint)
    assert len(found) == 4
