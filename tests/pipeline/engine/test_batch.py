"""Counting by the batch is held to counting one by one, state and emissions, bit for bit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine import engine as engines
from pipeline.engine.batch import FEWEST, RunBatches
from pipeline.engine.emissions import DeadLetter, Emission
from pipeline.engine.engine import Engine
from pipeline.engine.flows import HORIZON
from pipeline.log.base import Record
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings
from tests.make import MONDAY, Event, batch, event, heartbeat, iso, run, window

MANY = 3 * FEWEST


def runs(n: int = MANY, at: float = MONDAY, **given: Any) -> list[Event]:
    """Runs that all ended well, some of each flow."""
    return [run(at + i, flow_id=f"flow-{i % 4}", **given) for i in range(n)]


WARM_UP = [*runs(8), heartbeat(MONDAY)]
"""After which the flows are known."""
CLOSED = heartbeat(MONDAY + 600)


def known() -> Engine:
    """An engine that knows the flows."""
    engine = Engine(EngineSettings())
    engine.apply(batch(*WARM_UP, offset=0))
    return engine


def apply(engine: Engine, *records: list[Event]) -> list[Emission]:
    """Apply records."""
    return [e for events in records for e in engine.apply(batch(*events, offset=0))]


def told(emissions: list[Emission]) -> list[Any]:
    """What is published of emissions. A dead letter's place in its record hangs on the record."""
    letters = [(e.reason, e.detail) for e in emissions if isinstance(e, DeadLetter)]
    rest = [e for e in emissions if not isinstance(e, DeadLetter)]
    return [letters, [o.value for o in encode(rest, topic="t", partition=0)]]


def same(*records: list[Event]) -> Engine:
    """Apply records, their events one by one, and those all at once; hold each to the other."""
    by_batch, by_one = known(), known()
    single = [[each] for events in records for each in events]
    expected = told(apply(by_one, *single))
    assert told(apply(by_batch, *records)) == expected
    assert by_batch.snapshot() == by_one.snapshot()
    at_once = known()
    brought = at_once.apply_all(batch(*events, offset=0) for events in single)
    assert told([emission for _, emission in brought]) == expected
    assert at_once.snapshot() == by_one.snapshot()
    return by_batch


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each stretch so far could be counted at once."""
    seen: list[bool] = []
    count = RunBatches.count

    def noted(self: RunBatches, *given: Any) -> bool:
        seen.append(count(self, *given))
        return seen[-1]

    monkeypatch.setattr(RunBatches, "count", noted)
    return seen


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"duration_ms": 1234.5, "records_in": 7, "records_out": 5, "payload_bytes": 10**12},
        {"duration_ms": 0, "records_failed": 3, "has_warnings": True, "flow_name": "Orders"},
        {"queued_at": iso(MONDAY - 9), "started_at": iso(MONDAY), "finished_at": iso(MONDAY + 5)},
        {"state": "failure", "summary": "HTTP 500 from shopify", "retry_of_run_id": "r"},
        {"state": "queued"},
        {"state": "running", "queued_at": iso(MONDAY), "started_at": iso(MONDAY + 3)},
    ],
)
def test_ordinary_runs_are_counted_at_once(given: dict[str, Any], batches: list[bool]) -> None:
    same(runs(**given), runs(at=MONDAY + 60, **given), [CLOSED])
    assert set(batches) == {True}


def test_a_run_that_starts_and_ends_in_one_batch_takes_what_lies_between(
    batches: list[bool],
) -> None:
    ids = [f"r{i}" for i in range(MANY)]
    starts = [run(MONDAY + i, "running", run_id=r, flow_id="flow-1") for i, r in enumerate(ids)]
    ends = [run(MONDAY + 2 * i, run_id=r, flow_id="flow-1") for i, r in enumerate(ids)]
    same([*starts, *ends, *ends, *starts], [CLOSED])
    assert set(batches) == {True}


def test_late_runs_are_told_apart_at_once(batches: list[bool]) -> None:
    engine = same([CLOSED], [*runs(), *runs(at=MONDAY + 600)], [heartbeat(MONDAY + 300)])
    assert engine.totals["late"] == MANY
    assert set(batches) == {True}


def test_what_was_seen_before_is_left_out(batches: list[bool]) -> None:
    before, after = runs(), runs()
    engine = same([*before, *before[:5]], [*before, *after], before, [CLOSED])
    assert engine.totals["duplicate"] == 5 + 2 * MANY
    assert set(batches) == {True}


@pytest.mark.parametrize(
    "odd",
    [
        run(MONDAY, flow_id="new"),
        run(MONDAY, flow_id="flow-1", attributes={"collector": "another"}),
        run(MONDAY + HORIZON + 120, flow_id="flow-1"),
        run(MONDAY, flow_id="flow-1", attributes={"tenant": "other"}),
    ],
)
def test_one_unusual_run_has_its_stretch_counted_one_by_one(
    odd: Event, batches: list[bool]
) -> None:
    same([*runs(), odd, *runs()], [CLOSED])
    assert set(batches) == {False}


def test_runs_of_a_window_given_as_a_whole_are_refused_one_by_one(batches: list[bool]) -> None:
    given = window(MONDAY + 60, "flow-1", runs={"started": 5})
    same([given, *runs(at=MONDAY + 60)], [CLOSED])
    assert set(batches) == {False}


def test_other_events_keep_their_place_between_runs() -> None:
    line = {"run_id": "r", "flow_id": "flow-1", "level": "ERROR", "message": "HTTP 500"}
    failed = runs(state="failure", summary="HTTP 500 from shopify", run_id="r")
    log = event("cogent.flow.log", MONDAY, line)
    depth = event("cogent.queue.snapshot", MONDAY, {"flow_id": "flow-1", "depth": 3})
    same([*runs(), log, *failed, depth, heartbeat(MONDAY + 60), *runs(), CLOSED])


states = st.sampled_from(["queued", "running", "success", "failure", "stopped", "partial_success"])
instants = st.integers(-200, 400).map(lambda s: iso(MONDAY + s))
a_run = st.fixed_dictionaries(
    {
        "run_id": st.integers(0, 12).map(str),
        "flow_id": st.integers(0, 3).map("flow-{}".format),
        "state": states,
    },
    optional={
        "trigger": st.sampled_from(["webhook", "schedule"]),
        "flow_name": st.sampled_from(["Orders", "Stock"]),
        "queued_at": instants,
        "started_at": instants,
        "finished_at": instants,
        "duration_ms": st.floats(0, 1e15),
        "has_warnings": st.booleans(),
        "summary": st.sampled_from(["HTTP 500 from shopify", "SKU 17 is unknown", ""]),
        "retry_of_run_id": st.just("r"),
        "payload_bytes": st.integers(0, 10**12),
        "records_in": st.integers(0, 10**12),
        "records_out": st.integers(0, 5),
        "records_failed": st.integers(0, 5),
    },
)
a_run_event = st.builds(
    lambda data, at, id_, more: event("cogent.flow.run", MONDAY + at, data, id=id_) | more,
    a_run,
    st.floats(-200, 400, allow_nan=False).map(lambda s: round(s, 6)) | st.just(3 * HORIZON),
    st.integers(0, 60).map(str),
    st.sampled_from([{}] * 9 + [{"source": "b"}, {"collector": "b"}, {"tenant": "b"}]),
)
odd_event = st.one_of(
    st.integers(0, 3).map(lambda n: heartbeat(MONDAY + 60 * n)),
    st.integers(0, 5).map(lambda n: window(MONDAY + 60 * n, "flow-1", runs={"started": 5})),
    st.just(event("cogent.queue.snapshot", MONDAY, {"flow_id": "flow-1", "depth": 3})),
    st.just(event("cogent.queue.snapshot", MONDAY, {"depth": 3, "by_flow": {"flow-2": 4}})),
)
stretches = st.lists(a_run_event, min_size=1, max_size=2 * FEWEST)
logs = st.lists(st.one_of(stretches, stretches, st.lists(odd_event, max_size=2)), max_size=8)


@given(logs)
@settings(deadline=None, max_examples=60)
def test_any_log_gives_the_same_by_batch_and_one_by_one(stretches: list[list[Event]]) -> None:
    same([each for stretch in stretches for each in stretch], [heartbeat(MONDAY + 300)])


def test_a_refused_run_is_new_again_within_its_stretch() -> None:
    refused = run(MONDAY + 3 * HORIZON, flow_id="flow-1")
    engine = same([*runs(), refused, refused, refused | {"time": iso(MONDAY + 5)}, *runs()[:2]])
    assert engine.totals["dead.too_far_ahead"] == 2
    assert engine.totals["events.cogent.flow.run"] == 8 + MANY + 1 + 2


def test_a_bad_entry_parts_two_stretches() -> None:
    value = json.dumps([*runs(), {"type": "nonsense"}, *runs()]).encode()
    record = Record(0, 5, None, value, batch(offset=5).headers)
    engine = known()
    (letter,) = engine.apply(record)
    assert isinstance(letter, DeadLetter)
    assert letter.entry == MANY
    assert engine.totals["events.cogent.flow.run"] == 8 + 2 * MANY


def test_short_stretches_do_not_go_by_batch(batches: list[bool]) -> None:
    apply(known(), runs(FEWEST - 1))
    assert batches == []
    assert engines.FEWEST == FEWEST
