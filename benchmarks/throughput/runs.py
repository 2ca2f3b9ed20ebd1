"""The events of the throughput benchmark: runs of many flows, minute by minute, and heartbeats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from pipeline.log.base import Entry

START = 1_772_409_600  # Monday 2 March 2026, 00:00 UTC


def runs(events: int, flows: int, per_minute: float = 5.0) -> Iterator[Entry]:
    """Yield about ``events`` entries: each run once, at its end, and a heartbeat a minute.

    The last heartbeat closes every window, so that the work does not depend on where they end.
    """
    rng = np.random.default_rng(1)
    made = number = 0
    while made < events:
        of_minute = minute(number, flows, per_minute, rng)
        yield from of_minute
        made += len(of_minute)
        number += 1
        yield Entry(None, heartbeat(START + 60 * number))
    yield Entry(None, heartbeat(START + 60 * (number + 1)))


def minute(number: int, flows: int, per_minute: float, rng: np.random.Generator) -> list[Entry]:
    """Make the runs of every flow in one minute, in the order in which they end."""
    counts = enumerate(rng.poisson(per_minute, flows).tolist())
    ends = [(60 * i / n, flow, i) for flow, n in counts for i in range(n)]
    return [
        _run(f"flow-{flow}", f"{number}-{i}", START + 60 * number + at, rng.lognormal(6, 0.5))
        for at, flow, i in sorted(ends)
    ]


def _run(flow_id: str, run: str, at: float, ms: float) -> Entry:
    data: dict[str, object] = {
        "run_id": f"{flow_id}-{run}",
        "flow_id": flow_id,
        "state": "success",
        "trigger": "webhook",
        "duration_ms": round(ms, 1),
        "records_in": 1,
    }
    return Entry(f"acme:{flow_id}", event("cogent.flow.run", f"run:{flow_id}:{run}", at, data))


def heartbeat(at: float) -> bytes:
    """Make the heartbeat of the collector of all these events."""
    data: dict[str, object] = {"collector": "bench", "watermark": iso(at)}
    return event("cogent.collector.heartbeat", f"hb:{at}", at, data)


def event(type_: str, id_: str, at: float, data: dict[str, object], tenant: str = "acme") -> bytes:
    """Make an event of that collector."""
    attributes = {
        "specversion": "1.0",
        "type": type_,
        "id": id_,
        "source": "bench",
        "collector": "bench",
        "time": iso(at),
        "tenant": tenant,
        "data": data,
    }
    return json.dumps(attributes).encode()


def iso(at: float) -> str:
    """Write an instant down."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
