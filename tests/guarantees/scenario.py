"""What the tests of both logs share: events, processes, a partition half done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

import msgspec

from pipeline.log.base import Entry, PartitionLog, Record
from pipeline.log.batching import BATCH_HEADERS, pack
from pipeline.settings import EngineSettings
from pipeline.worker.partition import Partition
from tests.e2e.retail import Minute, minutes
from tests.e2e.verifier import Published, by_flow, replayed
from tests.e2e.warm import Program
from tests.guarantees import killed
from tests.guarantees.page import Death
from tests.guarantees.sender import ids_of
from tests.guarantees.steps import STEPS
from tests.make import MONDAY, heartbeat

ENV = {
    "PYTHONPATH": str(Path(__file__).parents[2]),
    "COGENTAI_INGEST__HEARTBEAT_SECONDS": "0",
    "COGENTAI_ENGINE__SNAPSHOT_RECORDS": "1",  # so that every commit has every step
}
STRETCH = list(minutes(flows=4, length=90, per_minute=2))

OUTAGE = [
    *minutes(flows=100, length=10, per_minute=0.5),
    [Entry(None, json.dumps(heartbeat(MONDAY + 600 + 3600)).encode())],
]
"""Ten minutes, then silence, and one record that closes an hour of windows of many flows: 20 MB."""

_IN_SNAPSHOT, _AFTER_SNAPSHOT = 30, 20


def program(death: Death) -> Program:
    """A process that dies so."""
    step = STEPS[death.table][death.step]
    return partial(killed.main, step.target, death.side, step.nth)


def seen_of_request(death: Death, answers: Sequence[str], kept: Sequence[Record]) -> str:
    """Tell in the page's words what became of the request in which the edge died."""
    number = STEPS[death.table][death.step].nth - 1
    ids = {event["id"] for record in kept for event in msgspec.json.decode(record.value or b"")}
    everything = ids_of(STRETCH[number]) <= ids
    return f"{answers[number]}, {'kept' if everything else 'not kept'}"


async def work_half(log: PartitionLog, records: Sequence[Record], topic: str) -> int:
    """Work the first records off and vanish as the killed do, without a last snapshot.

    Returns the offset up to which it came.
    """
    partition = Partition(log, EngineSettings(snapshot_records=_IN_SNAPSHOT), topic)
    await partition.open()
    await partition.process(records[:_IN_SNAPSHOT])
    await partition.process(records[_IN_SNAPSHOT:][:_AFTER_SNAPSHOT])
    await log.aclose()
    assert partition.applied is not None
    return partition.applied


async def work_all_but_one(log: PartitionLog, records: Sequence[Record], topic: str) -> None:
    """Work all records off but the last, and leave in good order."""
    partition = Partition(log, EngineSettings(), topic)
    await partition.open()
    await partition.process(records[:-1])
    await partition.close()


def seen_of_last(before: Published, found: Published) -> str:
    """Tell in the page's words how much of what the last record brings about is published."""
    if found == before:
        return "not published"
    return "published" if found == of_outage() else "partly published"


@cache
def once() -> dict[str, list[bytes]]:
    """What must be published of each flow if every event is counted once."""
    return by_flow(_replayed(STRETCH))


@cache
def of_outage() -> Published:
    """What must be published of the silence and what was before it."""
    return _replayed(OUTAGE)


def _replayed(stretch: Sequence[Minute]) -> Published:
    records = [
        Record(0, offset, None, batch.value, BATCH_HEADERS)
        for offset, minute in enumerate(stretch)
        for batch in pack(minute, 1)
    ]
    return replayed({0: records}, EngineSettings(), "any")


def check_counted_once(published: Published) -> None:
    """Each flow's verdicts and alerts are those of a log that holds every event once."""
    wanted = once()
    assert by_flow(published) == wanted
    assert any(name.startswith("alerts/") for name in wanted)
