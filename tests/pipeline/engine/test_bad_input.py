"""Bad input that reached the log all the same: buried with its reason, and nobody else held up."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from pipeline.engine.emissions import ClosedWindow, DeadLetter
from pipeline.engine.engine import Engine
from pipeline.log.base import EVENT_CONTENT_TYPE, Record
from pipeline.log.batching import BATCH_HEADERS
from pipeline.settings import EngineSettings
from tests.make import MONDAY, Event, event, heartbeat, run

CORPUS = Path(__file__).parents[2] / "corpus"
INDEX = json.loads((CORPUS / "index.json").read_text())
STRUCTURED = "application/cloudevents+json"
FILES = [name for name, expected in INDEX.items() if expected["content_type"] == STRUCTURED]
READABLE = [name for name in FILES if INDEX[name]["kind"] not in ("json", "depth")]
"""Those that do not end a batch they stand in."""

HUGE = b'{"id": "' + b"x" * 5_000_000 + b'"}'


def queue(by_flow: dict[str, int]) -> Event:
    return event("cogent.queue.snapshot", MONDAY, {"depth": 1, "by_flow": by_flow})


def bury(value: bytes) -> DeadLetter:
    """Apply a bad record between two good events; return its dead letter."""
    engine = Engine(EngineSettings(lateness_seconds=0))
    good = json.dumps([run(MONDAY)]).encode()
    end = json.dumps([run(MONDAY), heartbeat(MONDAY + 60)]).encode()
    records = [
        Record(0, 0, None, good, BATCH_HEADERS),
        Record(0, 1, b"key", value, (("content-type", EVENT_CONTENT_TYPE), ("x", b"\xff"))),
        Record(0, 2, None, end, BATCH_HEADERS),
    ]
    begun = time.perf_counter()
    letter, closed = (emission for record in records for emission in engine.apply(record))
    assert time.perf_counter() - begun < 2
    assert isinstance(closed, ClosedWindow)
    assert closed.windows.volume.tolist() == [2]
    assert isinstance(letter, DeadLetter)
    return letter


@pytest.mark.parametrize("name", FILES)
def test_a_bad_event_is_buried_as_it_came_with_its_reason(name: str) -> None:
    value = (CORPUS / "bad" / name).read_bytes()
    letter = bury(value)
    assert letter.reason == INDEX[name]["kind"]
    assert (letter.offset, letter.key, letter.value) == (1, b"key", value)
    assert dict(letter.headers)["x"] == b"\xff"


def test_five_megabytes_are_buried_too() -> None:
    letter = bury(HUGE)
    assert letter.value == HUGE
    assert len(letter.detail) < 1000


def test_a_batch_within_a_batch_is_buried() -> None:
    assert bury(b"[[]]").reason


@pytest.mark.parametrize("levels", [1_000, 100_000])
@pytest.mark.parametrize("form", ["[{}]", '{{"a":{}}}', "[{}"])
def test_deep_nesting_is_buried(levels: int, form: str) -> None:
    before, after = form.format("|").split("|")
    value = before.encode() * levels + b"1" + after.encode() * levels
    assert bury(value).reason == "depth"


def test_a_count_of_many_digits_is_buried() -> None:
    raw = json.dumps(run(MONDAY, records_in=0)).replace('_in": 0', '_in": ' + "9" * 100_000)
    assert bury(raw.encode()).reason == "range"


def test_a_very_long_name_at_fault_is_not_repeated_at_length() -> None:
    letter = bury(json.dumps(queue({"q" * 1_000_000: -1})).encode())
    assert letter.reason in ("range", "length")
    assert len(letter.detail) < 1000


@pytest.mark.parametrize("name", READABLE)
def test_a_bad_entry_of_a_batch_does_not_hold_up_its_neighbours(name: str) -> None:
    value = (CORPUS / "bad" / name).read_bytes()
    engine = Engine(EngineSettings(lateness_seconds=0))
    entries = [json.dumps(run(MONDAY)).encode(), value, json.dumps(run(MONDAY)).encode()]
    batch = Record(0, 0, None, b"[" + b",".join(entries) + b"]", BATCH_HEADERS)
    (letter,) = engine.apply(batch)
    assert isinstance(letter, DeadLetter)
    assert (letter.entry, letter.reason, letter.value) == (1, INDEX[name]["kind"], value.strip())
    end = json.dumps([heartbeat(MONDAY + 60)]).encode()
    (closed,) = engine.apply(Record(0, 1, None, end, BATCH_HEADERS))
    assert isinstance(closed, ClosedWindow)
    assert closed.windows.volume.tolist() == [2]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{},"tenant":"other"', b"\xff", b"NaN"])
def test_bad_data_in_binary_mode_is_buried(data: bytes) -> None:
    headers = tuple((f"ce_{k}", v.encode()) for k, v in run(MONDAY).items() if k != "data")
    (letter,) = Engine(EngineSettings()).apply(Record(0, 0, None, data, headers))
    assert isinstance(letter, DeadLetter)
    assert letter.value == data
