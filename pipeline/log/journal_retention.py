"""What the journal forgets: outputs past their age, and records that replay no longer needs."""

from __future__ import annotations

import sqlite3
from functools import partial

from pipeline.log.group_commit import GroupCommit

_ROWS = 1000
"""Deleted in one transaction, so that appends wait for milliseconds only."""

# Rows lie in the order of their writing, so a scan from the lowest ends at the first that is young
# enough. Records above a partition's snapshot stay whatever their age: replay begins there.
_RECORDS = """
    DELETE FROM records WHERE offset IN (
        SELECT offset FROM records JOIN checkpoints USING (partition)
        WHERE offset <= snapshot_offset AND offset < ifnull(
            (SELECT offset FROM records WHERE written_at >= :before ORDER BY offset LIMIT 1),
            (SELECT max(offset) FROM records) + 1)
        ORDER BY offset LIMIT :rows)
"""
_OUTPUTS = """
    DELETE FROM outputs WHERE sequence IN (
        SELECT sequence FROM outputs
        WHERE sequence < ifnull(
            (SELECT sequence FROM outputs WHERE written_at >= :before ORDER BY sequence LIMIT 1),
            (SELECT max(sequence) FROM outputs) + 1)
        ORDER BY sequence LIMIT :rows)
"""


async def expire(writer: GroupCommit, before: float) -> int:
    """Delete what was written before an epoch second and is not needed; return how many rows."""
    deleted = 0
    for statement in (_RECORDS, _OUTPUTS):
        while rows := await writer.run(partial(_delete, statement, before)):
            deleted += rows
    return deleted


def _delete(statement: str, before: float, connection: sqlite3.Connection) -> int:
    return connection.execute(statement, {"before": before, "rows": _ROWS}).rowcount
