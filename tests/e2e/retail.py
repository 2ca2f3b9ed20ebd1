"""A few hours of several flows, as the entries a log is given minute by minute."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import numpy as np

from pipeline.log.base import Entry, EventLog
from tests.make import MONDAY, Event, event, heartbeat, iso, run

Minute = list[Entry]


def minutes(flows: int, length: int, per_minute: float, seed: int = 5) -> Iterator[Minute]:
    """Yield the entries of each minute: runs with some failures, duplicates and late ones, a
    schedule that is kept by half of the flows only (so that alerts fire), and a heartbeat."""
    rng = np.random.default_rng(seed)
    for m in range(length):
        at = MONDAY + 60 * m
        events: list[Event] = []
        for flow in range(flows):
            name = f"flow-{flow}"
            if m % 60 == 0:
                due = {"flow_id": name, "due_at": iso(at + 600), "tolerance_s": 60}
                events.append(event("cogent.schedule.expected", at, due))
            if flow % 2 and m > 30:
                continue  # this one stops, and is missed
            for _ in range(rng.poisson(per_minute)):
                state = "failure" if rng.random() < 0.05 else "success"
                when = at + float(rng.uniform(-60, 60))
                took = float(rng.lognormal(6, 0.5))
                events.append(run(when, state, flow_id=name, duration_ms=took))
        if events and m % 3 == 0:
            events.append(events[-1])
        yield [*(_entry(e) for e in events), _entry(heartbeat(at + 60))]


async def feed(log: EventLog, stretch: list[Minute], pause: float = 0.0) -> None:
    """Append minute by minute, ``pause`` seconds apart."""
    for entries in stretch:
        await log.append(entries)
        await asyncio.sleep(pause)


def _entry(e: Event) -> Entry:
    flow_id = e["data"].get("flow_id")
    return Entry(None if flow_id is None else f"acme:{flow_id}", json.dumps(e).encode())
