"""A few flows with plain traffic, known to the engine for four days and a morning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pipeline.engine.emissions import ClosedWindow, Emission
from pipeline.engine.engine import Engine
from pipeline.settings import EngineSettings
from schemas.alerts import Alert
from tests.make import MONDAY, Event, batch, event, heartbeat, iso, window

DAY = 1440
THURSDAY = MONDAY - 4 * 86_400
NOW = MONDAY + 6 * 3600
"""What the shop has learned by then: two working days, a weekend, and Monday morning until six."""
RATE = 20.0
STEADY = ("orders-uk", "orders-de", "stock")

SETTINGS = EngineSettings(lateness_seconds=0, alerts_per_flow_week=0.2)
"""A fifth of the usual budget, so that what a test does not disturb hardly ever alarms."""

Change = Mapping[str, Callable[[int], float] | float]
"""By flow, a number: the same all the time, or by the minute since ``NOW``."""


def wholesale(at: int) -> float:
    """Runs a minute of a flow that is calmer at the weekend."""
    return RATE if (at - MONDAY) // 86_400 % 7 < 5 else 0.3 * RATE


class Shop:
    """An engine, and the traffic it sees minute by minute.

    Parameters
    ----------
    snapshot
        Of an engine that has learned; without it everything is new, and it is Thursday.
    """

    def __init__(self, snapshot: bytes | None = None) -> None:
        self.engine = Engine(SETTINGS)
        self.at = THURSDAY
        self.seen: list[Emission] = []
        if snapshot is not None:
            self.engine.restore(snapshot)
            self.at = NOW

    def tell(self, *told: Event) -> list[Emission]:
        """Give the engine some events at once."""
        new = self.engine.apply(batch(*told, offset=0))
        self.seen += new
        return new

    def play(
        self,
        minutes: int,
        *,
        times: Change | None = None,
        errors: Change | None = None,
        slower: Change | None = None,
    ) -> list[Alert]:
        """Let so many minutes pass; return the alerts they brought."""
        emissions: list[Emission] = []
        for _ in range(minutes):
            events = minute(self.at, times or {}, errors or {}, slower or {})
            emissions += self.tell(*events, heartbeat(self.at + 60))
            self.at += 60
        return [e for e in emissions if isinstance(e, Alert)]

    def windows(self) -> list[ClosedWindow]:
        """Every window closed so far."""
        return [e for e in self.seen if isinstance(e, ClosedWindow)]

    def latest(self, flow_id: str) -> tuple[ClosedWindow, int]:
        """The last closed window, and where a flow stands in it."""
        closed = self.windows()[-1]
        return closed, [flow.flow_id for flow in closed.flows].index(flow_id)

    def expected(self, flow_id: str) -> float:
        """Runs that were expected of a flow in the last closed window."""
        closed, i = self.latest(flow_id)
        return float(closed.verdicts["volume"].expected[i])


def minute(at: int, times: Change, errors: Change, slower: Change) -> list[Event]:
    """What all flows report of a minute; the same whenever it is asked for."""
    events = []
    for i, flow_id in enumerate((*STEADY, "wholesale")):
        rng = np.random.default_rng([i, at])

        def now(change: Change, otherwise: float, flow_id: str = flow_id) -> float:
            value = change.get(flow_id, otherwise)
            return value((at - NOW) // 60) if callable(value) else value

        usual = wholesale(at) if flow_id == "wholesale" else RATE
        n = int(rng.poisson(usual * now(times, 1.0)))
        failed = int(rng.binomial(n, now(errors, 0.01)))
        mean = 6 + np.log(now(slower, 1.0)) + 0.5 * rng.normal() / max(n, 1) ** 0.5
        more: dict[str, Any] = {}
        if n:
            more["duration"] = {"count": n, "mean_log_ms": float(mean)}
        runs = {"started": n, "succeeded": n - failed, "failed": failed}
        if flow_id == "wholesale":
            more["records"] = {"in": int(rng.poisson(3 * n))}
            more["queue"] = {"depth": int(rng.poisson(2 * now(times, 1.0)))}
        events.append(window(at, flow_id, runs=runs, **more))
    return events


def annotation(kind: str, scope: str = "*", tenant: str = "acme", **data: Any) -> Event:
    """An annotation; ``start`` and ``end`` are minutes since ``NOW``."""
    at = data.pop("at", NOW)
    for name, minutes in (("from", data.pop("start", None)), ("to", data.pop("end", None))):
        if minutes is not None:
            data[name] = iso(NOW + 60 * minutes)
    body = {"kind": kind, "scope": scope} | data
    return event("cogent.annotation", at, body, tenant=tenant)


def flows_of(alerts: list[Alert]) -> set[str]:
    return {alert.flow_id for alert in alerts}
