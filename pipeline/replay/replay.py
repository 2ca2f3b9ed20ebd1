"""Replaying a file into a log: events in order of time, heartbeats between, resumable.

The replay is a collector like any other, by the name ``replay:<file>``. It stamps that on events
that carry no collector (on all of them in a file without heartbeats), and its heartbeats follow the
time of what it has sent. Event ids are those of the file (or made from a table's rows), so what is
sent twice after an interruption is recognised by the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from pipeline.ingest.redact import redact, redact_text
from pipeline.log.base import Entry, EventLog
from pipeline.replay.pace import FULL_SPEED, Pace
from pipeline.replay.source import Line, Source
from schemas.decode import decode_event
from schemas.errors import ContractError
from schemas.structs import EventStruct, Heartbeat

BATCH = 500
"""Entries appended at once: a few hundred kilobytes."""

MINUTE = 60
"""Seconds between two heartbeats while events come, and always at a pace that waits for them."""

STRIDE = 3600
"""Longest step of a heartbeat, in seconds: a heartbeat does not vouch for more than six hours."""

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


class Mark(NamedTuple):
    """Where a replay stands: everything before ``place`` is in the log.

    ``told`` is the watermark of the last heartbeat, ``end`` of the last event's span; epoch
    seconds.
    """

    place: int = 0
    told: int | None = None
    end: int = 0


class _Saved(msgspec.Struct):
    of: tuple[int, int, int]
    mark: Mark


class Progress:
    """The mark of a replay, in a small file, so that it goes on there after an interruption."""

    def __init__(self, path: Path, source: Source) -> None:
        self._path = path
        self._of = source.fingerprint

    def load(self) -> Mark:
        """Return where to go on from; the beginning for a file that is new or has changed."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=_Saved)
        except (OSError, msgspec.MsgspecError):
            return Mark()
        return found.mark if found.of == self._of else Mark()

    def save(self, mark: Mark) -> None:
        """Note where the replay stands."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(_Saved(self._of, mark)))
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
    mark = progress.load() if progress else Mark()

    def note(mark: Mark) -> None:
        if progress is not None:
            progress.save(mark)
        on_place(mark.place)

    run = _Replay(source, log, pace, note, mark, strict)
    for line in source.lines(mark.place):
        await run.take(line)
        if len(run.entries) >= BATCH:
            await run.flush()
    await run.finish()
    return run.report


class _Replay:
    """One replay on its way."""

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        source: Source,
        log: EventLog,
        pace: Pace,
        note: Callable[[Mark], None],
        mark: Mark,
        strict: bool,  # noqa: FBT001
    ) -> None:
        self.entries: list[Entry] = []
        self.report = ReplayReport(resumed_at=mark.place)
        self._log = log
        self._pace = pace
        self._note = note
        self._strict = strict
        self._place, self._told, self._end = mark
        self._collector = f"replay:{source.name}"
        self._stamp = b',"collector":' + msgspec.json.encode(self._collector) + b"}"
        # In a file without heartbeats nobody else vouches for an event, whatever it names.
        self._stamp_all = not source.has_heartbeats

    async def take(self, line: Line) -> None:
        """Put one line among the next entries, or refuse it; a blank one is neither."""
        if line.raw:
            try:
                event = decode_event(line.raw)
            except ContractError as error:
                self._refuse(f"line {line.number}: {error}")
            else:
                await self._add(event, line.raw)
        self._place += 1

    def _refuse(self, words: str) -> None:
        words = redact_text(words)
        if self._strict:
            raise StrictReplayError(words)
        self.report.refused += 1
        if self.report.refused <= SHOWN:
            self.report.refusals.append(words)

    async def _add(self, event: EventStruct, raw: bytes) -> None:
        at = int(event.time.timestamp())
        await self._advance(at)
        self._end = max(self._end, at + getattr(event.data, "seconds", 1))
        self.entries.append(self._entry(event, raw))
        self.report.events += 1

    def _entry(self, event: EventStruct, raw: bytes) -> Entry:
        if isinstance(event.data, Heartbeat):
            return Entry(None, redact(raw))
        if event.collector is None or self._stamp_all:
            raw = raw[:-1] + self._stamp  # the last of two equal keys counts
        flow_id = getattr(event.data, "flow_id", None)
        return Entry(None if flow_id is None else f"{event.tenant}:{flow_id}", redact(raw))

    async def _advance(self, at: int) -> None:
        """Wait until ``at`` is due, saying with heartbeats what has been sent meanwhile."""
        minute = at - at % MINUTE
        stride = STRIDE if self._pace.speed == FULL_SPEED else MINUTE
        if self._told is None:
            self._beat(minute)
        while self._told is not None and self._told < minute:
            mark = min(minute, self._told + stride)
            await self._until(mark)
            self._beat(mark)
        await self._until(at)

    async def _until(self, due: int) -> None:
        if self._pace.wait_for(due) > 0:
            await self.flush()
            await self._pace.until(due)

    def _beat(self, at: int, status: Literal["running", "finished"] = "running") -> None:
        self._told = at
        watermark = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
        beat = {
            "specversion": "1.0",
            "type": "cogent.collector.heartbeat",
            "source": self._collector,
            "id": f"hb:{self._collector}:{watermark}",
            "time": watermark,
            "tenant": "*",
            "data": {"collector": self._collector, "watermark": watermark, "status": status},
        }
        self.entries.append(Entry(None, msgspec.json.encode(beat)))

    async def finish(self) -> None:
        """Say that no more will come, if anything has."""
        if self._told is not None:
            self._beat(max(self._end, self._told), "finished")
        await self.flush()

    async def flush(self) -> None:
        """Append what has come together, and note how far that is."""
        if self.entries:
            await self._log.append(self.entries)
            self.entries = []
        self._note(Mark(self._place, self._told, self._end))
