"""A tiny engine behind the demo's seams, and what it is made of."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from detectors.columns import Verdict, Windows
from pipeline.engine.emissions import ClosedWindow, Emission, FlowKey
from pipeline.simulator.scenario import Scenario
from schemas.alerts import Alert

START = datetime(2026, 3, 3, 8, tzinfo=UTC)
LATENESS = timedelta(minutes=1)


def events_of(bodies: Sequence[bytes]) -> list[dict[str, Any]]:
    return [event for body in bodies for event in json.loads(body)]


def firing(
    flow_id: str, at: datetime, *, told: datetime | None = None, id_: str | None = None, **more: Any
) -> Alert:
    fields = {
        "id": id_ or f"{flow_id}@{at:%d%H%M}",
        "fingerprint": flow_id,
        "status": "firing",
        "revision": 0,
        "severity": "critical",
        "tenant": "moor-harbour",
        "flow_id": flow_id,
        "flow_name": flow_id,
        "signal": "volume",
        "starts_at": at,
        "updated_at": told or at + timedelta(minutes=1),
        "score": 2.0,
        "summary": f"{flow_id} has stopped: no runs started in a minute",
        "explanation": "No runs started in a minute, where about 12 are usual.",
        "next_step": "Check the trigger.",
        "evidence": (),
    }
    return Alert.model_validate(fields | more)


def closed_window(
    minute: datetime, counts: Sequence[float], expected: Sequence[float], flows: Sequence[FlowKey]
) -> ClosedWindow:
    seen, usual = np.array(counts, float), np.array(expected, float)
    none = np.zeros(len(flows))
    volume = Verdict(
        seen, usual, 0.5 * usual, 1.5 * usual, none, none,
        none.astype(bool), none.astype(np.int64), seen, usual,
    )  # fmt: skip
    windows = Windows(*[seen] * len(Windows._fields))
    learning = none.astype(bool)
    return ClosedWindow(int(minute.timestamp()), 60, flows, windows, {"volume": volume}, learning)


class TinyEngine:
    """Counts runs a minute, and raises an alert for a busy flow after two empty minutes.

    It closes a window when a heartbeat passes its end by the lateness, as the real one does.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.flows = [FlowKey("moor-harbour", p.flow_id) for p in scenario.profiles]
        self.usual = {p.flow_id: p.runs * (p.cadence is None) for p in scenario.profiles}
        self.bodies: dict[str, list[bytes]] = {"backfill": [], "post": []}
        self.ahead: dict[str, list[timedelta]] = {"backfill": [], "post": []}
        self.also: list[Alert] = []
        self.closed_to: datetime | None = None
        self._counts: Counter[tuple[datetime, str]] = Counter()
        self._empty: Counter[str] = Counter()
        self._open: dict[str, Alert] = {}
        self._out: asyncio.Queue[Emission | None] = asyncio.Queue()

    async def backfill(self, body: bytes) -> None:
        self._take("backfill", body)

    async def post(self, body: bytes) -> None:
        self._take("post", body)

    def finish(self) -> None:
        self._out.put_nowait(None)

    async def emissions(self) -> AsyncIterator[Emission]:
        while (emission := await self._out.get()) is not None:
            if isinstance(emission, ClosedWindow):
                self.closed_to = datetime.fromtimestamp(emission.start + 60, UTC)
            yield emission

    def _take(self, door: str, body: bytes) -> None:
        self.bodies[door].append(body)
        for event in json.loads(body):
            minute = datetime.fromisoformat(event["time"]).replace(second=0, microsecond=0)
            data = event["data"]
            if event["type"] == "cogent.flow.window":
                self._counts[minute, data["flow_id"]] += data["runs"]["started"]
            elif event["type"] == "cogent.flow.run" and data["state"] == "running":
                self._counts[minute, data["flow_id"]] += 1
            elif event["type"] == "cogent.collector.heartbeat":
                if self.closed_to is not None:
                    self.ahead[door].append(minute - self.closed_to)
                self._close(minute - LATENESS - timedelta(minutes=1))

    def _close(self, minute: datetime) -> None:
        seen = [self._counts.pop((minute, flow.flow_id), 0) for flow in self.flows]
        usual = [self.usual[flow.flow_id] for flow in self.flows]
        self._out.put_nowait(closed_window(minute, seen, usual, self.flows))
        for flow_id, runs, expected in zip(self.usual, seen, usual, strict=True):
            self._empty[flow_id] = 0 if runs else self._empty[flow_id] + 1
            if self._empty[flow_id] == 2 and expected > 15:
                self._open[flow_id] = firing(flow_id, minute)
                self._out.put_nowait(self._open[flow_id])
            elif runs and (alert := self._open.pop(flow_id, None)):
                over = {
                    "status": "resolved",
                    "revision": 1,
                    "updated_at": minute,
                    "ends_at": minute,
                }
                self._out.put_nowait(alert.model_copy(update=over))
        for alert in [alert for alert in self.also if alert.starts_at == minute]:
            self._out.put_nowait(alert)
