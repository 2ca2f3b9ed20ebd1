from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine.closing import SETTLE
from pipeline.engine.emissions import ClosedWindow, DeadLetter, Emission
from pipeline.engine.engine import HORIZON, Engine
from pipeline.engine.flows import MOST_FEEDERS
from pipeline.engine.watermarks import LONGEST_STRETCH
from pipeline.log.base import Output, Record
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings
from schemas.alerts import Alert
from tests.make import MONDAY, Event, batch, event, heartbeat, iso, run, window

SETTINGS = EngineSettings(lateness_seconds=0)


def engine(**changes: Any) -> Engine:
    return Engine(SETTINGS.model_copy(update=changes))


def feed(target: Engine, *events: Event) -> list[Emission]:
    return target.apply(batch(*events))


def closed(emissions: Iterable[Emission]) -> list[ClosedWindow]:
    return [e for e in emissions if isinstance(e, ClosedWindow)]


def alerts(emissions: Iterable[Emission]) -> list[Alert]:
    return [e for e in emissions if isinstance(e, Alert)]


def letters(emissions: Iterable[Emission]) -> list[DeadLetter]:
    return [e for e in emissions if isinstance(e, DeadLetter)]


def volumes(emissions: Iterable[Emission], flow_id: str = "orders") -> dict[int, float]:
    """Volume of a flow by minute since Monday."""
    return {
        (c.start - MONDAY) // 60: float(c.windows.volume[i])
        for c in closed(emissions)
        for i, flow in enumerate(c.flows)
        if flow.flow_id == flow_id
    }


def test_a_window_stays_open_until_its_collectors_watermark_passes_it() -> None:
    e = engine()
    assert feed(e, run(MONDAY + 5), heartbeat(MONDAY + 59)) == []
    assert volumes(feed(e, heartbeat(MONDAY + 60))) == {0: 1}


def test_a_window_stays_open_for_the_lateness_allowed() -> None:
    e = engine(lateness_seconds=30)
    assert feed(e, run(MONDAY), heartbeat(MONDAY + 89)) == []
    assert volumes(feed(e, run(MONDAY + 50), heartbeat(MONDAY + 90))) == {0: 2}


def test_a_silent_flow_closes_windows_too() -> None:
    e = engine()
    assert volumes(feed(e, run(MONDAY), heartbeat(MONDAY + 240))) == {0: 1, 1: 0, 2: 0, 3: 0}


def test_events_come_in_any_order_within_their_window() -> None:
    e = engine()
    assert volumes(feed(e, run(MONDAY + 70), run(MONDAY + 10), heartbeat(MONDAY + 120))) == {1: 1}
    e = engine()
    feed(e, run(MONDAY + 10), heartbeat(MONDAY))
    feed(e, run(MONDAY + 130), run(MONDAY + 70))
    assert volumes(feed(e, heartbeat(MONDAY + 180))) == {0: 1, 1: 1, 2: 1}


def test_a_late_event_is_counted_and_not_applied() -> None:
    e = engine()
    feed(e, run(MONDAY), heartbeat(MONDAY + 60))
    assert volumes(feed(e, run(MONDAY + 30), heartbeat(MONDAY + 120))) == {1: 0}
    assert e.totals["late"] == 1


def test_an_event_sent_twice_counts_once() -> None:
    e = engine()
    twice = run(MONDAY)
    assert volumes(feed(e, twice, twice, heartbeat(MONDAY + 60))) == {0: 1}
    assert e.totals["duplicate"] == 1


def test_a_runs_state_sent_under_two_ids_counts_once() -> None:
    e = engine()
    states = [run(MONDAY, s, run_id="r") for s in ("running", "running", "success", "success")]
    (window,) = closed(feed(e, *states, heartbeat(MONDAY + 60)))
    assert (window.windows.volume[0], window.windows.finished[0]) == (1, 1)
    assert e.totals["repeated_state"] == 2


def test_a_producers_window_is_taken_as_it_is() -> None:
    e = engine()
    given_ = window(
        MONDAY,
        runs={"started": 12, "succeeded": 11, "failed": 1},
        duration={"count": 12, "mean_log_ms": 6.5, "var_log_ms": 0.4},
        records={"in": 40, "out": 39, "missing_attributes": 1},
        queue={"depth": 3},
    )
    (c,) = closed(feed(e, given_, heartbeat(MONDAY + 60)))
    w = c.windows
    counts = (w.volume, w.finished, w.failed, w.records, w.missing, w.checked)
    assert [float(x[0]) for x in counts] == [
        12, 12, 1, 40, 1, 40,
    ]  # fmt: skip
    assert (w.duration_count[0], w.duration_log[0], w.queue_depth[0]) == (12, 6.5, 3)


def test_what_a_producer_does_not_count_is_unknown_rather_than_zero() -> None:
    e = engine()
    (c,) = closed(feed(e, window(MONDAY, queue={"depth": 3}), heartbeat(MONDAY + 60)))
    assert np.isnan(c.windows.volume[0])
    assert c.windows.queue_depth[0] == 3
    (c,) = closed(feed(e, heartbeat(MONDAY + 120)))
    assert np.isnan(c.windows.queue_depth[0])


def test_a_flow_that_reports_only_records_is_judged_by_records() -> None:
    e = engine()
    given_ = window(MONDAY, records={"in": 40})
    assert volumes(feed(e, given_, heartbeat(MONDAY + 120))) == {0: 40, 1: 0}


@pytest.mark.parametrize("first", ["window", "run"])
def test_a_window_and_single_events_of_the_same_minute_never_mix(first: str) -> None:
    e = engine()
    pair = [window(MONDAY, runs={"started": 12}), run(MONDAY + 5)]
    (letter,) = letters(feed(e, *(pair if first == "window" else reversed(pair))))
    assert (letter.reason, letter.entry) == ("mixed_window", 1)
    assert volumes(feed(e, heartbeat(MONDAY + 60))) == {0: 12 if first == "window" else 1}


def test_a_second_window_of_the_same_minute_is_refused() -> None:
    e = engine()
    other = window(MONDAY, runs={"started": 9}) | {"id": "another"}
    (letter,) = letters(feed(e, window(MONDAY, runs={"started": 12}), other))
    assert letter.reason == "mixed_window"


@pytest.mark.parametrize(("at", "seconds"), [(MONDAY, 300), (MONDAY + 30, 60)])
def test_a_window_of_another_width_or_place_is_refused(at: int, seconds: int) -> None:
    (letter,) = letters(feed(engine(), window(at, seconds=seconds, runs={"started": 1})))
    assert letter.reason == "window_width"


def test_an_event_days_ahead_of_its_collector_is_refused() -> None:
    e = engine()
    feed(e, run(MONDAY), heartbeat(MONDAY + 60))
    (letter,) = letters(feed(e, run(MONDAY + HORIZON + 120)))
    assert letter.reason == "too_far_ahead"
    assert "'test'" in letter.detail


def test_flows_beyond_the_most_are_buried_and_the_others_go_on() -> None:
    e = engine(max_flows=1)
    out = feed(e, *(run(MONDAY + 1, flow_id=flow) for flow in ("orders", "stock", "orders")))
    assert [letter.reason for letter in letters(out)] == ["too_many_flows"]
    assert volumes(feed(e, heartbeat(MONDAY + 60))) == {0: 2}


def test_collectors_beyond_the_most_are_buried_and_the_others_go_on() -> None:
    e = engine(max_collectors=1)
    feed(e, heartbeat(MONDAY), run(MONDAY + 1))
    out = feed(e, heartbeat(MONDAY + 60, "another"), heartbeat(MONDAY + 60))
    assert [letter.reason for letter in letters(out)] == ["too_many_collectors"]
    assert volumes(out) == {0: 1}


def test_a_flow_takes_no_endless_number_of_senders() -> None:
    e = engine()
    senders = [{"collector": f"sender-{n}"} for n in range(MOST_FEEDERS + 2)]
    out = feed(e, *(run(MONDAY + n, attributes=sender) for n, sender in enumerate(senders)))
    assert [letter.reason for letter in letters(out)] == ["too_many_collectors"] * 2
    assert len(e.flows.collectors(0)) == MOST_FEEDERS


def test_windows_are_counted_and_alerts_among_them_are_not() -> None:
    e = engine()
    feed(e, run(MONDAY), promise(MONDAY + 600))
    out = feed(e, heartbeat(MONDAY + 1800))
    assert alerts(out)
    assert e.totals["windows"] == len(closed(out)) == 30


def test_a_bad_entry_is_buried_and_its_neighbours_count() -> None:
    e = engine()
    emissions = feed(
        e, run(MONDAY), run(MONDAY, state="flying"), run(MONDAY), heartbeat(MONDAY + 60)
    )
    assert [letter.entry for letter in letters(emissions)] == [1]
    assert volumes(emissions) == {0: 2}
    assert e.totals["dead.choice"] == 1


def test_flows_of_different_tenants_do_not_meet() -> None:
    e = engine()
    other = run(MONDAY, attributes={"tenant": "other"})
    (c,) = closed(feed(e, run(MONDAY), other, heartbeat(MONDAY + 60)))
    assert [str(flow) for flow in c.flows] == ["acme:orders", "other:orders"]
    assert c.windows.volume.tolist() == [1, 1]


def test_a_flow_fed_by_two_collectors_waits_for_the_slower() -> None:
    e = engine()
    feed(e, run(MONDAY), run(MONDAY, attributes={"collector": "b"}), heartbeat(MONDAY, "b"))
    assert feed(e, heartbeat(MONDAY + 600)) == []
    assert volumes(feed(e, heartbeat(MONDAY + 60, "b"))) == {0: 2}


def test_an_event_without_collector_is_covered_by_its_source() -> None:
    e = engine()
    feed(e, run(MONDAY, attributes={"collector": None, "source": "shop"}))
    assert volumes(feed(e, heartbeat(MONDAY + 60, "shop"))) == {0: 1}


def test_a_collector_that_dies_raises_one_alert_and_no_silence() -> None:
    e = engine()
    feed(e, run(MONDAY), heartbeat(MONDAY + 60), heartbeat(MONDAY + 60, "clock"))
    beats = [heartbeat(MONDAY + 60 * m, "clock") for m in range(2, 120)]
    emissions = feed(e, *beats)
    (alert,) = alerts(emissions)
    assert (alert.signal, alert.flow_id, alert.severity) == ("collector", "test", "critical")
    assert volumes(emissions) == {}
    caught_up = feed(e, heartbeat(MONDAY + 60 * 120))
    assert [a.status for a in alerts(caught_up)] == ["resolved"]
    assert len(volumes(caught_up)) == 119


def test_only_partition_0_tells_of_collectors() -> None:
    e = Engine(SETTINGS, partition=1)
    feed(e, heartbeat(MONDAY), heartbeat(MONDAY, "clock"))
    assert feed(e, *(heartbeat(MONDAY + 60 * m, "clock") for m in range(120))) == []


def test_time_that_nobody_watched_is_not_judged() -> None:
    e = engine()
    feed(e, run(MONDAY), heartbeat(MONDAY + 60))
    emissions = feed(e, heartbeat(MONDAY + 3600 * 5, since=MONDAY + 3600 * 5 - 120))
    assert sorted(volumes(emissions)) == [5 * 60 - 2, 5 * 60 - 1]


def test_a_leap_of_years_costs_no_more_than_a_leap_of_hours() -> None:
    e = engine()
    feed(e, run(MONDAY), heartbeat(MONDAY + 60))
    assert closed(feed(e, heartbeat(MONDAY + 50 * 365 * 86_400))) == []
    assert e.flows.upcoming[0] * 60 == MONDAY + 50 * 365 * 86_400


@pytest.mark.parametrize("told", [{}, {"since": MONDAY}])
def test_a_first_heartbeat_long_after_an_event_costs_no_more(told: dict[str, int]) -> None:
    e = engine()
    out = feed(e, run(MONDAY), heartbeat(MONDAY + 50 * 365 * 86_400, **told))
    assert 1 < len(closed(out)) <= 1 + SETTLE + LONGEST_STRETCH // 60


def test_a_finished_collectors_last_window_closes_at_once() -> None:
    e = engine(lateness_seconds=60)
    emissions = feed(e, run(MONDAY), heartbeat(MONDAY + 60, status="finished"))
    assert volumes(emissions) == {0: 1}


def test_maintenance_is_neither_judged_nor_learned_from() -> None:
    e = engine()
    notice = event(
        "cogent.annotation",
        MONDAY,
        {
            "kind": "maintenance",
            "scope": "orders",
            "from": iso(MONDAY + 60),
            "to": iso(MONDAY + 180),
        },
    )
    emissions = feed(e, notice, run(MONDAY), heartbeat(MONDAY + 300))
    assert sorted(volumes(emissions)) == [0, 3, 4]


def test_a_tenants_queue_reaches_the_flows_it_names() -> None:
    e = engine()
    snapshot = event(
        "cogent.queue.snapshot", MONDAY + 20, {"depth": 9, "by_flow": {"orders": 7, "x": 2}}
    )
    (c,) = closed(feed(e, run(MONDAY), snapshot, heartbeat(MONDAY + 60)))
    assert c.windows.queue_depth.tolist() == [7]


def test_a_promised_run_that_does_not_come_is_silence() -> None:
    e = engine()
    promise = event(
        "cogent.schedule.expected",
        MONDAY,
        {"flow_id": "orders", "due_at": iso(MONDAY + 600), "tolerance_s": 120},
    )
    feed(e, run(MONDAY), promise)
    alert, *updates = alerts(feed(e, heartbeat(MONDAY + 1800)))
    assert alert.signal == "silence"
    assert {update.id for update in updates} <= {alert.id}
    assert 720 <= alert.starts_at.timestamp() - MONDAY <= 840


def promise(due: float) -> Event:
    data = {"flow_id": "orders", "due_at": iso(due), "tolerance_s": 60}
    return event("cogent.schedule.expected", MONDAY, data)


def test_a_run_promised_for_time_that_nobody_watched_is_not_missed() -> None:
    e = engine()
    feed(e, run(MONDAY), promise(MONDAY + 600), heartbeat(MONDAY + 60))
    restarted = heartbeat(MONDAY + 7200, since=MONDAY + 3600)
    assert alerts(feed(e, restarted, heartbeat(MONDAY + 9000))) == []


def test_a_run_during_maintenance_keeps_its_promise() -> None:
    e = engine()
    span = {"from": iso(MONDAY + 300), "to": iso(MONDAY + 900)}
    notice = event("cogent.annotation", MONDAY, {"kind": "maintenance", "scope": "orders", **span})
    feed(e, run(MONDAY), notice, promise(MONDAY + 600), run(MONDAY + 605))
    assert alerts(feed(e, heartbeat(MONDAY + 3600))) == []


def test_records_that_came_while_nobody_watched_are_judged_all_the_same() -> None:
    e = engine()
    feed(e, window(MONDAY, records={"in": 5}), heartbeat(MONDAY + 60))
    late = window(MONDAY + 600, records={"in": 7})
    emissions = feed(e, late, heartbeat(MONDAY + 3600, since=MONDAY + 3540))
    assert volumes(emissions) == {10: 7, 59: 0}


def test_every_type_of_event_is_accepted() -> None:
    e = engine()
    log = {"run_id": "r", "flow_id": "orders", "level": "ERROR", "message": "no stock"}
    call = {"system": "netsuite", "outcome": "throttled", "flow_id": "orders"}
    events = [
        event("cogent.flow.log", MONDAY, log),
        event("cogent.connector.call", MONDAY, call),
        event("cogent.queue.snapshot", MONDAY, {"depth": 2, "flow_id": "orders"}),
    ]
    assert letters(feed(e, *events, heartbeat(MONDAY + 60))) == []
    assert sum(n for name, n in e.totals.items() if name.startswith("events.")) == 4


def test_what_is_kept_for_other_readers_is_counted_and_makes_no_flow() -> None:
    e = engine()
    tracked = {"entity_type": "orders", "key": "#1", "direction": "send", "flow_id": "orders"}
    webhook = {"system": "shopify", "topic": "orders/create", "delivery_id": "d"}
    told = {"level": "error", "message": "no stock", "flow_id": "orders"}
    events = [
        event("cogent.record.tracked", MONDAY, tracked),
        event("cogent.webhook.received", MONDAY, webhook),
        event("cogent.notice", MONDAY, told),
    ]
    assert letters(feed(e, *events, heartbeat(MONDAY + 60))) == []
    assert sum(n for name, n in e.totals.items() if name.startswith("events.")) == 4
    assert not e.flows.keys


# What a restart, a re-delivery or another way of batching must not change.


def history(minutes: int = 200) -> list[Event]:
    """Several flows and kinds of events, with duplicates, late ones and bad ones among them."""
    rng = np.random.default_rng(7)
    events: list[Event] = []
    for m in range(minutes):
        at = MONDAY + 60 * m
        for flow in range(4):
            for _ in range(rng.poisson(2 + flow)):
                state = "failure" if rng.random() < 0.1 else "success"
                when = at + float(rng.uniform(-90, 60))
                events.append(
                    run(when, state, flow_id=f"flow-{flow}", duration_ms=float(rng.lognormal(6, 1)))
                )
        events.append(window(at, "totals", runs={"started": int(rng.poisson(20))}))
        if m % 7 == 0:
            events += [events[-2], run(at, "flying")]
        events.append(heartbeat(at + 60))
    return events


HISTORY = history()


def outputs(target: Engine, records: Sequence[Record]) -> list[Output]:
    emissions = [emission for record in records for emission in target.apply(record)]
    return encode(emissions, topic="events", partition=0)


def in_batches(size: int) -> list[Record]:
    cuts = [*range(0, len(HISTORY), size), len(HISTORY)]
    return [batch(*HISTORY[a:b], offset=0) for a, b in pairwise(cuts)]


def comparable(found: list[Output]) -> list[tuple[Any, ...]]:
    """Outputs without what speaks of the record they came from rather than of the event."""
    return [(o.topic, o.key, o.value) for o in found]


def test_the_same_log_gives_the_same_bytes() -> None:
    records = in_batches(50)
    assert outputs(engine(), records) == outputs(engine(), records)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_bytes_do_not_depend_on_where_a_batch_ends(size: int) -> None:
    expected = comparable(outputs(engine(), in_batches(50)))
    assert comparable(outputs(engine(), in_batches(size))) == expected
    assert any(topic == "signals" for topic, *_ in expected)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, len(HISTORY) // 50))
def test_an_engine_restored_from_a_snapshot_has_the_same_future(cut: int) -> None:
    records = in_batches(50)
    original, restored = engine(), engine()
    outputs(original, records[:cut])
    restored.restore(original.snapshot())
    assert outputs(restored, records[cut:]) == outputs(original, records[cut:])
    assert restored.snapshot() == original.snapshot()


def test_windows_are_closed_only_as_they_are_taken() -> None:
    e = engine()
    feed(e, run(MONDAY + 5), heartbeat(MONDAY + 60))
    brought = e.apply_all([batch(heartbeat(MONDAY + 600))])
    next(brought)
    assert e.totals["windows"] == 2
    assert len(list(brought)) == 8
    assert e.totals["windows"] == 10


def test_each_emission_comes_with_the_record_that_brought_it_about() -> None:
    records = [
        batch(run(MONDAY + 5), heartbeat(MONDAY + 60)),
        batch(run(MONDAY + 65)),
        Record(0, 7, None, b"not an event"),
        batch(heartbeat(MONDAY + 180)),
    ]
    brought = [(record, type(emission)) for record, emission in engine().apply_all(records)]
    assert brought == [
        (records[0], ClosedWindow),
        (records[2], DeadLetter),
        (records[3], ClosedWindow),
        (records[3], ClosedWindow),
    ]


def test_a_snapshot_holds_no_secret_shape() -> None:
    """It is plain MessagePack: nothing in it can run when it is read."""
    e = engine()
    feed(e, *HISTORY[:200])
    assert b"pickle" not in e.snapshot()
    json.dumps(dict(e.totals))
