"""A process that is killed between two steps of a commit leaves all of it or nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from pipeline.log.base import Checkpoint

COMMIT_UNTIL_KILLED = """
import asyncio, sys
from pipeline.log.base import Output
from pipeline.log.journal import Journal
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.settings import JournalSettings, KafkaSettings

async def main(kind, settings):
    if kind == "journal":
        partition = (await Journal.open(JournalSettings.model_validate_json(settings))).partition(0)
    else:
        partition = KafkaPartitionLog(KafkaSettings.model_validate_json(settings), 0)
    await partition.open()
    for number in range(1, 10**9):
        outputs = [Output("alerts", b"k", b"%d%s" % (number, part)) for part in (b"a", b"b", b"c")]
        await partition.commit(number, outputs, snapshot=b"%d " % number * 100_000)
        print(number, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("confirmed", [1, 7, 12])
async def test_a_killed_owner_leaves_whole_commits(log, confirmed: int):
    last = await asyncio.to_thread(commit_until_killed, log.kind, log.settings, confirmed)

    checkpoint = await log.partition(0).open()

    assert checkpoint is not None
    applied = checkpoint.applied
    assert applied in (last, last + 1)
    assert checkpoint == Checkpoint(applied, applied, b"%d " % applied * 100_000)
    assert [output.value for output in await log.published("alerts")] == [
        b"%d%s" % (number, part) for number in range(1, applied + 1) for part in (b"a", b"b", b"c")
    ]


def commit_until_killed(kind: str, settings, confirmed: int) -> int:
    """Kill it once so many commits are confirmed; return the last that was."""
    command = [sys.executable, "-c", COMMIT_UNTIL_KILLED, kind, settings.model_dump_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(confirmed)]
        process.kill()
        lines += process.stdout.readlines()
    return int(lines[-1])
