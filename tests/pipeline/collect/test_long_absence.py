"""A collector that is killed before it knows what it has delivered, and is away for hours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.engine.engine import Engine
from pipeline.log.base import Entry
from pipeline.settings import EngineSettings
from tests.make import batch_of, heartbeat
from tests.pipeline.collect.patchworks import MemoryLog, Office, office
from tests.pipeline.collect.test_exactly_once import queued

AWAY = timedelta(hours=3)


class KilledError(BaseException):
    """What a collector that is killed does not get to handle."""


class LastWord(MemoryLog):
    """A log that takes a delivery, and whose collector does not live to know it."""

    deadly = False

    async def append(self, entries: Sequence[Entry]) -> None:
        await super().append(entries)
        if self.deadly:
            self.deadly = False
            raise KilledError


async def away(there: Office) -> None:
    """Hours in which only an ingest edge tells the engine the time."""
    end = there.clock.now() + AWAY
    while there.clock.now() < end:
        await there.clock.sleep(30)
        beat = heartbeat(there.clock.now().timestamp(), "ingest")
        there.log.entries.append(Entry(None, json.dumps(beat).encode()))


async def test_what_it_delivers_again_after_hours_counts_once(tmp_path: Path):
    async with office(tmp_path, runs_per_minute=200) as there:
        log = there.log = LastWord()
        await there.collect(5)
        log.deadly = True
        with pytest.raises(KilledError):
            await there.collect(5)
        await away(there)
        await there.collect(5)
    ids = [event["id"] for event in log.of("flow.run")]
    assert len(ids) > len(set(ids))
    engine = Engine(EngineSettings())
    for entry in log.entries:
        engine.apply(batch_of(b"[" + entry.value + b"]"))
    assert engine.totals["events.cogent.flow.run"] == len(set(ids))
    assert len(set(there.told())) + queued(log) == len(set(ids))
    assert not {"late", "repeated_state"} & engine.totals.keys()
