"""The scenario: events that keep the contracts, in order, and the same bytes for the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from pipeline.simulator.retailer import FLOWS
from pipeline.simulator.scenario import Scenario
from schemas.events import event_model

from .tiny_engine import START, events_of

Event = dict[str, Any]


@pytest.fixture(scope="module")
def history(scenario: Scenario) -> list[Event]:
    return events_of([body for stretch in scenario.backfill() for body in stretch.bodies])


@pytest.fixture(scope="module")
def live(scenario: Scenario) -> list[Event]:
    return events_of([body for stretch in scenario.runs() for body in stretch.bodies])


def typed(events: list[Event], type_: str) -> list[Event]:
    return [event for event in events if event["type"] == type_]


def test_the_same_seed_gives_the_same_bytes(scenario: Scenario):
    again = Scenario.draw(START, history_days=4 / 24, live_hours=2.5, seed=1)
    assert list(again.backfill()) == list(scenario.backfill())
    assert list(again.runs()) == list(scenario.runs())


def test_another_seed_gives_other_bytes(scenario: Scenario):
    other = Scenario.draw(START, history_days=4 / 24, live_hours=2.5, seed=2)
    assert list(other.backfill()) != list(scenario.backfill())
    assert other.faults != scenario.faults


def test_every_event_keeps_its_contract(history: list[Event], live: list[Event]):
    for event in history + live:
        event_model(event["type"]).model_validate(event)


def test_no_event_id_is_used_twice(history: list[Event], live: list[Event]):
    ids = Counter(event["id"] for event in history + live)
    assert ids.most_common(1)[0][1] == 1


def test_all_events_come_from_the_simulators_collector(history: list[Event], live: list[Event]):
    assert {event["collector"] for event in history + live} == {"simulator"}


def test_history_is_one_window_a_flow_and_minute(history: list[Event]):
    windows = typed(history, "cogent.flow.window")
    assert len(windows) == 12 * 4 * 60
    assert len({(event["data"]["flow_id"], event["time"]) for event in windows}) == len(windows)


def test_history_ends_where_the_live_part_begins(scenario: Scenario):
    assert list(scenario.backfill())[-1].until == START == scenario.live_start
    assert next(scenario.runs()).until == START + timedelta(minutes=1)
    assert list(scenario.runs())[-1].until == scenario.end


def test_batches_are_small_enough_for_the_ingest(scenario: Scenario):
    bodies = [body for stretch in scenario.backfill() for body in stretch.bodies]
    bodies += [body for stretch in scenario.runs() for body in stretch.bodies]
    assert max(len(events_of([body])) for body in bodies) <= 500
    assert max(map(len, bodies)) < 1_048_576 / 2


@pytest.mark.parametrize("part", ["backfill", "runs"])
def test_a_heartbeat_comes_every_minute_and_nothing_older_follows_it(scenario: Scenario, part: str):
    watermark = datetime.min.replace(tzinfo=START.tzinfo)
    beats = []
    for event in events_of(
        [body for stretch in getattr(scenario, part)() for body in stretch.bodies]
    ):
        if event["type"] == "cogent.collector.heartbeat":
            watermark = datetime.fromisoformat(event["data"]["watermark"])
            beats.append(watermark)
        else:
            assert datetime.fromisoformat(event["time"]) >= watermark
    assert all(two - one == timedelta(minutes=1) for one, two in pairwise(beats))


def test_a_run_is_seen_running_and_then_ended(live: list[Event]):
    states: dict[str, list[str]] = {}
    for event in typed(live, "cogent.flow.run"):
        states.setdefault(event["data"]["run_id"], []).append(event["data"]["state"])
    ended = [seen for seen in states.values() if len(seen) > 1]
    assert all(seen[0] == "running" for seen in states.values())
    assert all(seen[1] in {"success", "failure"} and len(seen) == 2 for seen in ended)
    assert len(ended) > 0.98 * len(states)


def test_a_run_says_when_it_started_and_ended_and_how_long_it_took(live: list[Event]):
    for event in typed(live, "cogent.flow.run"):
        run = event["data"]
        started = datetime.fromisoformat(run["started_at"])
        if run["state"] == "running":
            assert event["time"] == run["started_at"]
            continue
        assert event["time"] == run["finished_at"]
        took = datetime.fromisoformat(run["finished_at"]) - started
        assert took == timedelta(milliseconds=run["duration_ms"])


def test_live_runs_are_as_many_as_the_traffic_says(scenario: Scenario, live: list[Event]):
    begun = Counter(
        event["data"]["flow_id"]
        for event in typed(live, "cogent.flow.run")
        if event["data"]["state"] == "running"
    )
    for profile, numbers in zip(FLOWS, scenario.traffic, strict=True):
        assert begun[profile.flow_id] == numbers.started[len(scenario.history) :].sum()


def test_failed_runs_say_why_and_write_nothing(live: list[Event]):
    failed = [e["data"] for e in typed(live, "cogent.flow.run") if e["data"]["state"] == "failure"]
    assert len(failed) > 20
    assert all(run["summary"] and run["records_out"] == 0 for run in failed)


def test_retries_name_the_failed_run_they_repeat(live: list[Event]):
    failed: set[str] = set()
    retries = 0
    for event in typed(live, "cogent.flow.run"):
        run = event["data"]
        if run["state"] == "failure":
            failed.add(run["run_id"])
        if run["trigger"] == "retry":
            assert run["retry_of_run_id"] in failed
            retries += 1
    assert retries > 10


def test_scheduled_flows_promise_each_run_in_the_minute_it_is_due(live: list[Event]):
    promised = Counter(e["data"]["flow_id"] for e in typed(live, "cogent.schedule.expected"))
    assert promised == {
        "status-shipstation-shopify": 30,
        "products-akeneo-shopify": 10,
        "prices-netsuite-shopify": 3,
    }
    for event in typed(live, "cogent.schedule.expected"):
        assert event["time"] == event["data"]["due_at"]


def test_every_flow_has_a_queue_snapshot_a_minute(live: list[Event]):
    snapshots = Counter(e["data"]["flow_id"] for e in typed(live, "cogent.queue.snapshot"))
    assert snapshots == dict.fromkeys((profile.flow_id for profile in FLOWS), 150)


def test_a_fault_stops_the_events_of_its_flow(scenario: Scenario, live: list[Event]):
    fault = scenario.faults[0]
    assert fault.kind == "stop"
    during = [
        event
        for event in typed(live, "cogent.flow.run")
        if event["data"]["flow_id"] == fault.flow_id
        and event["data"]["state"] == "running"
        and fault.start <= datetime.fromisoformat(event["time"]) < fault.end
    ]
    assert during == []


def test_runs_that_a_fault_makes_fail_say_so():
    scenario = Scenario.draw(START, history_days=1 / 24, live_hours=4.5, seed=1)
    burst = scenario.faults[1]
    events = events_of([body for stretch in scenario.runs() for body in stretch.bodies])
    said = [
        event["data"]["summary"]
        for event in typed(events, "cogent.flow.run")
        if event["data"]["flow_id"] == burst.flow_id
        and event["data"]["state"] == "failure"
        and burst.start <= datetime.fromisoformat(event["data"]["started_at"]) < burst.end
    ]
    assert len(said) > 50
    assert set(said) == {burst.error}


def test_a_failed_run_logs_its_error_as_it_ends(live: list[Event]):
    ends = {
        event["data"]["run_id"]: event
        for event in typed(live, "cogent.flow.run")
        if event["data"]["state"] == "failure"
    }
    lines = {event["data"]["run_id"]: event for event in typed(live, "cogent.flow.log")}
    assert lines
    assert lines.keys() >= ends.keys()
    for run_id, end in ends.items():
        assert lines[run_id]["data"]["message"] == end["data"]["summary"]
        assert lines[run_id]["time"] == end["time"]
