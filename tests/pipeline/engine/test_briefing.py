"""What people tell is part of the log: a restart or another way of batching changes nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pipeline.engine.engine import Engine
from pipeline.engine.identity import fingerprint
from pipeline.log.base import Output
from pipeline.outputs.encode import encode
from tests.make import Event, batch, heartbeat
from tests.pipeline.engine.shop import NOW, SETTINGS, annotation, minute
from tests.pipeline.engine.test_changes import changed, promise

TIMES = {"orders-uk": lambda m: 3.0 if m >= 20 else 1.0, "stock": 2.0}
ORDERS_VOLUME = fingerprint("acme", "orders-uk", "volume")
PEAK = {"expected_factor": 3.0, "start": 20}
TOLD: dict[int, list[Event]] = {
    3: [promise(100), annotation("holiday", "wholesale", start=10, end=60)],
    15: [changed(12, flow_id="stock"), changed(14, object="schedule", flow_id="orders-de")],
    30: [annotation("planned_peak", "orders-*", end=300, **PEAK)],
    50: [
        annotation("feedback", verdict="false_alarm", alert_fingerprint=ORDERS_VOLUME, author=who)
        for who in ("ana", "ben")
    ],
    70: [annotation("planned_peak", "orders-*", end=20, **PEAK)],
}
MINUTES = 100
HISTORY = [
    event
    for m in range(MINUTES)
    for event in (
        *TOLD.get(m, []),
        *minute(NOW + 60 * m, TIMES, {}, {}),
        heartbeat(NOW + 60 * m + 60),
    )
]


def restored(snapshot: bytes) -> Engine:
    engine = Engine(SETTINGS)
    engine.restore(snapshot)
    return engine


def outputs(engine: Engine, events: list[Event], size: int = 40) -> list[Output]:
    cuts = [*range(0, len(events), size), len(events)]
    records = [batch(*events[a:b], offset=0) for a, b in pairwise(cuts)]
    emissions = [emission for record in records for emission in engine.apply(record)]
    return encode(emissions, topic="events", partition=0)


def test_the_history_has_something_to_tell(learned: bytes) -> None:
    engine = restored(learned)
    found = outputs(engine, HISTORY)
    assert {output.topic for output in found} == {"signals", "alerts"}
    assert engine.raised_thresholds()
    assert any(b'"relearning"' in (output.value or b"") for output in found)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_bytes_do_not_depend_on_where_a_batch_ends(learned: bytes, size: int) -> None:
    expected = outputs(restored(learned), HISTORY)
    assert outputs(restored(learned), HISTORY, size) == expected


@pytest.mark.parametrize("cut", [16, 40, 55, 80])
def test_an_engine_restored_in_the_middle_has_the_same_future(learned: bytes, cut: int) -> None:
    place = 5 * cut  # a minute has four windows and a heartbeat, so this is often amidst one
    original = restored(learned)
    outputs(original, HISTORY[:place])
    again = restored(original.snapshot())
    assert outputs(again, HISTORY[place:]) == outputs(original, HISTORY[place:])
    assert again.snapshot() == original.snapshot()
