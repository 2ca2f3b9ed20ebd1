from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.engine.emissions import DeadLetter, Emission, FlowKey
from pipeline.log.base import BATCH_CONTENT_TYPE, EVENT_CONTENT_TYPE, Output
from pipeline.outputs.encode import MAX_DETAIL, MAX_RECORD_BYTES, encode, significant
from schemas.alerts import Alert
from schemas.cloudevents import Envelope
from schemas.signals import Signal
from tests.pipeline.outputs.make import NAN, START, alert, closed, flows

LETTER = DeadLetter(41, 3, "not-json", "line 1, column 2", b"acme:orders", b"{\xff", (("a", b"b"),))


def encoded(*emissions: Emission) -> list[Output]:
    return encode(emissions, topic="patchworks.events.v1", partition=7)


def signals(*emissions: Emission) -> list[dict[str, Any]]:
    """Every event of every record."""
    return [event for output in encoded(*emissions) for event in json.loads(output.value or b"")]


def test_a_closed_window_is_one_record_holding_a_batch_of_events() -> None:
    [output] = encoded(closed(flows(3), {"volume": {}, "errors": {}}))
    assert output.topic == "signals"
    assert output.headers == (("content-type", BATCH_CONTENT_TYPE),)
    assert len(json.loads(output.value or b"")) == 6


def test_each_signal_keeps_both_contracts() -> None:
    window = closed(
        flows(40),
        {
            "volume": {"score": np.linspace(0, 3, 40), "observed": np.geomspace(1e-9, 1e12, 40)},
            "latency": {"observed": NAN, "expected": NAN, "lower": NAN, "score": 1.5},
            "failure": {"observed": 1 / 3, "upper": np.inf, "score": np.inf},
        },
        learning=np.arange(40) < 5,
    )
    events = signals(window)
    assert len(events) == 120
    for event in events:
        Envelope.model_validate_json(json.dumps(event))
        signal = Signal.model_validate_json(json.dumps(event["data"]))
        assert set(event["data"]) == set(Signal.model_fields) - {"metric"}
        assert (event["tenant"], event["time"]) == (signal.tenant, event["data"]["window_start"])


def test_only_what_a_change_can_move_relearns() -> None:
    window = closed(flows(2), {"volume": {"score": [0, 2]}, "errors": {}}, relearning=True)
    found = [(e["data"]["signal"], e["data"]["status"]) for e in signals(window)]
    assert found == [
        ("volume", "relearning"),
        ("volume", "anomalous"),
        ("errors", "normal"),
        ("errors", "normal"),
    ]


def test_a_signal_says_what_the_verdict_says() -> None:
    columns = {"observed": 3, "expected": 160.25, "lower": 120, "upper": NAN, "score": 1.875}
    [event] = signals(closed([FlowKey("acme", "orders")], {"volume": {**columns, "span": 15}}))
    assert event == {
        "specversion": "1.0",
        "id": f"sig:acme:orders:volume:{START}",
        "source": "cogentai",
        "type": "cogent.signal",
        "time": "2026-03-02T10:00:00Z",
        "tenant": "acme",
        "data": {
            "tenant": "acme",
            "flow_id": "orders",
            "signal": "volume",
            "window_start": "2026-03-02T10:00:00Z",
            "window_seconds": 60,
            "observed": 3.0,
            "expected": 160.25,
            "lower": 120.0,
            "upper": None,
            "score": 1.875,
            "spans": [15],
            "status": "anomalous",
        },
    }


def test_what_was_neither_observed_nor_scored_is_not_said() -> None:
    columns = {"observed": [NAN, NAN, 1, NAN], "score": [0, 0.5, 0, NAN]}
    events = signals(closed(flows(4), {"silence": columns}))
    assert [event["data"]["flow_id"] for event in events] == ["flow-1", "flow-2"]


@pytest.mark.parametrize(
    ("score", "learning", "status"),
    [
        (0.9, False, "normal"),
        (1.1, False, "anomalous"),
        (0.9, True, "learning"),
        (1.1, True, "anomalous"),
    ],
)
def test_status_follows_score_and_age(score: float, learning: bool, status: str) -> None:  # noqa: FBT001
    [event] = signals(closed(flows(1), {"volume": {"score": score}}, learning=learning))
    assert event["data"]["status"] == status


@pytest.mark.parametrize(("seconds", "span", "minutes"), [(60, 15, 15), (300, 3, 15), (10, 3, 1)])
def test_spans_are_told_in_minutes(seconds: int, span: int, minutes: int) -> None:
    [event] = signals(closed(flows(1), {"volume": {"span": span}}, seconds=seconds))
    assert event["data"]["spans"] == [minutes]


def test_a_score_of_zero_was_carried_by_no_span() -> None:
    [event] = signals(closed(flows(1), {"volume": {"score": 0}}))
    assert event["data"]["spans"] == []


def test_a_large_window_is_split_over_records_that_a_broker_takes() -> None:
    keys = [FlowKey("é" * 200, f"{i:0200}") for i in range(800)]
    outputs = encoded(closed(keys, {"volume": {}}))
    assert len(outputs) > 1
    assert all(len(output.value or b"") <= MAX_RECORD_BYTES for output in outputs)
    events = [e for output in outputs for e in json.loads(output.value or b"")]
    assert [e["data"]["flow_id"] for e in events] == [key.flow_id for key in keys]


def test_equal_emissions_give_equal_bytes() -> None:
    def window() -> Emission:
        return closed(flows(50), {"volume": {"observed": np.linspace(0, 7, 50) / 3}, "errors": {}})

    assert encoded(window(), alert(), LETTER) == encoded(window(), alert(), LETTER)


def test_a_window_without_a_verdict_publishes_nothing() -> None:
    assert encoded(closed(flows(2), {"volume": {"observed": NAN, "score": 0}})) == []


@given(arrays(np.float64, 5, elements=st.floats(-1e15, 1e15).filter(lambda x: abs(x) > 1e-6)))
def test_rounding_keeps_six_significant_digits(values: np.ndarray) -> None:
    rounded = significant(values)
    assert np.all(np.abs(rounded - values) <= np.abs(values) * 5.0001e-6)
    assert [float(f"{x:.6g}") for x in rounded.tolist()] == rounded.tolist()
    assert significant(rounded).tolist() == rounded.tolist()


def test_an_alert_is_one_event_keyed_by_its_flow() -> None:
    raised = alert(revision=2)
    [output] = encoded(raised)
    assert (output.topic, output.key) == ("alerts", b"acme:orders")
    assert output.headers == (("content-type", EVENT_CONTENT_TYPE),)
    event = json.loads(output.value or b"")
    envelope = Envelope.model_validate_json(output.value or b"")
    assert (envelope.id, envelope.type) == ("orders-1:2", "cogent.alert")
    assert envelope.time == raised.updated_at
    assert Alert.model_validate_json(json.dumps(event["data"])) == raised


def test_a_dead_letter_keeps_its_bytes_and_says_why() -> None:
    [output] = encoded(LETTER)
    assert (output.topic, output.key, output.value) == ("dead-letters", LETTER.key, LETTER.value)
    assert output.headers == (
        ("a", b"b"),
        ("cogentai.error.topic", b"patchworks.events.v1"),
        ("cogentai.error.partition", b"7"),
        ("cogentai.error.offset", b"41"),
        ("cogentai.error.entry", b"3"),
        ("cogentai.error.reason", b"not-json"),
        ("cogentai.error.detail", b"line 1, column 2"),
    )


def test_a_record_that_is_dead_as_a_whole_names_no_entry() -> None:
    [output] = encoded(DeadLetter(1, None, "empty", "", None, None, ()))
    assert "cogentai.error.entry" not in dict(output.headers)


def test_a_detail_that_quotes_hostile_input_is_cut_and_escaped() -> None:
    [output] = encoded(DeadLetter(1, 0, "invalid", "\ud800" + "x" * 5_000_000, None, b"", ()))
    detail = dict(output.headers)["cogentai.error.detail"]
    assert detail.startswith(b"\\ud800x")
    assert len(detail) < 2 * MAX_DETAIL
