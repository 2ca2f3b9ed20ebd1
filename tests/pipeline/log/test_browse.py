from __future__ import annotations

from pipeline.log.base import Entry
from pipeline.log.browse import browse
from pipeline.settings import Settings


async def values(log) -> list[bytes | None]:
    settings = Settings.model_construct(**{log.kind: log.settings})
    return [record.value async for record in browse(log.kind, settings, partition=2)]


async def test_it_ends_where_the_log_ends(log):
    assert await values(log) == []
    await log.events.append([Entry(None, b"1")])
    await log.events.append([Entry(None, b"2")])
    assert await values(log) == [b"[1]", b"[2]"]


async def test_any_partition_has_all_that_is_of_no_flow(log):
    await log.events.append([Entry(None, b"1"), Entry(None, b"2")])
    assert await values(log) == [b"[1,2]"]
