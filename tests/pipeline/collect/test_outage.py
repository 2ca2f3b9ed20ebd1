"""An hour in which the API does not answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from detectors.columns import Windows
from pipeline.engine.emissions import ClosedWindow
from pipeline.engine.engine import Engine
from pipeline.log.base import Entry
from pipeline.patchworks_sim.faults import Faults
from pipeline.settings import EngineSettings
from schemas.alerts import Alert
from tests.make import batch_of, heartbeat
from tests.pipeline.collect.patchworks import START, MemoryLog, Office, SleptClock, office

TAUGHT_HOURS = 5.0
BEGIN, END = START + timedelta(minutes=10), START + timedelta(minutes=70)
STOP = START + timedelta(minutes=95)


class WatchedLog(MemoryLog):
    """A log that an ingest edge writes its heartbeats to as well: the engine's other clock."""

    def beat(self, clock: SleptClock) -> None:
        beat = heartbeat(clock.now().timestamp(), "ingest")
        self.entries.append(Entry(None, json.dumps(beat).encode()))


async def collected(folder: Path, outages: list[tuple[datetime, datetime]]) -> Office:
    """Collect from a small company; all its past first."""
    folder.mkdir()  # noqa: ASYNC240
    faults = Faults(outages=outages)
    company = {"history_hours": TAUGHT_HOURS, "live_hours": 2.0, "runs_per_minute": 25}
    async with office(folder, faults, **company) as there:
        log = there.log = WatchedLog()
        sleep = there.clock.sleep

        async def sleep_and_beat(seconds: float) -> None:
            await sleep(seconds)
            log.beat(there.clock)

        there.clock.sleep = sleep_and_beat
        minutes = (STOP - START).total_seconds() / 60
        await there.collect(minutes, backfill_days=TAUGHT_HOURS / 24)
        return there


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> tuple[list[ClosedWindow | Alert], list[ClosedWindow | Alert]]:
    folder = tmp_path_factory.mktemp("outage")
    calm = asyncio.run(collected(folder / "calm", []))
    torn = asyncio.run(collected(folder / "torn", [(BEGIN, END)]))
    assert torn.clock.now() >= STOP
    return list(emissions(calm.log)), list(emissions(torn.log))


def emissions(log: MemoryLog) -> Iterator[ClosedWindow | Alert]:
    engine = Engine(EngineSettings())
    for entry in log.entries:
        for one in engine.apply(batch_of(b"[" + entry.value + b"]")):
            if isinstance(one, ClosedWindow | Alert):
                yield one


def test_one_alert_says_that_we_are_blind_and_none_that_flows_are_silent(both):
    calm, torn = (
        [(one.signal, one.flow_id) for one in found if isinstance(one, Alert) and not one.revision]
        for found in both
    )
    assert [alert for alert in torn if alert not in calm] == [("collector", "patchworks:acme")]


def test_the_alert_resolves_once_the_api_answers_again(both):
    states = [one for one in both[1] if isinstance(one, Alert) and one.signal == "collector"]
    assert [one.status for one in states] == ["firing", "resolved"]
    assert BEGIN < states[0].updated_at < BEGIN + timedelta(minutes=10)
    assert END <= states[1].updated_at < END + timedelta(minutes=5)


def test_windows_are_as_if_there_had_been_no_outage(both):
    calm, torn = (rows(found) for found in both)
    shared = calm.keys() & torn.keys()
    assert len(shared) > 0.95 * len(calm)
    during = [key for key in shared if BEGIN.timestamp() <= key[1] < END.timestamp()]
    assert sum(calm[key][0] for key in during) > 1000
    for key in shared:
        np.testing.assert_array_equal(calm[key], torn[key], err_msg=str(key))


COUNTED = [name for name in Windows._fields if name != "queue_depth"]
"""Everything but the queue, which nobody can look at afterwards."""


def rows(found: list[ClosedWindow | Alert]) -> dict[tuple[str, int], list[float]]:
    return {
        (flow.flow_id, one.start): [float(getattr(one.windows, name)[i]) for name in COUNTED]
        for one in found
        if isinstance(one, ClosedWindow)
        for i, flow in enumerate(one.flows)
    }
