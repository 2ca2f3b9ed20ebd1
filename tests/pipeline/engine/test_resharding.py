"""When partitions become more, each flow goes on as if nothing had happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest

from pipeline.engine.emissions import FlowKey
from pipeline.engine.engine import Engine
from pipeline.engine.resharding import flows_in, part_of
from pipeline.log.base import BATCH_CONTENT_TYPE, Entry, Record
from pipeline.log.batching import pack
from pipeline.log.partitioner import partition_of
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings
from tests.e2e.retail import minutes
from tests.e2e.verifier import Published, by_flow
from tests.make import MONDAY, Event, event, iso, run

HISTORY = 3_000
"""Minutes: two days are learned, and verdicts count."""
SETTINGS = EngineSettings()


def entry(told: Event) -> Entry:
    flow_id = told["data"].get("flow_id")
    return Entry(None if flow_id is None else f"acme:{flow_id}", json.dumps(told).encode())


def extras() -> list[Entry]:
    """What else an engine remembers of flows: errors, changes, verdicts, numbers, plans."""
    at = MONDAY + 60 * (HISTORY - 10)
    told: list[Event] = []
    for flow in range(8):
        name = f"flow-{flow}"
        body = {"run_id": f"r-{flow}", "flow_id": name, "level": "ERROR"}
        told += [
            event("cogent.flow.log", at, body | {"message": f"step 7: key {flow} was refused"}),
            run(at, "running", run_id=f"open-{flow}", flow_id=name),
            event("cogent.queue.snapshot", at, {"flow_id": name, "depth": flow}),
            event("cogent.metric.sample", at, {"flow_id": name, "metric": "stock", "value": flow}),
        ]
        if flow % 4 == 0:
            change = {"object": "version", "object_id": "9", "change": "deployed", "flow_id": name}
            told.append(event("cogent.config.changed", at, change))
    told.append(event("cogent.metric.sample", at, {"metric": "sales", "value": 5}))
    peak = {"kind": "planned_peak", "scope": "flow-*", "from": iso(at), "to": iso(at + 7200)}
    told.append(event("cogent.annotation", at, peak | {"expected_factor": 3}))
    return [entry(each) for each in told]


def turned(number: int, entries: list[Entry]) -> list[Entry]:
    """Let the flows that ran stop, and one that had stopped, whose alert is open, run again."""
    back = [run(MONDAY + 60 * (HISTORY + number), flow_id="flow-1") for _ in range(2)]
    if number == 5:  # what had begun before the division ends after it
        at = MONDAY + 60 * (HISTORY + number)
        back += [run(at, run_id=f"open-{flow}", flow_id=f"flow-{flow}") for flow in range(8)]
    running = [e for e in entries if e.key not in ("acme:flow-0", "acme:flow-2", "acme:flow-4")]
    return [*map(entry, back), *running]


def records(stretch: Iterable[list[Entry]], partitions: int) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {n: [] for n in range(partitions)}
    headers = (("content-type", BATCH_CONTENT_TYPE),)
    for entries in stretch:
        for batch in pack(entries, partitions):
            mine = found[batch.partition]
            mine.append(Record(batch.partition, len(mine), None, batch.value, headers))
    return found


def go_on(snapshots: dict[int, bytes], stretch: Iterable[list[Entry]]) -> Published:
    """Apply what comes next to engines that have taken snapshots up."""
    found: Published = {}
    for number, of_partition in records(stretch, len(snapshots)).items():
        engine = Engine(SETTINGS, number)
        engine.restore(snapshots[number])
        emissions = [e for record in of_partition for e in engine.apply(record)]
        for output in encode(emissions, topic="events", partition=number):
            found.setdefault((output.topic, number), []).append((output.key, output.value))
    return found


def is_mine(number: int, partitions: int) -> Callable[[FlowKey], bool]:
    return lambda key: partition_of(str(key), partitions) == number


@pytest.fixture(scope="module")
def story() -> tuple[dict[int, bytes], list[list[Entry]]]:
    """Snapshots of two partitions with a history, and what comes next."""
    everything = list(minutes(flows=8, length=HISTORY + 120, per_minute=1))
    past, future = everything[:HISTORY], everything[HISTORY:]
    past[-5] = [*extras(), *past[-5]]
    future = [turned(n, entries) for n, entries in enumerate(future)]
    snapshots = {}
    for number, of_partition in records(past, 2).items():
        engine = Engine(SETTINGS, number)
        for record in of_partition:
            engine.apply(record)
        snapshots[number] = engine.snapshot()
    return snapshots, future


def parts(snapshots: dict[int, bytes], partitions: int) -> dict[int, bytes]:
    old = len(snapshots)
    return {
        n: part_of(snapshots[n % old], is_mine(n, partitions), heir=n < old)
        for n in range(partitions)
    }


def test_every_flow_goes_on_byte_for_byte(
    story: tuple[dict[int, bytes], list[list[Entry]]],
) -> None:
    """All but forecasts of failure: those also learn from the flows around, now fewer."""
    snapshots, future = story

    before, after = by_flow(go_on(snapshots, future)), by_flow(go_on(parts(snapshots, 4), future))

    raised = {
        json.loads(e)["data"]["revision"]
        for name in before
        for e in before[name]
        if "alerts/" in name
    }
    assert min(raised) == 0 < max(raised), "some alerts were open before, and some are new"
    assert own(after) == own(before)


def test_forecasts_go_on_from_what_all_flows_had_taught(
    story: tuple[dict[int, bytes], list[list[Entry]]],
) -> None:
    snapshots, future = story
    soon = future[:20]

    assert by_flow(go_on(parts(snapshots, 4), soon)) == by_flow(go_on(snapshots, soon))


def own(told: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    return {
        name: [e for e in each if json.loads(e)["data"].get("signal") != "failure"]
        for name, each in told.items()
    }


def test_a_flow_is_in_one_part_alone(story: tuple[dict[int, bytes], list[list[Entry]]]) -> None:
    snapshots, _ = story

    divided = {n: flows_in(part) for n, part in parts(snapshots, 6).items()}

    before = [key for whole in snapshots.values() for key in flows_in(whole)]
    assert sorted(key for keys in divided.values() for key in keys) == sorted(before)
    for number, keys in divided.items():
        assert all(partition_of(str(key), 6) == number for key in keys)


def test_running_totals_stay_with_the_heir(
    story: tuple[dict[int, bytes], list[list[Entry]]],
) -> None:
    snapshots, _ = story
    totals = []
    for number, part in parts(snapshots, 4).items():
        engine = Engine(SETTINGS, number)
        engine.restore(part)
        totals.append(engine.totals["windows"])

    assert totals[:2] != [0, 0]
    assert totals[2:] == [0, 0]


def test_a_part_may_have_no_flow(story: tuple[dict[int, bytes], list[list[Entry]]]) -> None:
    snapshots, future = story
    empty = part_of(snapshots[0], lambda _: False, heir=False)

    engine = Engine(SETTINGS, 2)
    engine.restore(empty)
    assert flows_in(engine.snapshot()) == []

    assert engine.apply(Record(2, 0, None, future[0][0].value)) == []
