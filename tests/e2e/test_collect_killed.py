"""``cogentai run`` collects, and is killed (SIGKILL) again and again, whatever it does just then.

By default three times within two minutes of the company's time. The whole of it:

    COGENTAI_COLLECT_KILLS=20 COGENTAI_COLLECT_MINUTES=60 python -m pytest \\
        tests/e2e/test_collect_killed.py --timeout 3600

Its time runs four times as fast as ours, so that is a quarter of an hour and more.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.ingest.server import serving
from pipeline.log.base import Entry
from pipeline.log.journal import Journal
from pipeline.patchworks_sim.app import create_app
from pipeline.patchworks_sim.clock import RunningClock
from pipeline.patchworks_sim.company import Company
from pipeline.patchworks_sim.faults import ORDINARY, Faults
from pipeline.patchworks_sim.stand_in import StandIn
from pipeline.settings import JournalSettings
from tests.e2e.processes import Cogentai
from tests.pipeline.collect.patchworks import Office
from tests.pipeline.collect.test_exactly_once import check_against_truth

KILLS = int(os.environ.get("COGENTAI_COLLECT_KILLS", "3"))
MINUTES = int(os.environ.get("COGENTAI_COLLECT_MINUTES", "2"))
RUNS_PER_MINUTE = 500
SPEED = 4.0


def environment(url: str, company: Company) -> dict[str, str]:
    return {
        "COGENTAI_PATCHWORKS__ACME__URL": f"{url}/api/v1",
        "COGENTAI_PATCHWORKS__ACME__API_KEY": company.api_key,
        "COGENTAI_PATCHWORKS__ACME__BACKFILL_DAYS": "0.001",
        "COGENTAI_PATCHWORKS__ACME__POLL_SECONDS": "10",
        "COGENTAI_PATCHWORKS__ACME__TRACKED_DATA": "false",
        "COGENTAI_JOURNAL__PARTITIONS": "1",
        "COGENTAI_INGEST__PORT": "0",
        "COGENTAI_INGEST__HEARTBEAT_SECONDS": "0",
    }


async def test_every_run_is_seen_once_in_each_state(tmp_path: Path):
    start = datetime.now(UTC) - timedelta(minutes=MINUTES)
    company = Company.draw(
        start, history_hours=0.2, live_hours=MINUTES / 60 + 1, runs_per_minute=RUNS_PER_MINUTE
    )
    faults = Faults(frozenset(ORDINARY.keys() - {"outage"}), seed=1)
    stand_in = StandIn(RunningClock(start, SPEED, catches_up=True), [company], faults)
    async with serving(create_app(stand_in), "127.0.0.1", 0, dates=False) as url:
        there = Office(url, stand_in, stand_in.clock, tmp_path)
        await collect(there, start)
    check_against_truth(there, start)


async def collect(there: Office, start: datetime) -> None:
    """Let processes collect and die; let the last one catch up and end in peace."""
    dice, share = random.Random(1), 60 * MINUTES / SPEED / KILLS
    env = environment(there.url, there.company)
    for _ in range(KILLS):
        with Cogentai(there.folder, "run", env) as process:
            await asyncio.sleep(share * dice.uniform(0.5, 1.5))
            process.send(signal.SIGKILL)
            await asyncio.to_thread(process.exit_code, 10)
    with Cogentai(there.folder, "run", env) as process:
        async with asyncio.timeout(300):
            await told_up_to(there, start + timedelta(minutes=MINUTES))
        process.send(signal.SIGTERM)
        assert await asyncio.to_thread(process.exit_code, 20) == 0


async def told_up_to(there: Office, at: datetime) -> None:
    """Read the journal until the collector has vouched for an instant."""
    after, vouched = None, at - timedelta(days=1)
    journal = await Journal.open(
        JournalSettings(path=there.folder / ".run" / "journal.db", partitions=1)
    )
    while vouched < at:
        records = await journal.read(0, after)
        for record in records:
            after = record.offset
            for event in json.loads(record.value or b""):
                there.log.entries.append(Entry(None, json.dumps(event).encode()))
                if event["type"] == "cogent.collector.heartbeat":
                    vouched = datetime.fromisoformat(event["data"]["watermark"])
        if not records:
            await asyncio.sleep(1)
    await journal.aclose()
