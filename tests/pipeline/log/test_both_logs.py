"""What the engine relies on, whichever log it runs on."""

from __future__ import annotations

import asyncio
import json
import os

import pytest

from pipeline.log.base import NOTHING, Checkpoint, Entry, FencedError, Output, PartitionLog
from pipeline.log.batching import BATCH_HEADERS
from pipeline.log.partitioner import partition_of

KEY = "acme:orders"
HOME = partition_of(KEY, 4)


def event(number: int, key: str | None = KEY) -> Entry:
    return Entry(key, json.dumps(number).encode())


def alert(text: str) -> Output:
    return Output("alerts", KEY.encode(), text.encode(), (("content-type", b"text/plain"),))


async def replayed(partition: PartitionLog, after: int | None, through: int) -> list[int]:
    return [record.offset async for page in partition.replay(after, through) for record in page]


async def test_one_append_makes_one_record_of_a_partition(log):
    await log.events.append([event(1), event(2)])

    (record,) = await log.records(HOME)

    assert (record.partition, record.value, record.headers) == (HOME, b"[1,2]", BATCH_HEADERS)


async def test_an_event_without_a_key_goes_to_every_partition(log):
    await log.events.append([event(1), event(2, key=None)])

    values = [[record.value for record in await log.records(partition)] for partition in range(4)]

    expected = [[b"[2]"]] * 4
    expected[HOME] = [b"[1,2]"]
    assert values == expected


async def test_appends_at_the_same_time_keep_the_order_they_were_made_in(log):
    await asyncio.gather(*(log.events.append([event(n)]) for n in range(100)))

    values = [json.loads(record.value) for record in await log.records(HOME)]
    assert [number for value in values for number in value] == list(range(100))


async def test_more_than_a_record_takes_is_split_in_order(log):
    large = [Entry(KEY, json.dumps([n, "x" * 400_000]).encode()) for n in range(5)]
    await log.events.append(large)

    records = await log.records(HOME)

    assert [[n for n, _ in json.loads(r.value)] for r in records] == [[0, 1], [2, 3], [4]]


async def test_a_new_partition_has_no_checkpoint(log):
    assert await log.partition(HOME).open() is None


async def test_a_commit_publishes_and_moves_the_checkpoint(log):
    partition = log.partition(HOME)
    await partition.open()

    await partition.commit(7, [alert("a"), alert("b")])

    assert await log.published("alerts") == [alert("a"), alert("b")]
    assert await log.partition(HOME).open() == Checkpoint(applied=7)


async def test_an_output_may_lack_key_and_value(log):
    partition = log.partition(HOME)
    await partition.open()

    await partition.commit(7, [Output("dead-letters", None, None, (("reason", b"null"),))])

    (output,) = await log.published("dead-letters")
    assert (output.key, output.value or None) == (None, None)
    assert output.headers == (("reason", b"null"),)


async def test_a_checkpoint_keeps_the_last_snapshot_and_the_last_offset(log):
    partition = log.partition(HOME)
    await partition.open()
    await partition.commit(5, [], snapshot=b"old")
    await partition.commit(7, [], snapshot=b"new")
    await partition.commit(9, [])

    assert await log.partition(HOME).open() == Checkpoint(9, 7, b"new")


async def test_a_commit_may_end_in_the_midst_of_a_record(log):
    partition = log.partition(HOME)
    await partition.open()
    await partition.commit(5, [], snapshot=b"state")
    await partition.commit(5, [alert("a"), alert("b")], ahead=2)
    await partition.commit(5, [alert("c")], ahead=3)

    assert await log.published("alerts") == [alert("a"), alert("b"), alert("c")]
    assert await log.partition(HOME).open() == Checkpoint(5, 5, b"state", ahead=3)


async def test_a_commit_of_the_whole_record_is_ahead_no_more(log):
    partition = log.partition(HOME)
    await partition.open()
    await partition.commit(NOTHING, [alert("a")], ahead=1)
    await partition.commit(0, [alert("b")])

    assert await log.partition(HOME).open() == Checkpoint(0)


async def test_in_the_midst_of_the_first_record_there_is_nothing_to_replay(log):
    await log.events.append([event(1)])
    partition = log.partition(HOME)
    await partition.open()
    await partition.commit(NOTHING, [alert("a")], ahead=1)

    found = await log.partition(HOME).open()

    assert found == Checkpoint(NOTHING, ahead=1)
    assert await replayed(partition, None, NOTHING) == []


async def test_partitions_do_not_share_a_checkpoint(log):
    for number in (0, 1):
        partition = log.partition(number)
        await partition.open()
        await partition.commit(number, [], snapshot=b"%d" % number)

    assert await log.partition(0).open() == Checkpoint(0, 0, b"0")
    assert await log.partition(1).open() == Checkpoint(1, 1, b"1")


async def test_a_snapshot_of_several_megabytes_survives_and_a_smaller_one_replaces_it(log):
    large, small = os.urandom(3_000_000), b"small"
    partition = log.partition(HOME)
    await partition.open()

    await partition.commit(5, [], snapshot=large)
    assert await log.partition(HOME).open() == Checkpoint(5, 5, large)

    partition = log.partition(HOME)
    await partition.open()
    await partition.commit(6, [], snapshot=small)
    assert await log.partition(HOME).open() == Checkpoint(6, 6, small)


async def test_an_empty_snapshot_is_a_snapshot(log):
    partition = log.partition(HOME)
    await partition.open()
    await partition.commit(5, [], snapshot=b"")

    assert await log.partition(HOME).open() == Checkpoint(5, 5, b"")


async def test_a_stale_owner_is_fenced_and_leaves_no_trace(log):
    stale, owner = log.partition(HOME), log.partition(HOME)
    await stale.open()
    await stale.commit(1, [alert("before")])
    await owner.open()

    with pytest.raises(FencedError):
        await stale.commit(2, [alert("stale")], snapshot=b"stale")
    await owner.commit(2, [alert("after")])

    assert await log.published("alerts") == [alert("before"), alert("after")]
    assert await log.partition(HOME).open() == Checkpoint(2)


async def test_a_partition_that_was_given_up_cannot_be_committed(log):
    partition = log.partition(HOME)
    await partition.open()
    await partition.aclose()

    with pytest.raises(FencedError):
        await partition.commit(1, [alert("a")])


async def test_replay_gives_exactly_the_records_above_and_through(log):
    for number in range(6):
        await log.events.append([event(number), event(number, key=None)])
    offsets = [record.offset for record in await log.records(HOME)]
    partition = log.partition(HOME)

    assert await replayed(partition, offsets[1], offsets[4]) == offsets[2:5]
    assert await replayed(partition, None, offsets[3]) == offsets[:4]
    assert await replayed(partition, offsets[2], offsets[2]) == []


async def test_replay_gives_records_as_they_were_written(log):
    await log.events.append([event(1)])
    written = await log.records(HOME)

    async for page in log.partition(HOME).replay(None, written[-1].offset):
        assert page == written
