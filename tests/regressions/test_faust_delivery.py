"""What Faust fails to deliver, or delivers too late."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from pipeline.log.base import Entry
from pipeline.settings import KafkaSettings
from tests.e2e.retail import minutes
from tests.e2e.verifier import ENGINE, expected, published, settled, until, verified
from tests.regressions.apps import NOTES
from tests.regressions.conftest import App, Fill

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


async def test_events_in_hand_when_an_agent_fails_come_again(
    app: App, fill: Fill, tmp_path: Path
) -> None:
    """Plain Faust starts the agent again and goes on behind what failed.

    Of 1000 events, an exception at one of them lost that one with ``async for``, and 171 with
    ``take(100)``; their offsets were committed all the same. With ``noack_take(100)`` alone, the
    batch stayed behind for as long as the process lived. With ``CrashingSupervisor`` beside it,
    the process ends, and the next one gets them again; but for a batch before which nothing was
    committed, of which one partition's share may stay behind all the same. (The worker relies on
    its own checkpoints, and reads what is missing from the topic.)
    """
    values = [b"%d" % n for n in range(1000)]
    for some in (values[:200], values[200:]):  # two batches at least before the one that fails
        await fill([Entry(f"key-{value!r}", value) for value in some])
    with app("failing", FAILS="yes") as failing:
        assert await asyncio.to_thread(failing.exit_code, within=30) == 1
    with app("failing"):
        await until(lambda: _notes(tmp_path) >= {b"[%b]" % value for value in values}, "all events")


async def test_records_that_were_passed_over_are_read_from_the_log(
    app: App, fill: Fill, topics: KafkaSettings, tmp_path: Path
) -> None:
    """Around a rebalance plain Faust drops records it has fetched, and goes on behind them.

    (``Consumer.getmany`` breaks off when the generation changes; positions have moved on by then.)
    The worker sees the hole in the offsets, and reads what is missing from the topic itself.
    """
    await fill(_many())
    with app("passing_over") as worker:
        await verified(topics)
        assert _notes(tmp_path)
        assert not worker.ended()


async def test_records_in_hand_at_a_rebalance_are_not_applied_after_it(
    app: App, fill: Fill, topics: KafkaSettings, tmp_path: Path
) -> None:
    """Plain Faust hands records to an agent whose partition is another worker's meanwhile.

    They wait in the buffer of ``take``, which a rebalance does not empty. A worker that applied
    them would take the partition from its new owner, or have it taken. Ours passes them over.
    """
    await fill(_many())
    with app("slow") as first:
        await until(lambda: len(_notes(tmp_path)) == 2, "commits of both partitions")
        with app("slow") as second:
            await settled(topics, await expected(topics, ENGINE))
            assert await published(topics) == await expected(topics, ENGINE)
            for each in (first, second):
                each.send(signal.SIGTERM)
                assert each.exit_code(within=10) == 0
                assert each.errors.read_text() == ""  # no partition in hand that is another's


def _many() -> list[Entry]:
    """So many records that a worker has some in hand for seconds."""
    return [e for minute in minutes(flows=40, length=100, per_minute=4) for e in minute]


def _notes(folder: Path) -> set[bytes]:
    file = folder / NOTES
    return set(file.read_bytes().split()) if file.exists() else set()
