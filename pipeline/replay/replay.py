"""Replaying a file into a log: events in order of time, heartbeats between, resumable.

The replay is a collector like any other, by the name ``replay:<file>``: it stamps that on events
that carry no collector, and its heartbeats follow the time of what it has sent. Event ids are
those of the file (or made from a table's rows), so what is sent twice after an interruption is
recognised by the engine.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from pipeline.ingest.redact import redact
from pipeline.log.base import Entry, EventLog
from pipeline.replay.pace import Pace
from pipeline.replay.source import Line, Source
from schemas.decode import decode_event
from schemas.errors import ContractError
from schemas.structs import EventStruct, Heartbeat

BATCH = 500
"""Entries appended at once: a few hundred kilobytes."""

STRIDE = 86_400
"""Longest step of a heartbeat, in seconds: a heartbeat does not vouch for more than a week."""

SHOWN = 20
"""Refused lines reported word by word; beyond that they are only counted."""


@dataclass(slots=True)
class ReplayReport:
    """What became of a file."""

    events: int = 0
    refused: int = 0
    resumed_at: int = 0
    refusals: list[str] = field(default_factory=list)


class StrictReplayError(ValueError):
    """A line was refused, and the replay was asked to stop at the first."""


class Progress:
    """Where a replay stands, in a small file, so that it goes on there after an interruption."""

    def __init__(self, path: Path, source: Source) -> None:
        self._path = path
        self._of = list(source.fingerprint())

    def load(self) -> int:
        """Return the place to go on from; 0 for a file that is new or has changed."""
        try:
            found = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return 0
        return int(found["place"]) if found.get("of") == self._of else 0

    def save(self, place: int) -> None:
        """Note that everything before ``place`` is in the log."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps({"of": self._of, "place": place}))
        draft.replace(self._path)


async def replay(
    source: Source,
    log: EventLog,
    *,
    pace: Pace,
    progress: Progress | None = None,
    strict: bool = False,
    on_place: Callable[[int], None] = lambda _place: None,
) -> ReplayReport:
    """Append every event of a file, and a last heartbeat that says the collector has finished.

    Parameters
    ----------
    on_place
        Told how many lines are in the log, after every batch.

    Raises
    ------
    StrictReplayError
        With ``strict``, at the first line that is refused.
    LogUnavailableError
        If the log cannot take a batch. What was appended before stays, and is not sent again.
    """
    run = _Replay(source, log, pace, strict)
    run.report.resumed_at = place = progress.load() if progress else 0
    for line in source.lines(place):
        await run.take(line)
        place += 1
        if len(run.entries) >= BATCH:
            await run.flush()
            _tell(progress, on_place, place)
    run.finish()
    await run.flush()
    _tell(progress, on_place, len(source))
    return run.report


def _tell(progress: Progress | None, on_place: Callable[[int], None], place: int) -> None:
    if progress is not None:
        progress.save(place)
    on_place(place)


class _Replay:
    """One replay on its way."""

    def __init__(self, source: Source, log: EventLog, pace: Pace, strict: bool) -> None:  # noqa: FBT001
        self.collector = f"replay:{source.name}"
        self.entries: list[Entry] = []
        self.report = ReplayReport()
        self._log = log
        self._pace = pace
        self._strict = strict
        self._stamp = b',"collector":' + msgspec.json.encode(self.collector) + b"}"
        self._told: int | None = None
        self._end = 0

    async def take(self, line: Line) -> None:
        """Put one line among the next entries, or refuse it."""
        try:
            event = decode_event(line.raw)
        except ContractError as error:
            self._refuse(f"line {line.number}: {error}")
            return
        at = int(event.time.timestamp())
        if self._pace.wait_for(at) > 0:
            await self.flush()
            await self._pace.until(at)
        self._advance(at)
        self._end = max(self._end, at + getattr(event.data, "seconds", 1))
        self.entries.append(self._entry(event, line.raw))
        self.report.events += 1

    def _refuse(self, words: str) -> None:
        if self._strict:
            raise StrictReplayError(words)
        self.report.refused += 1
        if self.report.refused <= SHOWN:
            self.report.refusals.append(words)

    def _entry(self, event: EventStruct, raw: bytes) -> Entry:
        if isinstance(event.data, Heartbeat):
            return Entry(None, raw)
        if event.collector is None:
            raw = raw.rstrip()[:-1] + self._stamp
        flow_id = getattr(event.data, "flow_id", None)
        return Entry(None if flow_id is None else f"{event.tenant}:{flow_id}", redact(raw))

    def _advance(self, at: int) -> None:
        """Say with heartbeats that everything before ``at`` has been sent, once a minute."""
        minute = at - at % 60
        if self._told is None:
            self._beat(minute)
        while self._told is not None and self._told < minute:
            self._beat(min(minute, self._told + STRIDE))

    def finish(self) -> None:
        """Say that no more will come."""
        self._beat(max(self._end, self._told or 0), "finished")

    def _beat(self, at: int, status: Literal["running", "finished"] = "running") -> None:
        self._told = at
        watermark = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
        beat = {
            "specversion": "1.0",
            "type": "cogent.collector.heartbeat",
            "source": self.collector,
            "id": f"hb:{self.collector}:{watermark}",
            "time": watermark,
            "tenant": "*",
            "data": {"collector": self.collector, "watermark": watermark, "status": status},
        }
        self.entries.append(Entry(None, msgspec.json.encode(beat)))

    async def flush(self) -> None:
        """Append what has come together."""
        if self.entries:
            await self._log.append(self.entries)
            self.entries = []
