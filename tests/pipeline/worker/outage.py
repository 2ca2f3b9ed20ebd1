"""Records of which one brings about far more than the others: the first word after an outage."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pipeline.engine.engine import Engine
from pipeline.log.base import Entry, Output, PartitionLog, Record
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings
from pipeline.worker.partition import Observer, Partition
from tests.make import MONDAY, Event, heartbeat, run

SETTINGS = EngineSettings(lateness_seconds=0, snapshot_records=1_000)
TOPIC = "events"
BOUND = 10_000
"""Of a portion in these tests: a few windows of the three flows."""
SILENT = 40
"""Minutes without a word."""


def appends() -> list[list[Entry]]:
    """A record each, and the last but two ends a silence: it closes forty windows of each flow."""
    end = MONDAY + 60 * (3 + SILENT)
    return [
        *([*_runs(MONDAY + 60 * m), _entry(heartbeat(MONDAY + 60 * m + 60))] for m in range(3)),
        [_bad(), _entry(heartbeat(end)), _bad()],
        [*_runs(end), _entry(heartbeat(end + 60))],
        [_bad(), *_runs(end + 60), _entry(heartbeat(end + 180))],
    ]


def undisturbed(records: Sequence[Record]) -> tuple[list[Output], bytes]:
    """What must be published, and the state in the end."""
    engine = Engine(SETTINGS)
    emissions = [emission for record in records for emission in engine.apply(record)]
    return encode(emissions, topic=TOPIC, partition=0), engine.snapshot()


async def opened(
    log: PartitionLog, observers: Sequence[Observer] = (), settings: EngineSettings = SETTINGS
) -> Partition:
    partition = Partition(log, settings, TOPIC, observers)
    await partition.open()
    return partition


class KilledError(Exception):
    """As if the process was gone."""


class Mortal:
    """A partition's log whose owner dies after so many commits; it notes what they were."""

    def __init__(self, log: PartitionLog, commits: int | None = None) -> None:
        self._log = log
        self._left = commits
        self.partition = log.partition
        self.open, self.replay, self.aclose = log.open, log.replay, log.aclose
        self.commits: list[tuple[int, int, Sequence[Output], bytes | None]] = []

    async def commit(
        self,
        applied: int,
        outputs: Sequence[Output],
        snapshot: bytes | None = None,
        *,
        ahead: int = 0,
    ) -> None:
        await self._log.commit(applied, outputs, snapshot, ahead=ahead)
        self.commits.append((applied, ahead, outputs, snapshot))
        if self._left is not None and len(self.commits) == self._left:
            raise KilledError


def _runs(at: float) -> list[Entry]:
    return [_entry(run(at + 1, flow_id=f"flow-{n}", duration_ms=100)) for n in range(3)]


def _bad() -> Entry:
    return Entry(None, b'{"bad":1}')


def _entry(e: Event) -> Entry:
    """Without a key, so that every partition has it."""
    return Entry(None, json.dumps(e).encode())
