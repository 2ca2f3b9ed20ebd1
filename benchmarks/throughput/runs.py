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
    made = minute = 0
    while made < events:
        at = START + 60 * minute
        for flow, n in enumerate(rng.poisson(per_minute, flows).tolist()):
            for i in range(n):
                yield _run(f"flow-{flow}", f"{minute}-{i}", at + 60 * i / n, rng.lognormal(6, 0.5))
            made += n
        minute += 1
        yield _heartbeat(at + 60)
    yield _heartbeat(at + 120)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _run(flow_id: str, run: str, at: float, ms: float) -> Entry:
    data: dict[str, object] = {
        "run_id": f"{flow_id}-{run}",
        "flow_id": flow_id,
        "state": "success",
        "trigger": "webhook",
        "duration_ms": round(ms, 1),
        "records_in": 1,
    }
    event = _event("cogent.flow.run", f"run:{flow_id}:{run}", at, data)
    return Entry(f"acme:{flow_id}", json.dumps(event).encode())


def _heartbeat(at: float) -> Entry:
    data: dict[str, object] = {"collector": "bench", "watermark": _iso(at)}
    event = _event("cogent.collector.heartbeat", f"hb:{at}", at, data)
    return Entry(None, json.dumps(event).encode())


def _event(type_: str, id_: str, at: float, data: dict[str, object]) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "type": type_,
        "id": id_,
        "source": "bench",
        "collector": "bench",
        "time": _iso(at),
        "tenant": "acme",
        "data": data,
    }
