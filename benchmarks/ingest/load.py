"""The load: connections that each post, wait for the 202, and post again. A process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from itertools import count

import aiohttp
import numpy as np

from benchmarks.throughput.runs import event

MARK = b"00000000"
FLOWS = 100
WARM_UP_SECONDS = 2.0
BATCH = {"content-type": "application/cloudevents-batch+json"}
SINGLE = {"content-type": "application/cloudevents+json"}


def bodies(size: int) -> Iterator[bytes]:
    """Yield requests of ``size`` events without end; no two events have the same id."""
    now = time.time()
    events = [_run(f"flow-{n % FLOWS}", f"{MARK.decode()}-{n}", now) for n in range(size)]
    template = b"[" + b",".join(events) + b"]" if size > 1 else events[0]
    for number in count(1):
        yield template.replace(MARK, b"%08d" % number)


def _run(flow_id: str, run: str, at: float) -> bytes:
    data: dict[str, object] = {
        "run_id": f"{flow_id}-{run}",
        "flow_id": flow_id,
        "state": "success",
        "trigger": "webhook",
        "duration_ms": 403.4,
        "records_in": 1,
    }
    return event("cogent.flow.run", f"run:{run}", at, data)


async def load(url: str, size: int, connections: int, seconds: float) -> dict[str, float]:
    """Post for some seconds; return the rate and how long requests took."""
    took: list[float] = []
    supply = bodies(size)
    starts = time.perf_counter() + WARM_UP_SECONDS
    ends = starts + seconds
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections), headers=BATCH if size > 1 else SINGLE
    ) as session:

        async def post() -> None:
            while (began := time.perf_counter()) < ends:
                async with session.post(url, data=next(supply)) as answer:
                    if answer.status != 202:
                        raise RuntimeError(f"{answer.status}: {(await answer.text())[:300]}")
                    await answer.read()
                if began >= starts:
                    took.append(time.perf_counter() - began)

        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(post())
    p50, p99 = np.percentile(took, [50, 99])
    spent = time.process_time() / (time.perf_counter() - starts + WARM_UP_SECONDS)
    return {
        "requests_per_s": len(took) / seconds,
        "p50_ms": 1000 * p50,
        "p99_ms": 1000 * p99,
        "load_cpu": spent,
    }


def main() -> None:
    """Post what the arguments ask for, and say how it went."""
    url, size, connections, seconds = sys.argv[1:]
    print(json.dumps(asyncio.run(load(url, int(size), int(connections), float(seconds)))))


if __name__ == "__main__":
    main()
