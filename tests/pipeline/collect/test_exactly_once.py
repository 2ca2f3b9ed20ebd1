"""A busy company, everything that can go wrong, and a collector that is killed again and again.

By default six minutes of the company's time; COGENTAI_COLLECT_MINUTES=60 makes it an hour.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from pipeline.collect.place import Place, Places
from pipeline.engine.emissions import ClosedWindow
from pipeline.engine.engine import Engine
from pipeline.log.base import Entry
from pipeline.patchworks_sim.faults import ORDINARY, Faults
from pipeline.settings import EngineSettings
from tests.make import batch_of, heartbeat
from tests.pipeline.collect.patchworks import (
    START,
    MemoryLog,
    Office,
    SleptClock,
    late,
    office,
    watermarks,
)

MINUTES = int(os.environ.get("COGENTAI_COLLECT_MINUTES", "6"))
RUNS_PER_MINUTE = 500
KILLS = 20


class KilledError(BaseException):
    """What a collector that is killed does not get to handle."""


class Death:
    """Strikes at the next step of a delivery once its hour has come."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.hours = sorted(dice.uniform(5, 60 * MINUTES) for _ in range(KILLS))

    def strike(self, now: datetime) -> None:
        due = self.hours and now > START + timedelta(seconds=self.hours[0])
        if due and self._dice.random() < 0.3:
            del self.hours[0]
            raise KilledError


class MortalClock(SleptClock):
    """The clock of the office, for a collector that may be killed while it sleeps."""

    def __init__(self, clock: SleptClock, death: Death) -> None:
        self._clock, self._death = clock, death

    def now(self) -> datetime:
        return self._clock.now()

    def seconds(self) -> float:
        return self._clock.seconds()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._death.strike(self.now())


class MortalLog(MemoryLog):
    """Each delivery may be the last thing a collector does, or the last that it leaves undone."""

    def __init__(self, death: Death, there: Office) -> None:
        super().__init__()
        self._death, self._there = death, there

    async def append(self, entries: Sequence[Entry]) -> None:
        self._death.strike(self._there.clock.now())
        await super().append(entries)
        self._death.strike(self._there.clock.now())


async def test_every_run_is_seen_once_in_each_state(tmp_path: Path, monkeypatch):
    faults = Faults(frozenset(ORDINARY.keys() - {"outage"}), seed=1)
    async with office(tmp_path, faults, runs_per_minute=RUNS_PER_MINUTE) as there:
        death = Death(random.Random(1))
        there.log = MortalLog(death, there)
        there.clock = MortalClock(there.clock, death)
        save = Places.save

        async def mortal_save(self: Places, tenant: str, place: Place) -> None:
            await save(self, tenant, place)
            death.strike(there.clock.now())

        monkeypatch.setattr(Places, "save", mortal_save)
        end = START + timedelta(minutes=MINUTES)
        while there.clock.now() < end:
            try:
                await there.collect((end - there.clock.now()).total_seconds() / 60)
            except KilledError:
                continue
        assert death.hours == []
        assert len({fault.fault for fault in faults.injected}) >= 8
        check_against_truth(there)


def check_against_truth(there: Office, since: datetime = START) -> None:
    """Hold what was delivered, and what an engine makes of it, against what truly happened."""
    assert there.company.busiest <= there.settings().requests_per_minute
    # Killed between delivery and note, it goes on from the watermark before: a poll or two older.
    assert late(there.log, by=timedelta(seconds=60)) == []
    told = set(there.told())
    assert not there.truth(since, watermarks(there.log)[-1]) - told
    engine = Engine(EngineSettings())
    closed = applied(engine, there.log)
    # Each distinct event counted once, and what was delivered twice was recognised.
    assert engine.totals["events.cogent.flow.run"] == len(told) + queued(there.log)
    assert not {"late", "repeated_state"} & engine.totals.keys()
    assert not [name for name in engine.totals if name.startswith("dead")]
    ended = [state for _, state in told if state not in {"running", "stopped"}]
    assert total(closed, "volume") == len(told) - sum(s != "running" for _, s in told)
    assert total(closed, "finished") == len(ended)
    assert total(closed, "failed") == ended.count("failure")


def applied(engine: Engine, log: MemoryLog) -> list[ClosedWindow]:
    """Apply what was delivered, and close every window it opened."""
    end = watermarks(log)[-1] + timedelta(minutes=30)
    last = Entry(None, json.dumps(heartbeat(end.timestamp(), "patchworks:acme")).encode())
    records = [batch_of(b"[" + entry.value + b"]") for entry in [*log.entries, last]]
    emissions = [one for record in records for one in engine.apply(record)]
    return [one for one in emissions if isinstance(one, ClosedWindow)]


def total(closed: list[ClosedWindow], name: str) -> int:
    return sum(int(np.nansum(getattr(one.windows, name))) for one in closed)


def queued(log: MemoryLog) -> int:
    data = (event["data"] for event in log.of("flow.run"))
    return len({one["run_id"] for one in data if one["state"] == "queued"})
