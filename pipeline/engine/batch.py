"""Runs by the batch: a stretch of runs counted in arrays rather than one by one.

The result is that of one by one, to the bit:

- Sums are integers, which add up the same in any order. The fixed-point logarithms are worked out
  run by run, by the same function of the same library.
- Within a stretch no window closes, so whether a run is late, or too far ahead, hangs on nothing
  that the stretch changes.
- Which states of a run are news hangs on those before it. Runs that have all ended, and of which
  nothing was heard before, are news without exception; any others are asked for one by one.
- Errors are read one by one, in order.
- Whatever else changes the engine by its place in the order (a new flow, a flow fed anew, a run to
  be refused, a window given as a whole) makes the stretch be counted one by one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import compress
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.accumulator import (
    DURATION,
    RETRIES,
    SCALE,
    SHORTEST_MS,
    STARTED,
    WAIT,
    WARNINGS,
)
from pipeline.engine.closing import Closing
from pipeline.engine.counting import AMOUNTS, OUTCOME, duration_of, wait_of
from pipeline.engine.flows import HORIZON, Flows, Rows
from pipeline.engine.runs import Runs
from schemas.structs import EventStruct, FlowRun

FEWEST: Final = 12
"""Fewer runs are counted one by one: arrays cost more to set up than they save."""

UNENDED: Final = frozenset({"queued", "running"})


class Stretch(NamedTuple):
    """Runs in the order they came, with rows, window numbers and instants."""

    runs: Sequence[FlowRun]
    rows: Rows
    numbers: Rows
    times: Sequence[datetime]

    def only(self, which: NDArray[np.bool_]) -> Stretch:
        """Return some of the runs."""
        if which.all():
            return self
        runs, times = list(compress(self.runs, which)), list(compress(self.times, which))
        return Stretch(runs, self.rows[which], self.numbers[which], times)

    def at(self) -> list[float]:
        """Return the instants in epoch seconds."""
        return list(map(datetime.timestamp, self.times))


class News(NamedTuple):
    """What is news about the runs of a stretch, and since when those that ended ran, if known."""

    told: NDArray[np.bool_]
    started: NDArray[np.bool_]
    ended: NDArray[np.bool_]
    since: Sequence[float | None]


class RunBatches:
    """Counts stretches of runs into the open windows of their flows.

    Parameters
    ----------
    width
        Seconds of a window.
    totals
        Counts what comes late, and states of runs that are no news.
    """

    def __init__(
        self, width: int, flows: Flows, closing: Closing, runs: Runs, totals: Counter[str]
    ) -> None:
        self._width = width
        self._flows = flows
        self._windows = closing.windows
        self._errors = closing.errors
        self._runs = runs
        self._totals = totals

    def count(self, events: Sequence[EventStruct]) -> bool:
        """Count runs none of which was seen before; return whether it could be done at once.

        If not, nothing has been counted.
        """
        stretch = self._placed(events)
        if stretch is None:
            return False
        timely = stretch.only(stretch.numbers >= self._flows.upcoming[stretch.rows])
        lines = self._windows.lines(timely.numbers, timely.rows)
        if lines is None:
            return False
        self._note(timely)
        news = self._news(timely)
        self._complain(timely, news.told)
        self._sum(timely, lines, news)
        if late := len(events) - len(lines):
            self._totals["late"] += late
        if repeated := len(lines) - int(news.told.sum()):
            self._totals["repeated_state"] += repeated
        return True

    def _placed(self, events: Sequence[EventStruct]) -> Stretch | None:
        """Find rows and windows; None if a run is unusual in either."""
        flows = self._flows
        runs: list[FlowRun] = [event.data for event in events]  # type: ignore[misc]
        found = flows.rows_of([e.tenant for e in events], [run.flow_id for run in runs])
        if None in found:
            return None
        rows: list[int] = found  # type: ignore[assignment]
        if not flows.all_fed_by(rows, [e.collector or e.source for e in events]):
            return None
        times = [event.time for event in events]
        stretch = Stretch(runs, np.array(rows), self._numbers(times), times)
        ahead = stretch.numbers - flows.upcoming[stretch.rows]
        usual = flows.reports_runs[stretch.rows].all() and int(ahead.max()) * self._width <= HORIZON
        return stretch if usual else None

    def _numbers(self, times: Sequence[datetime]) -> Rows:
        """Return window numbers. Mostly all are the same, which the first and the last tell."""
        first, last = (int(t.timestamp()) // self._width for t in (min(times), max(times)))
        if first == last:
            return np.full(len(times), first)
        return np.array(list(map(datetime.timestamp, times))).astype(np.int64) // self._width

    def _note(self, stretch: Stretch) -> None:
        """Note what flows tell of themselves."""
        if not self._flows.reports_records[stretch.rows].all():
            records = [run.records_in is not None for run in stretch.runs]
            self._flows.reports_records[stretch.rows[records]] = True
        names = [run.flow_name for run in stretch.runs]
        if any(names):
            told = zip(stretch.rows.tolist(), names, strict=True)
            for row, name in {row: name for row, name in told if name}.items():
                self._flows.names[row] = name

    def _news(self, stretch: Stretch) -> News:
        """Find out which states are news."""
        runs, rows = stretch.runs, stretch.rows.tolist()
        since: list[float | None] = [None] * len(runs)
        if UNENDED.isdisjoint([run.state for run in runs]) and self._runs.end_unheard(
            rows, [run.run_id for run in runs]
        ):
            every = np.ones(len(runs), dtype=bool)
            return News(every, every, every, since)
        told, started, ended = np.zeros((3, len(runs)), dtype=bool)
        for i, (row, run, at) in enumerate(zip(rows, runs, stretch.at(), strict=True)):
            if run.state == "queued":
                told[i] = True
            elif run.state == "running":
                told[i] = started[i] = self._runs.start(row, run.run_id, at)
            else:
                told[i], since[i] = self._runs.end(row, run.run_id)
                ended[i], started[i] = told[i], told[i] and since[i] is None
        return News(told, started, ended, since)

    def _complain(self, stretch: Stretch, told: NDArray[np.bool_]) -> None:
        """Read what the runs say of themselves."""
        new = stretch.only(told)
        self._errors.watch(new.rows)
        for i in [i for i, run in enumerate(new.runs) if run.state == "failure"]:
            self._errors.run(int(new.rows[i]), int(new.numbers[i]), new.runs[i])

    def _sum(self, stretch: Stretch, lines: Rows, news: News) -> None:
        """Add the news to the windows."""
        add = self._windows.add
        begun, here = stretch.only(news.started).runs, lines[news.started]
        add(here, STARTED, 1)
        again = [run.retry_of_run_id is not None for run in begun]
        if any(again):
            add(here[again], RETRIES, 1)
        self._add_logs(here, WAIT, [wait_of(run) if run.queued_at else None for run in begun])

        over, here = stretch.only(news.ended), lines[news.ended]
        add(here, np.array([OUTCOME[run.state] for run in over.runs], dtype=np.int64), 1)
        warned = [run.has_warnings is True for run in over.runs]
        if any(warned):
            add(here[warned], WARNINGS, 1)
        took = [run.duration_ms for run in over.runs]
        if None in took:
            since = compress(news.since, news.ended)
            took = list(map(duration_of, over.runs, since, over.at()))
        self._add_logs(here, DURATION, took)
        for name, column in AMOUNTS.items():
            amounts = list(map(attrgetter(name), over.runs))
            if any(amounts):
                add(here, column, np.array([amount or 0 for amount in amounts]))

    def _add_logs(self, lines: Rows, first: int, durations: Sequence[float | None]) -> None:
        """Add durations where they are known, as `accumulator.add_log` does."""
        known = [ms for ms in durations if ms is not None]
        if not known:
            return
        if len(known) < len(durations):
            lines = lines[[ms is not None for ms in durations]]
        longer = np.maximum(known, SHORTEST_MS).tolist()
        # Numpy's logarithm may differ in the last bit, and between processors.
        logs = np.array(list(map(math.log, longer)))
        units = np.rint(logs * SCALE).astype(np.int64)
        add = self._windows.add
        add(lines, first, 1)
        add(lines, first + 1, units)
        add(lines, first + 2, units * units // SCALE)
