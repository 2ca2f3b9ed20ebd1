from __future__ import annotations

import json
from typing import Any

import pytest

from schemas import structs
from schemas.decode import decode_batch, decode_event, split_batch
from schemas.errors import ContractError, MalformedError
from schemas.events import DATA_BY_TYPE

HEARTBEAT = "cogent.collector.heartbeat"


def raw(document: Any) -> bytes:
    return json.dumps(document).encode()


def refusal(decode: Any, document: bytes) -> ContractError:
    with pytest.raises(ContractError) as caught:
        decode(document)
    return caught.value


@pytest.mark.parametrize("type_", DATA_BY_TYPE)
def test_an_event_knows_its_type_and_holds_the_data_of_that_type(type_: str, examples):
    event = decode_event(raw(examples[type_]))
    assert event.type == type_
    assert type(event.data) is getattr(structs, DATA_BY_TYPE[type_].__name__)


def test_a_structs_name_in_python_is_not_its_name_in_json(examples):
    event = examples["cogent.flow.window"]
    assert decode_event(raw(event)).data.records.in_ == 40
    event["data"]["records"] = {"in_": 40}
    assert decode_event(raw(event)).data.records.in_ is None


def test_a_batch_keeps_its_order(examples):
    batch = [examples[type_] for type_ in DATA_BY_TYPE]
    assert [event.type for event in decode_batch(raw(batch))] == list(DATA_BY_TYPE)


def test_a_fault_in_a_batch_names_the_entry(examples):
    good = examples[HEARTBEAT]
    error = refusal(decode_batch, raw([good, good, good, {**good, "time": 5}]))
    assert (error.field, error.kind) == ("[3].time", "instant")


def test_a_batch_with_a_bad_entry_can_be_taken_apart(examples):
    good = raw(examples[HEARTBEAT])
    entries = split_batch(b'[%b, {}, %b, "\xff", 7]' % (good, good))
    assert entries == [good, b"{}", good, b'"\xff"', b"7"]
    assert decode_event(entries[2]).type == HEARTBEAT


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"", "json"),
        (b"[", "json"),
        (b'{"a": 1', "json"),
        (b"[1] 2", "json"),
        (b"{}", "type"),
        (b"[" * 100_000, "depth"),
        (b"[" * 300 + b"]" * 300, "depth"),
    ],
)
def test_what_is_no_batch_cannot_be_taken_apart(document: bytes, kind: str):
    assert refusal(split_batch, document).kind == kind
    assert refusal(decode_batch, document).kind == kind


def test_every_fault_of_an_event_is_found(examples):
    event = examples["cogent.flow.run"]
    event["data"] |= {"state": "done", "records_in": -1, "flow_id": ""}
    error = refusal(decode_event, raw(event))
    faults = [(fault.field, fault.kind) for fault in (error, *error.others)]
    assert faults == [
        ("data.flow_id", "length"),
        ("data.state", "choice"),
        ("data.records_in", "range"),
    ]


def test_a_refusal_does_not_repeat_the_value(examples):
    event = examples["cogent.flow.run"]
    event["data"]["state"] = event["tenant"] = event["time"] = "s3cret" * 50
    error = refusal(decode_event, raw(event))
    assert not any("s3cret" in str(fault) for fault in (error, *error.others))
    event["type"] = "s3cret"
    assert "s3cret" not in str(refusal(decode_event, raw(event)))


def test_an_unknown_type_is_refused_with_the_known_ones(examples):
    error = refusal(decode_event, raw({**examples[HEARTBEAT], "type": "cogent.flow.step"}))
    assert (error.field, error.kind) == ("type", "unknown_type")
    assert HEARTBEAT in error.reason


def test_the_last_value_of_a_repeated_key_counts(examples):
    event = raw(examples[HEARTBEAT]).replace(b'"errors": 0', b'"errors": 5, "errors": 7')
    assert decode_event(event).data.errors == 7


def test_every_value_of_a_repeated_key_must_hold_the_contract(examples):
    event = raw(examples[HEARTBEAT]).replace(b'"errors": 0', b'"errors": -5, "errors": 7')
    assert refusal(decode_event, event).kind == "duplicate"


def test_deep_nesting_is_refused_without_recursion(examples):
    event = raw(examples[HEARTBEAT])[:-1] + b', "extra": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    error = refusal(decode_event, event)
    assert isinstance(error, MalformedError)
    assert error.kind == "depth"


def test_the_depth_limit_is_the_same_alone_and_in_a_batch(examples):
    open_ended = raw(examples[HEARTBEAT])[:-1] + b', "extra": '
    deepest = open_ended + b"[" * 31 + b"]" * 31 + b"}"
    deeper = open_ended + b"[" * 32 + b"]" * 32 + b"}"
    assert decode_batch(b"[%b]" % deepest) == [decode_event(deepest)]
    assert refusal(decode_event, deeper).kind == "depth"
    assert refusal(decode_batch, b"[%b]" % deeper).kind == "depth"
