"""What a company's Patchworks has done: every run with its whole life, and the queue before it.

A run is drawn once, with all its instants. What Patchworks shows of it is a question of the
instant one asks at, so nothing has to tick and no two answers can disagree.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pipeline.patchworks_sim.objects import (
    FAILURE,
    PARTIAL,
    STOPPED,
    SUCCESS,
    EntityType,
    Flow,
    Job,
    Passed,
    Run,
)
from pipeline.simulator.runs import Runs
from pipeline.simulator.scenario import Scenario

MINUTE = 60_000
"""Milliseconds; instants here are epoch milliseconds, as in the filters of the Core API."""

FIRST_FLOW = 4101

_STOPPED = 0.02
_PARTIAL = 0.05
"""Shares of the runs that did not succeed which someone stopped, or of which a part came through;
a guess, so that no state is ever missing."""
_WARNED = 0.005
"""Share of the successful runs with a warning; a guess."""


@dataclass(slots=True)
class _Lane:
    """One flow's runs to be drawn, and its jobs that still wait."""

    flow: Flow
    runs: Runs
    waiting: deque[Job] = field(default_factory=deque)
    depth: int = 0


class Past:
    """The runs of one company up to some instant, drawn as far as anybody has asked.

    Parameters
    ----------
    first_id
        Where flow and run ids begin, so that those of several companies differ.
    begin
        The epoch minute of the first run; that of the history, if not given.
    mixed
        Whether some runs are stopped, come through in part, or warn; a scenario has no such runs.
    """

    def __init__(
        self,
        scenario: Scenario,
        first_id: int = 0,
        *,
        begin: int | None = None,
        mixed: bool = True,
    ) -> None:
        self.scenario = scenario
        self.flows = {
            number: Flow(number, profile)
            for number, profile in enumerate(scenario.profiles, first_id + FIRST_FLOW)
        }
        drawn = scenario.flows(first_id + 8_400_000)
        self._lanes = [_Lane(f, r) for f, r in zip(self.flows.values(), drawn, strict=True)]
        self._first, self._end = int(scenario.history[0]), int(scenario.live[-1])
        self._minute = self._first if begin is None else begin
        self._mixed = mixed
        self._dice = random.Random(scenario.seed)  # noqa: S311 - it plays
        self._job_ids = count(first_id + 61_000_000)
        self.runs: list[Run] = []
        self.by_id: dict[int, Run] = {}
        self._starts: list[int] = []
        self._jobs: list[Job] = []
        self._tracks: list[tuple[int, int, str, EntityType]] = []

    def reach(self, now: int) -> None:
        """Draw all that has begun by an instant."""
        while self._minute <= min(now // MINUTE, self._end):
            self._draw_minute()
            self._minute += 1

    def started(self, after: int, before: int) -> list[Run]:
        """Return the runs that started in ``[after, before]``, in that order."""
        return self.runs[bisect_left(self._starts, after) : bisect_right(self._starts, before)]

    def queue(self, now: int) -> list[Job]:
        """Return the jobs that wait at an instant, the oldest first."""
        return [
            job
            for job in self._jobs
            if job.queued <= now and (job.picked is None or now < job.picked)
        ]

    def tracked(self, after: int, before: int) -> Iterator[Passed]:
        """Yield the business keys that passed in ``[after, before]``, in that order."""
        low, high = bisect_left(self._tracks, (after,)), bisect_left(self._tracks, (before + 1,))
        for at, run_id, direction, entity in self._tracks[low:high]:
            yield Passed(at, self.by_id[run_id], direction, entity)

    def _draw_minute(self) -> None:
        runs = [run for lane in self._lanes for run in self._lane_minute(lane)]
        for run in sorted(runs, key=lambda run: (run.started, run.id)):
            self.runs.append(run)
            self._starts.append(run.started)
            self.by_id[run.id] = run
            if entity := run.flow.entity:
                insort(self._tracks, (run.started, run.id, "Receive", entity))
                insort(self._tracks, (run.finished, run.id, "Send", entity))
        begin = self._minute * MINUTE
        self._jobs = [job for job in self._jobs if job.picked is None or job.picked >= begin]

    def _lane_minute(self, lane: _Lane) -> Iterator[Run]:
        begun: dict[str, dict[str, Any]] = {}
        ended: dict[str, dict[str, Any]] = {}
        for event in lane.runs.of(self._minute):
            if event["type"] == "cogent.flow.run":
                seen = begun if event["data"]["state"] == "running" else ended
                seen[event["data"]["run_id"]] = event["data"]
        self._arrive(lane, len(ended))
        for data in sorted(ended.values(), key=lambda data: data["started_at"]):
            yield self._run(lane, data)

    def _arrive(self, lane: _Lane, starting: int) -> None:
        """Queue what must have come for so many runs to start now and the known depth to remain."""
        profile = lane.flow.profile
        index = self._minute - self._first
        depth = int(self.scenario.traffic[self._lanes.index(lane)].queue_depth[index])
        begin = self._minute * MINUTE
        while len(lane.waiting) > starting + depth:  # the flow was stopped with jobs in the queue
            lane.waiting.pop().picked = begin
        coming = starting + depth - len(lane.waiting)
        spread = MINUTE if profile.cadence is None else 5_000  # a schedule's come on the tick
        for at in sorted(begin + self._dice.randrange(spread) for _ in range(coming)):
            job = Job(next(self._job_ids), lane.flow, profile.trigger.capitalize(), at)
            lane.waiting.append(job)
            self._jobs.append(job)

    def _run(self, lane: _Lane, data: dict[str, Any]) -> Run:
        started = round(data["started_at"].timestamp() * 1000)
        job = lane.waiting.popleft()
        job.queued = min(job.queued, started)
        job.picked = started
        outcome, warned = self._fate(succeeded=data["state"] == "success")
        retry_of = data.get("retry_of_run_id")
        return Run(
            id=int(data["run_id"]),
            flow=lane.flow,
            trigger=data["trigger"].capitalize(),
            queued=job.queued,
            started=started,
            finished=started + int(data["duration_ms"]),
            outcome=outcome,
            summary=data.get("summary"),
            records=data["records_in"],
            warned=warned,
            retry_of=int(retry_of) if retry_of else None,
        )

    def _fate(self, *, succeeded: bool) -> tuple[int, bool]:
        chance = self._dice.random() if self._mixed else 1.0
        if succeeded:
            return SUCCESS, chance < _WARNED
        if chance < _STOPPED:
            return STOPPED, False
        return (PARTIAL, True) if chance < _STOPPED + _PARTIAL else (FAILURE, False)
