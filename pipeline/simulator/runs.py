"""Numbers to single runs: each run of a flow as the events of its beginning and its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np

from detectors.columns import Floats, Ints
from pipeline.simulator.events import Event, event, instant
from pipeline.simulator.failures import failure_summary
from pipeline.simulator.faults import Fault
from pipeline.simulator.retailer import FlowProfile
from pipeline.simulator.traffic import Traffic


class Runs:
    """The runs of one flow, a minute at a time.

    Parameters
    ----------
    traffic, minutes
        What the flow does, faults included, and the epoch minute of each entry.
    faults
        The faults behind it: a run that fails during one says what the fault makes it say.
    ids
        Where run ids come from; one for all flows, as Patchworks numbers runs.
    """

    def __init__(
        self,
        profile: FlowProfile,
        traffic: Traffic,
        minutes: Ints,
        faults: Sequence[Fault],
        *,
        ids: Iterator[int],
        rng: np.random.Generator,
    ) -> None:
        self._profile = profile
        self._traffic = traffic
        self._first = int(minutes[0])
        self._faults = [fault for fault in faults if fault.error]
        self._rng = rng
        self._ids = ids
        self._unretried: deque[str] = deque(maxlen=100)

    def of(self, minute: int) -> list[Event]:
        """Return the events of the runs that start in an epoch minute, in no particular order.

        Some run on: their end lies after the minute.
        """
        at = minute - self._first
        runs = int(self._traffic.started[at])
        durations = self._durations(at, runs)
        failed = self._some(runs, int(self._traffic.failed[at]))
        retried = self._some(runs, int(self._traffic.retries[at]))
        records = self._shares(runs, int(self._traffic.records_in[at]))
        events: list[Event] = []
        for i, second in enumerate(self._seconds(runs).tolist()):
            started = instant(minute) + timedelta(milliseconds=int(1000 * second))
            data = self._begun(started, retry=bool(retried[i]))
            finished = started + timedelta(milliseconds=int(durations[i]))
            events.append(_seen(data, "running", started))
            outcome = self._outcome(
                data["run_id"], started, int(records[i]), failed=bool(failed[i])
            )
            if failed[i]:
                events.append(self._complaint(data["run_id"], outcome["summary"], finished))
            data = {**data, "duration_ms": int(durations[i]), "finished_at": finished, **outcome}
            events.append(_seen(data, outcome["state"], finished))
        return events

    def _durations(self, at: int, runs: int) -> Floats:
        log, var = self._traffic.duration_log[at], self._traffic.duration_var[at]
        return np.exp(self._rng.normal(log, np.sqrt(var), runs))

    def _seconds(self, runs: int) -> Floats:
        """When in the minute runs start: a schedule's as the queue is emptied, others any time."""
        low, high = (5.0, 35.0) if self._profile.cadence else (0.0, 60.0)
        return self._rng.uniform(low, high, runs)

    def _some(self, runs: int, chosen: int) -> Ints:
        return self._rng.permutation(np.arange(runs) < chosen).astype(np.int64)

    def _shares(self, runs: int, records: int) -> Ints:
        """Give each run its one record, and the others to whichever comes."""
        if not runs:
            return np.zeros(0, np.int64)
        return 1 + self._rng.multinomial(max(records - runs, 0), np.full(runs, 1 / runs))

    def _begun(self, started: datetime, *, retry: bool) -> Event:
        data: Event = {
            "run_id": str(next(self._ids)),
            "flow_id": self._profile.flow_id,
            "flow_name": self._profile.name,
            "trigger": self._profile.trigger,
            "started_at": started,
        }
        if retry and self._unretried:
            again = self._unretried[0]
            if len(self._unretried) > 1:  # in a storm the last one is repeated over and over
                self._unretried.popleft()
            data |= {"trigger": "retry", "retry_of_run_id": again}
        return data

    def _outcome(self, run_id: str, started: datetime, records: int, *, failed: bool) -> Event:
        if not failed:
            return {"state": "success", "records_in": records, "records_out": records}
        self._unretried.append(run_id)
        return {
            "state": "failure",
            "summary": self._summary(started),
            "records_in": records,
            "records_out": 0,
            "records_failed": records,
        }

    def _complaint(self, run_id: str, message: str, time: datetime) -> Event:
        """Return the line in the log of a run that is about to fail."""
        data = {
            "run_id": run_id,
            "flow_id": self._profile.flow_id,
            "level": "ERROR",
            "message": message,
            "step_kind": "push",
            "system": self._profile.target,
        }
        return event("cogent.flow.log", f"log:{run_id}:1", time, data)

    def _summary(self, started: datetime) -> str:
        for fault in self._faults:
            if fault.start <= started < fault.end:
                return fault.error
        return failure_summary(self._profile.target, self._rng)


def _seen(data: Event, state: str, time: datetime) -> Event:
    seen = {**data, "state": state}
    return event("cogent.flow.run", f"run:{data['run_id']}:{state}", time, seen)
