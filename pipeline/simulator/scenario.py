"""One simulated stretch of the retailer's life: a history without faults, then a live part.

Pure and seeded: the same arguments give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import NamedTuple

import numpy as np

from detectors.columns import Ints
from pipeline.simulator.events import (
    Event,
    batches,
    heartbeat,
    instant,
    promises,
    queue_snapshot,
    windows,
)
from pipeline.simulator.faults import Fault, afflict
from pipeline.simulator.plan import FULL_HOURS, plan
from pipeline.simulator.retailer import DAY, FLOWS, FlowProfile
from pipeline.simulator.runs import Runs
from pipeline.simulator.traffic import Traffic, traffic

HISTORY_DAYS = 15
"""Two weeks teach the weekly rhythm, and one day more settles what the first days stirred up."""
FIRST_RUN = 8_400_000
"""The first run's id: a retailer of this size has had some millions of runs."""


class Stretch(NamedTuple):
    """Some simulated minutes, encoded: with the last body everything before ``until`` is sent."""

    until: datetime
    bodies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is going to happen.

    Build it with :meth:`draw`.

    Attributes
    ----------
    history, live
        Epoch minutes of the two parts; the second follows the first.
    traffic
        What each profile does in both parts, faults included.
    faults
        All of them, in order of their start; the engine is not told.
    """

    profiles: Sequence[FlowProfile]
    history: Ints
    live: Ints
    faults: Sequence[Fault]
    traffic: Sequence[Traffic]
    seed: int

    @classmethod
    def draw(
        cls,
        live_start: datetime,
        *,
        history_days: float = HISTORY_DAYS,
        live_hours: float = FULL_HOURS,
        profiles: Sequence[FlowProfile] = FLOWS,
        seed: int = 1,
    ) -> Scenario:
        """Draw a scenario whose live part begins at ``live_start``."""
        first = int(live_start.timestamp()) // 60
        history = np.arange(first - round(history_days * DAY), first)
        live = np.arange(first, first + round(live_hours * 60))
        rng = np.random.default_rng(seed)
        faults = plan(live_start, live_start + timedelta(hours=live_hours), rng)
        minutes = np.concatenate([history, live])
        drawn = tuple(
            _flow_traffic(profile, minutes, faults, dice)
            for profile, dice in zip(profiles, rng.spawn(len(profiles)), strict=True)
        )
        return cls(profiles, history, live, faults, drawn, seed)

    @property
    def start(self) -> datetime:
        """Where history begins."""
        return instant(int(self.history[0]))

    @property
    def live_start(self) -> datetime:
        """Where history ends."""
        return instant(int(self.live[0]))

    @property
    def end(self) -> datetime:
        """Where the live part ends."""
        return instant(int(self.live[-1]) + 1)

    def renamed(self, ids: Mapping[str, str]) -> Scenario:
        """Return the same with other ids of flows."""
        return replace(
            self,
            profiles=[replace(p, flow_id=ids[p.flow_id]) for p in self.profiles],
            faults=[replace(f, flow_id=ids[f.flow_id]) for f in self.faults],
        )

    def name(self, flow_id: str) -> str:
        """Return the name of a flow."""
        return next((p.name for p in self.profiles if p.flow_id == flow_id), flow_id)

    def backfill(self, *, handed_over: bool = False) -> Iterator[Stretch]:
        """Yield the history as whole windows, an hour at a time.

        If it is ``handed_over``, what follows is Patchworks' to tell: nothing is said here that
        would not be said there (what runs carried), and the last heartbeat is the last of all.
        """
        past = slice(len(self.history))
        flows = [
            windows(profile, numbers.part(past), self.history, records=not handed_over)
            for profile, numbers in zip(self.profiles, self.traffic, strict=True)
        ]
        hour: list[Event] = []
        for minute, *row in zip(self.history.tolist(), *flows, strict=True):
            last = minute == self.history[-1]
            hour += [*row, *self._promises(minute), heartbeat(minute, last=last and handed_over)]
            if minute % 60 == 59 or last:
                yield _stretch(minute, hour)
                hour = []

    def runs(self) -> Iterator[Stretch]:
        """Yield the live part as single runs and queue snapshots, a minute at a time."""
        flows = self.flows()
        ahead: list[Event] = []
        for i, minute in enumerate(self.live.tolist(), len(self.history)):
            for flow in flows:
                ahead += flow.of(minute)
            end = instant(minute + 1)
            due = [event for event in ahead if event["time"] < end]
            ahead = [event for event in ahead if event["time"] >= end]
            due += [
                queue_snapshot(profile, minute, int(numbers.queue_depth[i]))
                for profile, numbers in zip(self.profiles, self.traffic, strict=True)
            ]
            due += self._promises(minute)
            due.sort(key=lambda event: event["time"])
            yield _stretch(minute, [*due, heartbeat(minute)])

    def flows(self, first_run: int = FIRST_RUN) -> list[Runs]:
        """Return the runs of each flow, to be asked for minute by minute."""
        minutes = np.concatenate([self.history, self.live])
        dice = np.random.default_rng([self.seed, 1]).spawn(len(self.profiles))
        ids = count(first_run)
        return [
            Runs(profile, numbers, minutes, self.faults_of(profile.flow_id), ids=ids, rng=rng)
            for profile, numbers, rng in zip(self.profiles, self.traffic, dice, strict=True)
        ]

    def faults_of(self, flow_id: str) -> list[Fault]:
        """Return the faults of one flow."""
        return [fault for fault in self.faults if fault.flow_id == flow_id]

    def _promises(self, minute: int) -> list[Event]:
        here = np.array([minute])
        return [promise for profile in self.profiles for promise in promises(profile, here)]


def _flow_traffic(
    profile: FlowProfile, minutes: Ints, faults: Sequence[Fault], rng: np.random.Generator
) -> Traffic:
    own = [fault for fault in faults if fault.flow_id == profile.flow_id]
    calm, trouble = rng.spawn(2)
    return afflict(traffic(profile, minutes, calm), minutes, own, trouble)


def _stretch(minute: int, events: list[Event]) -> Stretch:
    return Stretch(instant(minute + 1), tuple(batches(events)))
