from __future__ import annotations

import pytest
from kafka.partitioner.default import murmur2 as kafka_python_murmur2

from pipeline.log.partitioner import murmur2, partition_of


# Apache Kafka, UtilsTest.testMurmur2, as signed 32-bit integers
@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_that_of_the_java_client(key: bytes, hashed: int):
    assert murmur2(key) == hashed & 0xFFFF_FFFF


def test_the_sign_bit_is_cleared_before_the_modulo():
    assert partition_of("21", 1000) == (-973932308 & 0x7FFF_FFFF) % 1000


def test_kafka_python_puts_a_key_where_we_do():
    for number in range(500):
        key = f"tenant-é:{number}"
        assert partition_of(key, 12) == (kafka_python_murmur2(key.encode()) & 0x7FFF_FFFF) % 12


def test_keys_spread_over_all_partitions():
    assert {partition_of(f"acme:{number}", 8) for number in range(200)} == set(range(8))
