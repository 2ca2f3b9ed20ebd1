"""From Patchworks to the journal, with ``cogentai`` as a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from pipeline.ingest.server import serving
from pipeline.log.journal import Journal
from pipeline.patchworks_sim.app import create_app
from pipeline.patchworks_sim.clock import RunningClock
from pipeline.patchworks_sim.company import Company
from pipeline.patchworks_sim.stand_in import StandIn
from pipeline.settings import JournalSettings
from tests.e2e.processes import Cogentai


def environment(url: str, company: Company) -> dict[str, str]:
    return {
        "COGENTAI_PATCHWORKS__ACME__URL": f"{url}/api/v1",
        "COGENTAI_PATCHWORKS__ACME__API_KEY": company.api_key,
        "COGENTAI_PATCHWORKS__ACME__BACKFILL_DAYS": "0.02",
        "COGENTAI_INGEST__PORT": "0",
    }


async def test_runs_of_patchworks_reach_the_journal(tmp_path: Path):
    start = datetime.now(UTC)
    company = Company.draw(start, history_hours=1, live_hours=1)
    stand_in = StandIn(RunningClock(start), [company])
    async with serving(create_app(stand_in), "127.0.0.1", 0, dates=False) as url:
        with Cogentai(tmp_path, "run", environment(url, company)) as process:
            types: Counter[str] = Counter()
            async with asyncio.timeout(30):
                while types["cogent.queue.snapshot"] == 0:
                    await asyncio.sleep(0.5)
                    types = await _types(tmp_path)
            process.send(signal.SIGTERM)
            assert await asyncio.to_thread(process.exit_code, 20) == 0
            said = process.errors.read_text()
    assert types["cogent.flow.run"] > 100
    assert company.api_key not in said


async def _types(folder: Path) -> Counter[str]:
    path = folder / ".run" / "journal.db"
    if not path.exists():
        return Counter()
    journal = await Journal.open(JournalSettings(path=path))
    records = await journal.read(0, after=None)
    await journal.aclose()
    return Counter(event["type"] for record in records for event in json.loads(record.value or ""))
