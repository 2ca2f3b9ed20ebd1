"""The engine alone: records in memory, no log; and where its time goes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import groupby

from benchmarks.throughput.workload import HEARTBEAT, Workload, records_of
from pipeline.engine.emissions import ClosedWindow
from pipeline.engine.engine import Engine
from pipeline.log.base import Entry
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings
from schemas.decode import decode_batch

PARTS = DECODE, ACCUMULATE, CLOSE, ENCODE = (
    "decode",
    "accumulate",
    "close windows and detect",
    "encode outputs",
)


def alone(work: Workload) -> float:
    """Apply every record; return events per second."""
    engines = _engines(work)
    records = work.records()
    began = time.perf_counter()
    for record in records:
        engines[record.partition].apply(record)
    took = time.perf_counter() - began
    for engine in engines:
        assert not engine.totals["late"] + engine.totals["duplicate"], engine.totals
    return work.events / took


def shares(work: Workload) -> tuple[dict[str, float], int]:
    """Return the microseconds that each part takes an event, and the flow-windows closed.

    Only heartbeats close windows. So each is given a record of its own, and the time of those
    records, less their decoding, is what it takes to close windows and to judge them.
    """
    appends = [piece for append in work.appends for piece in _heartbeats_apart(append)]
    engines = _engines(work)
    spent = dict.fromkeys(PARTS, 0.0)
    flow_windows = 0
    now = time.perf_counter
    for append, record in zip(appends, records_of(appends, work.partitions), strict=True):
        began = now()
        decode_batch(record.value or b"")  # the engine does so once more, hence subtracted there
        decoded = now()
        out = engines[record.partition].apply(record)
        applied = now()
        encode(out, topic="bench", partition=record.partition)
        spent[ENCODE] += now() - applied
        spent[DECODE] += decoded - began
        part = CLOSE if _is_heartbeat(append[0]) else ACCUMULATE
        spent[part] += (applied - decoded) - (decoded - began)
        flow_windows += sum(len(e.flows) for e in out if isinstance(e, ClosedWindow))
    return {part: seconds * 1e6 / work.events for part, seconds in spent.items()}, flow_windows


def _engines(work: Workload) -> list[Engine]:
    return [Engine(EngineSettings(), number) for number in range(work.partitions)]


def _heartbeats_apart(append: Sequence[Entry]) -> list[list[Entry]]:
    return [list(piece) for _, piece in groupby(append, _is_heartbeat)]


def _is_heartbeat(entry: Entry) -> bool:
    return entry.key is not None and entry.key.startswith(HEARTBEAT)
