"""What the edge has acknowledged survives the death of its process."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import httpx

from pipeline.log.journal import Journal
from pipeline.settings import JournalSettings
from tests.pipeline.ingest.edge import BATCH, run

PROCESS = """
import asyncio, pathlib, sys
from pipeline.ingest.app import create_app
from pipeline.ingest.server import serving
from pipeline.log.journal import Journal
from pipeline.settings import IngestSettings, JournalSettings

async def main():
    journal = await Journal.open(JournalSettings(path=pathlib.Path(sys.argv[1])))
    app = create_app(IngestSettings(heartbeat_seconds=0), journal)
    async with serving(app, "127.0.0.1", 0) as url:
        print(url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_every_acknowledged_event_is_in_the_journal_after_a_kill(tmp_path: Path):
    path = tmp_path / "journal.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROCESS, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    while not (line := await process.stdout.readline()).startswith(b"http"):
        assert line, "the edge did not start"
    url = line.decode().strip()

    acknowledged: set[str] = set()
    enough = asyncio.Event()
    senders = [asyncio.create_task(send(url, n, acknowledged, enough)) for n in range(4)]
    await enough.wait()
    process.send_signal(signal.SIGKILL)
    await asyncio.gather(*senders)
    await process.communicate()

    journal = await Journal.open(JournalSettings(path=path))
    records = await journal.read(0, after=None, limit=100_000)
    await journal.aclose()
    kept = {event["id"] for record in records for event in json.loads(record.value or b"")}
    assert acknowledged <= kept


async def send(url: str, sender: int, acknowledged: set[str], enough: asyncio.Event) -> None:
    """Post batches until the edge is gone."""
    async with httpx.AsyncClient(base_url=url, headers={"content-type": BATCH}) as client:
        for number in range(10_000):
            ids = [f"{sender}:{number}:{n}" for n in range(5)]
            body = json.dumps([run(id=id_) for id_ in ids])
            try:
                response = await client.post("/v1/events", content=body)
            except httpx.TransportError:
                return
            if response.status_code == 202:
                acknowledged.update(ids)
            if len(acknowledged) >= 400:
                enough.set()
