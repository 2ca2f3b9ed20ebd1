"""A world as files: events that ``cogentai backtest`` reads, and what was wrong."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.retail.world import DAY, START, World

TENANT: Final = "retailer"
COLLECTOR: Final = "simulator"
IN_ADVANCE: Final = 60
"""Minutes before a run is due in which its promise is told; the first is told at once."""

Data = dict[str, Any]


def write(world: World, folder: Path, on_day: Callable[[], None] = lambda: None) -> None:
    """Write ``events.jsonl.gz`` and ``faults.json`` into a folder, made if need be.

    Judge the events with ``timezone`` set to that of the world, which ``faults.json`` names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "events.jsonl.gz", "wt", compresslevel=1, encoding="utf-8") as file:
        for minute, events in enumerate(_minutes(world)):
            file.writelines(json.dumps(event, separators=(",", ":")) + "\n" for event in events)
            if (minute + 1) % DAY == 0:
                on_day()
    faults = json.dumps(_faults(world), indent=1)
    (folder / "faults.json").write_text(faults + "\n", encoding="utf-8")


def _minutes(world: World) -> Iterator[list[Data]]:
    """Yield the events of each minute: promotions, promises, windows, a heartbeat."""
    told: dict[int, list[Data]] = defaultdict(list)
    for i, (due, _) in world.promises.items():
        born = world.flows[i].born
        for n, minute in enumerate(due[due >= born].tolist()):
            told[max(minute - IN_ADVANCE, born) if n else born].append(_promise(world, i, minute))
    for minute in range(world.minutes):
        events = _announcements(world) if minute == 0 else []
        events += [
            _window(world, i, minute) for i, flow in enumerate(world.flows) if flow.born <= minute
        ]
        ends = minute + 1
        status = "finished" if ends == world.minutes else "running"
        beat = {"collector": COLLECTOR, "watermark": _iso(ends), "status": status}
        events += told[minute]
        yield [*events, _event("cogent.collector.heartbeat", f"hb:{ends}", ends, beat)]


def _window(world: World, flow: int, minute: int) -> Data:
    told = {name: float(column[minute, flow]) for name, column in world.columns.items()}
    count = {name: int(value) for name, value in told.items() if np.isfinite(value)}
    succeeded = count["finished"] - count["failed"] - count["partial"]
    ends = {"succeeded": succeeded, "failed": count["failed"], "partial": count["partial"]}
    records = {"in": count["records"], "missing_attributes": count["missing"]}
    if "duplicates" in count:
        records["duplicates"] = count["duplicates"]
    name = world.flows[flow].name
    data: Data = {
        "flow_id": name,
        "seconds": 60,
        "runs": {"started": count["volume"], **ends},
        "warnings": count["warnings"],
        "retries": count["retries"],
        "records": records,
    }
    for part, column in (("duration", "duration"), ("queue_wait", "wait")):
        if count[f"{column}_count"]:
            mean = told[f"{column}_log"]
            data[part] = {"count": count[f"{column}_count"], "mean_log_ms": mean}
    if "queue_depth" in count:
        data["queue"] = {"depth": count["queue_depth"]}
    return _event("cogent.flow.window", f"win:{name}:{minute}", minute, data)


def _promise(world: World, flow: int, due: int) -> Data:
    name = world.flows[flow].name
    told = max(due - IN_ADVANCE, world.flows[flow].born)
    data = {"flow_id": name, "due_at": _iso(due), "tolerance_s": world.promises[flow].tolerance}
    return _event("cogent.schedule.expected", f"due:{name}:{due}", told, data)


def _announcements(world: World) -> list[Data]:
    return [
        _event(
            "cogent.annotation",
            f"promotion:{n}",
            0,
            {
                "kind": "planned_peak",
                "scope": world.flows[a.flow].name,
                "from": _iso(a.start),
                "to": _iso(a.end),
                "expected_factor": a.factor,
            },
        )
        for n, a in enumerate(world.announced)
    ]


def _faults(world: World) -> Data:
    def told(faults: Any) -> list[Data]:
        return [
            {
                "flow_id": world.flows[fault.flow].name,
                "kind": fault.kind,
                "start": _iso(fault.start),
                "end": _iso(fault.end),
                "severity": round(fault.severity, 4),
            }
            for fault in faults
        ]

    return {
        "world": world.name,
        "seed": world.seed,
        "tenant": TENANT,
        "timezone": world.timezone,
        "scored_from": _iso(world.warm_up),
        "faults": told(world.faults),
        "echoes": told(world.echoes),
    }


def _event(kind: str, identity: str, minute: int, data: Data) -> Data:
    return {
        "specversion": "1.0",
        "type": kind,
        "source": COLLECTOR,
        "collector": COLLECTOR,
        "id": identity,
        "time": _iso(minute),
        "tenant": TENANT,
        "data": data,
    }


def _iso(minute: int) -> str:
    at = datetime.fromtimestamp(START + 60 * minute, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
