"""Which partition a key belongs to: the rule every Kafka client follows.

Source: Apache Kafka, ``BuiltInPartitioner.partitionForKey``: murmur2 of the key's bytes, sign bit
cleared, modulo the number of partitions. A foreign producer with its default partitioner therefore
puts a flow where ours does.
"""

from __future__ import annotations

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a key.

    The hash is pure Python and flows come back again and again, hence the cache.

    Examples
    --------
    >>> partition_of("acme:orders", 12)
    4
    """
    hashed: int = murmur2(key.encode())
    return (hashed & 0x7FFF_FFFF) % partitions
