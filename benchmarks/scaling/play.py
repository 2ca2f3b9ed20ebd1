"""One partition's flows on a real engine: memory, snapshot, and taking it up again."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import zstandard

from benchmarks.scaling.population import Floats
from benchmarks.throughput.runs import START, event, heartbeat
from pipeline.engine.engine import Engine
from pipeline.log.base import BATCH_CONTENT_TYPE, Record
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings

A_RECORD = 200


def play(keys: list[str], rates: Floats, number: int, minutes: int) -> dict[str, float]:
    """Play some minutes of a partition's flows; return what it takes."""
    idle = _resident()
    engine = Engine(EngineSettings(), number)
    spent, events, written = 0.0, 0, 0
    for record, told in _records(keys, rates, number, minutes):
        began = time.perf_counter()
        outputs = encode(engine.apply(record), topic="bench", partition=number)
        spent += time.perf_counter() - began
        events += told
        written += sum(len(output.value or b"") for output in outputs)
    resident = _resident() - idle
    return {
        "partition": number,
        "flows": len(keys),
        "events_per_minute": float(rates.sum()),
        "events_played": events,
        "engine_us_an_event": 1e6 * spent / events,
        "outputs_kb_a_flow_and_minute": written / 1e3 / (len(keys) * (minutes - 1)),
        "resident_mb": resident / 1e6,
        **_restarted(engine, idle),
    }


def _restarted(engine: Engine, idle: int) -> dict[str, float]:
    began = time.perf_counter()
    snapshot = engine.snapshot()
    dumped = time.perf_counter()
    packed = zstandard.ZstdCompressor(write_checksum=True).compress(snapshot)
    written = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - idle
    restoring = time.perf_counter()
    again = Engine(engine.settings, engine.partition)
    again.restore(zstandard.ZstdDecompressor().decompress(packed))
    return {
        "snapshot_mb": len(snapshot) / 1e6,
        "snapshot_s": dumped - began,
        "compress_s": written - dumped,
        "restore_s": time.perf_counter() - restoring,
        "peak_mb": peak / 1e6,
    }


def _records(
    keys: list[str], rates: Floats, number: int, minutes: int
) -> Iterator[tuple[Record, int]]:
    """Yield records and how many events they hold; every flow is seen in the first minute."""
    rng = np.random.default_rng(number)
    offset = 0
    for minute in range(minutes):
        counts = np.maximum(rng.poisson(rates), minute == 0).tolist()
        told = [
            _run(key, START + 60 * minute, f"{minute}-{n}")
            for key, count in zip(keys, counts, strict=True)
            for n in range(count)
        ]
        told.append(heartbeat(START + 60 * (minute + 1)))
        for first in range(0, len(told), A_RECORD):
            part = told[first : first + A_RECORD]
            value = b"[" + b",".join(part) + b"]"
            headers = (("content-type", BATCH_CONTENT_TYPE),)
            yield Record(number, offset, None, value, headers), len(part)
            offset += 1


def _run(key: str, at: float, run: str) -> bytes:
    tenant, flow_id = key.split(":")
    data: dict[str, object] = {
        "run_id": f"{flow_id}-{run}",
        "flow_id": flow_id,
        "state": "success",
        "trigger": "webhook",
        "duration_ms": 403.4,
        "records_in": 1,
    }
    return event("cogent.flow.run", f"run:{flow_id}:{run}", at, data, tenant)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")
