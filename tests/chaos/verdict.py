"""Whether a storm left its mark: everything is held against a linear replay of the same topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pipeline.engine.engine import Engine
from pipeline.log.base import Checkpoint, Entry, Record
from pipeline.log.kafka_checkpoint import read_checkpoint, read_header
from pipeline.log.kafka_consumer import PartitionReader
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings, KafkaSettings
from tests.e2e.verifier import Published, by_flow, published, read

States = dict[int, bytes | None]
"""The engine's whole state, by partition."""


class Check(NamedTuple):
    """One thing that must hold: how much was looked at, and how much of it is wrong."""

    what: str
    looked_at: int
    wrong: int


async def judge(settings: KafkaSettings, engine: EngineSettings, given: list[Entry]) -> list[Check]:
    """Compare what is in the topics with what must be, after all workers left in good order."""
    records = await read(settings, settings.events_topic)
    found, states = await published(settings), await _states(settings, engine, records)
    wanted, linear = _replay(records, engine, settings.events_topic)
    ids = Counter(_ids(r.value or b"" for rs in records.values() for r in rs))
    return [
        Check("events accepted, and not in the log", *_missing(given, ids)),
        Check("outputs lost", *_lost(wanted, found)),
        Check("outputs repeated or never due", *_lost(found, wanted)),
        Check("partitions of a topic that differ in a byte or in order", *_differ(wanted, found)),
        Check("flows whose signals or alerts differ in a byte", *_differ_by_flow(wanted, found)),
        Check("flows whose counts differ", *_counts(wanted, found)),
        Check("alerts told twice", *_twice(found)),
        Check("partitions whose state differs in a byte", len(linear), _unlike(linear, states)),
    ]


def _replay(
    records: dict[int, list[Record]], settings: EngineSettings, topic: str
) -> tuple[Published, States]:
    """Apply every partition from its first record to its last, in this process, undisturbed."""
    wanted: Published = {(t, n): [] for t in ("signals", "alerts", "dead-letters") for n in records}
    states: States = {}
    for n, of_partition in records.items():
        linear = Engine(settings, n)
        for record in of_partition:
            for out in encode(linear.apply(record), topic=topic, partition=n):
                wanted[out.topic, n].append((out.key, out.value))
        states[n] = linear.snapshot()
    return wanted, states


async def _states(
    kafka: KafkaSettings, settings: EngineSettings, records: dict[int, list[Record]]
) -> States:
    """Return what the next owners would go on from: the last snapshot, and what came after it.

    A worker that drained leaves nothing to come after it; but the last records of a partition may
    have been committed by one that was killed.
    """
    states: States = {}
    for n, of_partition in records.items():
        reading = PartitionReader.open(kafka, kafka.checkpoints_topic, n, "read_committed")
        async with reading as reader:
            header = await read_header(reader)
            states[n] = header and _state(
                settings, n, await read_checkpoint(reader, header), of_partition
            )
    return states


def _state(settings: EngineSettings, n: int, last: Checkpoint, records: list[Record]) -> bytes:
    after, engine = -1, Engine(settings, n)
    if last.snapshot is not None and last.snapshot_offset is not None:
        after = last.snapshot_offset
        engine.restore(last.snapshot)
    for _ in engine.apply_all(r for r in records if after < r.offset <= last.applied):
        pass
    return engine.snapshot()


def _ids(values: Iterable[bytes]) -> Iterable[str]:
    for value in values:
        for e in msgspec.json.decode(value):
            yield e["id"]


def _missing(given: list[Entry], ids: Counter[str]) -> tuple[int, int]:
    sent = {msgspec.json.decode(entry.value)["id"] for entry in given}
    return len(sent), len(sent - ids.keys())


def _lost(wanted: Published, found: Published) -> tuple[int, int]:
    """Count what is wanted, and how much of it is not found, duplicates counted."""
    lacking = [Counter(outputs) - Counter(found[place]) for place, outputs in wanted.items()]
    return sum(map(len, wanted.values())), sum(each.total() for each in lacking)


def _differ(wanted: Published, found: Published) -> tuple[int, int]:
    return len(wanted), sum(outputs != found[place] for place, outputs in wanted.items())


def _differ_by_flow(wanted: Published, found: Published) -> tuple[int, int]:
    one, other = by_flow(wanted), by_flow(found)
    return len(one), sum(one.get(flow) != other.get(flow) for flow in one | other)


def _counts(wanted: Published, found: Published) -> tuple[int, int]:
    one, other = _runs(wanted), _runs(found)
    return len(one), sum(one[flow] != other[flow] for flow in one | other)


def _runs(everything: Published) -> Counter[str]:
    """Add up, flow by flow, the runs that its windows were judged by."""
    runs: Counter[str] = Counter()
    for flow, said in by_flow(everything).items():
        for each in map(msgspec.json.decode, said if flow.startswith("signals/") else []):
            if each["data"]["signal"] == "volume":
                runs[flow] += each["data"]["observed"] or 0
    return runs


def _twice(found: Published) -> tuple[int, int]:
    told = Counter(
        msgspec.json.decode(value or b"")["id"]
        for (topic, _), outputs in found.items()
        if topic == "alerts"
        for _, value in outputs
    )
    return len(told), told.total() - len(told)


def _unlike(linear: States, states: States) -> int:
    return sum(states[n] != state for n, state in linear.items())
