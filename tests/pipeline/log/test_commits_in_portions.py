"""A partition at work, its owners killed between portions of a record, on either log."""

from __future__ import annotations

import pytest

from pipeline.log.base import Output, PartitionLog
from pipeline.worker import portions
from tests.pipeline.worker.outage import (
    BOUND,
    KilledError,
    Mortal,
    appends,
    opened,
    undisturbed,
)


@pytest.fixture(autouse=True)
def bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "PORTION_BYTES", BOUND)


async def work_off(log, partition: PartitionLog, at_once: int) -> int:
    """Work off what there is, so many records at once; return how many commits that took."""
    mortal = partition if isinstance(partition, Mortal) else Mortal(partition)
    worker = await opened(mortal)
    records = await log.records(0)
    for first in range(0, len(records), at_once):
        await worker.process(records[first : first + at_once])
    await worker.close()
    return len(mortal.commits)


def by_topic(outputs: list[Output]) -> dict[str, list[Output]]:
    topics = ("signals", "alerts", "dead-letters")
    return {topic: [output for output in outputs if output.topic == topic] for topic in topics}


async def check(log) -> None:
    """All is published once and in order, and the last snapshot is the state it should be."""
    outputs, state = undisturbed(await log.records(0))
    found = {topic: await log.published(topic) for topic in by_topic(outputs)}
    assert found == by_topic(outputs)
    checkpoint = await log.partition(0).open()
    assert checkpoint is not None
    assert (checkpoint.snapshot, checkpoint.ahead) == (state, 0)


async def write(log) -> None:
    for entries in appends():
        await log.events.append(entries)


@pytest.mark.parametrize("at_once", [1, 6])
async def test_killed_after_any_portion_nothing_is_lost_repeated_or_out_of_order(log, at_once):
    await write(log)
    deaths = 0
    while True:
        try:
            await work_off(log, Mortal(log.partition(0), commits=1), at_once)
        except KilledError:
            deaths += 1
        else:
            break
    assert deaths > 10
    await check(log)


@pytest.mark.parametrize("commits", range(1, 10))
async def test_the_next_owner_goes_on_whatever_batches_it_is_given(log, commits):
    await write(log)
    with pytest.raises(KilledError):
        await work_off(log, Mortal(log.partition(0), commits), at_once=6)

    await work_off(log, log.partition(0), at_once=1)

    await check(log)
