"""The live part by way of Patchworks: what happens on the stand-in reaches the log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.log.base import Entry
from pipeline.simulator.by_patchworks import collected, numbered
from pipeline.simulator.scenario import Scenario

from .tiny_engine import START, events_of

MINUTES = 30


class MemoryLog:
    partitions = 1

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    async def append(self, entries: Sequence[Entry]) -> None:
        self.events += [json.loads(entry.value) for entry in entries]

    async def aclose(self) -> None:
        pass


async def told(folder: Path) -> tuple[Scenario, list[dict[str, Any]]]:
    scenario = numbered(Scenario.draw(START, history_days=1 / 24, live_hours=1))
    log = MemoryLog()
    async with collected(scenario, log, folder) as live:
        for minute in range(MINUTES):
            await live(START + timedelta(minutes=minute + 1))
    return scenario, log.events


async def test_it_tells_what_the_scenario_tells_run_by_run(tmp_path: Path):
    scenario, events = await told(tmp_path)
    stretches = [next(runs) for runs in [scenario.runs()] for _ in range(MINUTES)]
    bodies = [body for stretch in stretches for body in stretch.bodies]

    def states(events: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
        data = [event["data"] for event in events if event["type"] == "cogent.flow.run"]
        return Counter(
            (one["run_id"], one["flow_id"], one["state"])
            for one in data
            if one["state"] != "queued"
        )

    assert states(events) == states(events_of(bodies))


async def test_every_minute_is_vouched_for(tmp_path: Path):
    _, events = await told(tmp_path)
    beats = [e["data"] for e in events if e["type"] == "cogent.collector.heartbeat"]
    watermarks = [datetime.fromisoformat(beat["watermark"]) for beat in beats]
    assert watermarks == [START + timedelta(minutes=n + 1) for n in range(MINUTES)]
    assert {datetime.fromisoformat(beat["since"]) for beat in beats} == {START}


def test_a_history_handed_over_says_no_more_than_patchworks_would(scenario: Scenario):
    bodies = [body for stretch in scenario.backfill(handed_over=True) for body in stretch.bodies]
    events = events_of(bodies)
    assert not any("records" in event["data"] for event in events)
    assert [n for n, event in enumerate(events) if event["data"].get("status") == "finished"] == [
        len(events) - 1
    ]


def test_faults_and_flows_keep_together_under_the_ids_of_patchworks(scenario: Scenario):
    renumbered = numbered(scenario)
    for fault, before in zip(renumbered.faults, scenario.faults, strict=True):
        assert renumbered.name(fault.flow_id) == scenario.name(before.flow_id)
    assert all(profile.flow_id.isdecimal() for profile in renumbered.profiles)
