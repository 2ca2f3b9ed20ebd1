from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.log.base import Entry
from pipeline.log.batching import Batch, pack
from pipeline.log.partitioner import partition_of

PARTITIONS = 3
keys = st.none() | st.sampled_from([f"acme:{number}" for number in range(9)])
entries = st.lists(keys.map(lambda key: (key, key or "all")), max_size=40)


@given(entries, st.integers(min_value=20, max_value=300))
def test_every_partition_gets_its_own_and_the_keyless_in_order(drawn, max_bytes: int):
    numbered = [(key, {"n": n, "key": name}) for n, (key, name) in enumerate(drawn)]
    given_entries = [Entry(key, json.dumps(event).encode()) for key, event in numbered]

    packed = pack(given_entries, PARTITIONS, max_bytes)

    for partition in range(PARTITIONS):
        values = [batch.value for batch in packed if batch.partition == partition]
        assert [event for value in values for event in json.loads(value)] == [
            event
            for key, event in numbered
            if key is None or partition_of(key, PARTITIONS) == partition
        ]


@given(st.lists(st.binary(min_size=1, max_size=50)), st.integers(min_value=52, max_value=200))
def test_a_record_stays_under_the_limit_and_is_filled_before_the_next(values, max_bytes: int):
    sizes = [len(batch.value) for batch in pack([Entry(None, v) for v in values], 1, max_bytes)]

    assert all(size <= max_bytes for size in sizes)
    assert all(a + b > max_bytes for a, b in pairwise(sizes))


def test_an_entry_too_large_by_itself_travels_alone():
    large = b"9" * 100

    packed = pack([Entry(None, b"1"), Entry(None, large), Entry(None, b"2")], 1, max_bytes=50)

    assert packed == [Batch(0, b"[1]"), Batch(0, b"[" + large + b"]"), Batch(0, b"[2]")]


def test_nothing_packs_to_nothing():
    assert pack([], PARTITIONS) == []
