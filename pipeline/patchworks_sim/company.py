"""A company on the stand-in: its keys, its past, its requests."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from pipeline.patchworks_sim.past import Past
from pipeline.simulator.retailer import FLOWS, FlowProfile
from pipeline.simulator.scenario import Scenario

REQUESTS_A_MINUTE = 240
"""The allowance of every paid tier."""
NAMES = ("moor-harbour", "fell-finch", "quay-lantern", "birch-anvil", "tarn-thistle")
RETENTION_MS = 7 * 86_400_000
"""Runs and their logs are kept so long."""


@dataclass(slots=True)
class Company:
    """One tenant of the stand-in.

    Attributes
    ----------
    since
        Epoch milliseconds at which its flows were deployed.
    calls
        When its requests of the last minute came.
    requests, busiest
        How many requests it made, and at most within a minute.
    """

    name: str
    api_key: str = field(repr=False)
    email: str
    password: str = field(repr=False)
    past: Past = field(repr=False)
    since: int
    calls: deque[int] = field(default_factory=deque)
    requests: int = 0
    busiest: int = 0

    @classmethod
    def draw(
        cls,
        start: datetime,
        *,
        number: int = 0,
        seed: int = 1,
        history_hours: float = 1.0,
        live_hours: float = 28.0,
        runs_per_minute: float | None = None,
    ) -> Company:
        """Draw a company whose live part begins at ``start``; other numbers, other companies.

        Parameters
        ----------
        runs_per_minute
            What all its flows together do in the first live hour; None for the retailer as it is.
        """
        name = NAMES[number % len(NAMES)] + (f"-{number}" if number >= len(NAMES) else "")
        scenario = Scenario.draw(
            start,
            history_days=history_hours / 24,
            live_hours=live_hours,
            profiles=_scaled(start, runs_per_minute) if runs_per_minute else FLOWS,
            seed=seed + 1000 * number,
        )
        return cls.of(name, Past(scenario, 10_000_000 * number), seed)

    @classmethod
    def of(cls, name: str, past: Past, seed: int = 1) -> Company:
        """Make a company of what it has done; its secrets follow from its name and the seed."""
        return cls(
            name,
            api_key=f"pwk-{_secret(name, 'key', seed)}",
            email=f"ops@{name}.example",
            password=_secret(name, "password", seed)[:16],
            past=past,
            since=round(past.scenario.start.timestamp() * 1000),
        )

    def afford(self, now: int) -> int:
        """Count a request; return how many ms to wait if the allowance is spent, otherwise 0."""
        while self.calls and self.calls[0] <= now - 60_000:
            self.calls.popleft()
        self.requests += 1
        self.busiest = max(self.busiest, len(self.calls) + 1)
        if len(self.calls) >= REQUESTS_A_MINUTE:
            return self.calls[0] + 60_000 - now
        self.calls.append(now)
        return 0


def _scaled(start: datetime, runs_per_minute: float) -> list[FlowProfile]:
    first = int(start.timestamp()) // 60
    hour = np.arange(first, first + 60)
    usual = sum(
        profile.runs * float(profile.rhythm.at(hour).mean()) / _minutes_a_tick(profile)
        for profile in FLOWS
    )
    return [replace(p, runs=max(p.runs * runs_per_minute / usual, 1.0)) for p in FLOWS]


def _minutes_a_tick(profile: FlowProfile) -> int:
    return profile.cadence.every if profile.cadence else 1


def _secret(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
