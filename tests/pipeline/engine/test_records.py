from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.engine import records
from pipeline.engine.emissions import DeadLetter
from pipeline.engine.records import MAX_ENTRIES, read
from pipeline.log.base import Record
from tests.make import MONDAY, batch, batch_of, run


def entries(record: Record) -> list[tuple[int | None, Any]]:
    (found,) = read([record])
    assert all(each is record for each in found.records)
    return list(zip(found.places, found.events, strict=True))


def test_a_batch_gives_its_events_in_order() -> None:
    events = [run(MONDAY, run_id=str(i)) for i in range(3)]
    found = entries(batch(*events))
    assert [(place, e.data.run_id) for place, e in found] == [(0, "0"), (1, "1"), (2, "2")]


def test_a_bad_entry_does_not_hold_up_its_neighbours() -> None:
    good, bad = run(MONDAY), run(MONDAY, state="flying")
    found = [e for _, e in entries(batch(good, bad, good))]
    assert [isinstance(e, DeadLetter) for e in found] == [False, True, False]
    assert found[1].entry == 1
    assert found[1].reason == "choice"
    assert found[1].detail.startswith("data.state must be")
    assert json.loads(found[1].value) == bad


def test_a_record_that_is_no_batch_at_all_is_buried_whole() -> None:
    record = batch_of(b'{"no": "array"}', offset=7)
    ((place, letter),) = entries(record)
    assert (place, letter.offset, letter.value) == (None, 7, record.value)


def test_a_record_without_value_is_buried() -> None:
    ((_, letter),) = entries(Record(0, 3, b"key", None))
    assert (letter.reason, letter.key) == ("empty", b"key")


def test_a_single_structured_event_is_entries() -> None:
    value = json.dumps(run(MONDAY, run_id="r")).encode()
    headers = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
    ((_, event),) = entries(Record(0, 0, None, value, headers))
    assert event.data.run_id == "r"


def test_an_event_in_binary_mode_is_read_from_headers_and_value() -> None:
    event = run(MONDAY, run_id="r")
    data = json.dumps(event.pop("data")).encode()
    headers = tuple((f"ce_{k}", v.encode()) for k, v in event.items())
    ((_, found),) = entries(
        Record(0, 0, None, data, (("content-type", b"application/json"), *headers))
    )
    assert (found.tenant, found.data.run_id) == ("acme", "r")


def test_data_of_a_binary_event_cannot_overrule_its_attributes() -> None:
    event = run(MONDAY)
    event.pop("data")
    headers = tuple((f"ce_{k}", v.encode()) for k, v in event.items())
    ((_, letter),) = entries(Record(0, 0, None, b'{},"tenant":"other"', headers))
    assert letter.reason == "json"


def test_a_binary_event_that_breaks_its_contract_keeps_bytes_and_headers() -> None:
    headers = (("ce_id", b"1"), ("ce_type", b"cogent.flow.run"), ("other", b"\xff"))
    ((_, letter),) = entries(Record(0, 0, b"k", b"{}", headers))
    assert (letter.value, letter.headers) == (b"{}", headers)


def test_a_batch_of_very_many_entries_with_a_bad_one_is_buried_whole() -> None:
    value = b"[" + b"1," * MAX_ENTRIES + b"1]"
    (entries,) = read([batch_of(value)])
    (letter,) = entries.events
    assert isinstance(letter, DeadLetter)
    assert (entries.places, letter.reason, letter.value) == ([None], "length", value)


def test_records_are_read_a_portion_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [batch(run(MONDAY), run(MONDAY)) for _ in range(5)]
    monkeypatch.setattr(records, "PORTION", 2 * len(some[0].value or b""))
    portions = list(read(some))
    assert [len(portion.events) for portion in portions] == [4, 4, 2]
    assert portions[1].records == [some[2]] * 2 + [some[3]] * 2
