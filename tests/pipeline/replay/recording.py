"""Files to replay, and logs that remember what was appended to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.engine.emissions import DeadLetter, Emission
from pipeline.log.base import Entry, LogUnavailableError
from pipeline.outputs.encode import encode
from pipeline.replay.pace import Pace
from pipeline.replay.replay import Progress, ReplayReport, replay
from pipeline.replay.source import Source
from pipeline.settings import EngineSettings
from pipeline.worker.backtest import EngineLog
from tests.make import Event

HEARTBEAT = "cogent.collector.heartbeat"


class MemoryLog:
    """Keeps what is appended. Breaks once it has taken ``breaks_after`` batches."""

    partitions = 1

    def __init__(self, breaks_after: int | None = None) -> None:
        self.batches: list[list[Entry]] = []
        self.breaks_after = breaks_after

    async def append(self, entries: Sequence[Entry]) -> None:
        if len(self.batches) == self.breaks_after:
            raise LogUnavailableError("the broker is away")
        self.batches.append(list(entries))

    async def aclose(self) -> None:
        pass

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(entry.value) for batch in self.batches for entry in batch]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for event in self.all if event["type"] != HEARTBEAT]

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]

    @property
    def heartbeats(self) -> list[dict[str, Any]]:
        return [event["data"] for event in self.all if event["type"] == HEARTBEAT]

    @property
    def watermarks(self) -> list[int]:
        return [epoch(beat["watermark"]) for beat in self.heartbeats]


def epoch(instant: str) -> int:
    return int(datetime.fromisoformat(instant).astimezone(UTC).timestamp())


def bare(event: Event) -> Event:
    """An event that names no collector."""
    return {name: value for name, value in event.items() if name != "collector"}


def write(path: Path, events: Iterable[Event | bytes]) -> Path:
    lines = [e if isinstance(e, bytes) else json.dumps(e).encode() for e in events]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


async def replayed(
    path: Path,
    log: MemoryLog | EngineLog,
    *,
    mapping: Mapping[str, str] | None = None,
    place: Path | None = None,
    pace: Pace | None = None,
    strict: bool = False,
) -> ReplayReport:
    with Source.open(path, mapping) as source:
        progress = Progress(place, source) if place else None
        return await replay(source, log, pace=pace or Pace(), progress=progress, strict=strict)


class Outputs:
    """What the engine puts out for a log, as it would be published."""

    def __init__(self) -> None:
        self.emissions: list[Emission] = []
        self.engine_log = EngineLog(EngineSettings(), self.emissions.extend)

    async def of(self, batches: Sequence[Sequence[Entry]]) -> list[Any]:
        for batch in batches:
            await self.engine_log.append(batch)
        assert not [e for e in self.emissions if isinstance(e, DeadLetter)]
        return encode(self.emissions, topic="events", partition=0)
