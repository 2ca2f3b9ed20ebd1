"""More partitions for a cluster at rest: each flow moves, and takes its history along.

The number may only grow to a multiple, so that every new partition takes its flows from one old
partition. The topics get the new partitions first; then every old partition's state is divided:
the parts of the new partitions are written before the old one lets go of their flows. So an attempt
that breaks off loses nothing, and the next one does what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipeline.engine.emissions import FlowKey
from pipeline.engine.resharding import flows_in, part_of
from pipeline.log.base import NOTHING
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.log.partitioner import partition_of
from pipeline.log.topics import check, extend
from pipeline.settings import KafkaSettings, Settings
from pipeline.worker.partition import Partition


class GrowthError(Exception):
    """Something stands in the way of more partitions."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many flows have gone from an old partition to a new one."""

    source: int
    target: int
    flows: int


async def grow(
    settings: Settings, partitions: int, tell: Callable[[Moved], None] = lambda _: None
) -> None:
    """Bring the topics to a number of partitions, and every flow's history to its new one.

    Edges, other producers and workers must have stopped, with every record applied. Afterwards
    they start with the new number.

    Raises
    ------
    ValueError
        If the number is no multiple of the one there is.
    GrowthError
        If topics have another number, or some record has not been applied: nothing was changed
        then, unless it was written meanwhile.
    LogUnavailableError
        If the cluster does not answer.
    """
    old = settings.kafka.partitions
    if partitions <= old or partitions % old:
        raise ValueError(f"{old} partitions can become a multiple of {old}, not {partitions}")
    _check_topics(settings.kafka, partitions)
    grown = settings.kafka.model_copy(update={"partitions": partitions})
    await _check_applied(settings.kafka)
    extend(grown)
    for number in range(old):
        await _divide(grown, settings, number, tell)
    await _check_applied(settings.kafka)


def _check_topics(kafka: KafkaSettings, partitions: int) -> None:
    """Refuse topics that are neither as they should be nor as an earlier attempt left them."""
    for found in check(kafka):
        if found.setting == "partitions" and found.found != str(partitions):
            raise GrowthError(
                f"topic {found.topic} has {found.found or 'no'} partitions instead of "
                f"{found.expected}: see cogentai topics apply --check"
            )


async def _check_applied(kafka: KafkaSettings) -> None:
    """Refuse if any partition has records behind what was applied."""
    for number in range(kafka.partitions):
        log = KafkaPartitionLog(kafka, number)
        try:
            checkpoint = await log.open()  # shuts out a worker that still runs
            applied = None if checkpoint is None else checkpoint.applied
            midway = checkpoint is not None and checkpoint.ahead > 0
            behind = sum([len(page) async for page in log.replay(applied, None)])
        finally:
            await log.aclose()
        if behind or midway:
            what = (
                f"{behind} records that are not applied" if behind else "half of a record applied"
            )
            raise GrowthError(
                f"partition {number} has {what}: stop what still writes, and let workers with "
                f"{kafka.partitions} partitions finish"
            )


async def _divide(
    grown: KafkaSettings, settings: Settings, number: int, tell: Callable[[Moved], None]
) -> None:
    """Divide one partition's state: first the new parts, then what is left."""
    log = KafkaPartitionLog(grown, number)
    try:
        partition = Partition(log, settings.engine, grown.events_topic)
        await partition.open()
        if partition.applied is None:  # no record has ever come
            return
        whole = partition.engine.snapshot()
        old = settings.kafka.partitions
        targets = range(number + old, grown.partitions, old)
        for target in targets:
            tell(Moved(number, target, await _give(grown, target, whole)))
        rest = part_of(whole, _not_of(targets, grown.partitions), heir=True)
        await log.commit(partition.applied, (), rest)
    finally:
        await log.aclose()


async def _give(grown: KafkaSettings, target: int, whole: bytes) -> int:
    """Write a new partition's part, unless an earlier attempt has; return how many flows it has."""
    log = KafkaPartitionLog(grown, target)
    try:
        checkpoint = await log.open()
        if checkpoint is not None and checkpoint.snapshot is not None:
            return len(flows_in(checkpoint.snapshot))
        part = part_of(
            whole, lambda key: partition_of(str(key), grown.partitions) == target, heir=False
        )
        await log.commit(NOTHING, (), part)
        return len(flows_in(part))
    finally:
        await log.aclose()


def _not_of(targets: Iterable[int], partitions: int) -> Callable[[FlowKey], bool]:
    """What stays: a flow that a producer has put where its key does not lead stays, too."""
    return lambda key: partition_of(str(key), partitions) not in targets
