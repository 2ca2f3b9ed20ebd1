"""Bad input that reached the log all the same: buried with its reason, and nobody else held up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.engine.emissions import ClosedWindow, DeadLetter
from pipeline.engine.engine import Engine
from pipeline.log.base import EVENT_CONTENT_TYPE, Record
from pipeline.log.batching import BATCH_HEADERS
from pipeline.settings import EngineSettings
from tests.make import MONDAY, heartbeat, run

CORPUS = Path(__file__).parents[2] / "corpus"
INDEX = json.loads((CORPUS / "index.json").read_text())
STRUCTURED = "application/cloudevents+json"
FILES = [name for name, expected in INDEX.items() if expected["content_type"] == STRUCTURED]

HUGE = b'{"id": "' + b"x" * 5_000_000 + b'"}'


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
    letter, closed = (emission for record in records for emission in engine.apply(record))
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
